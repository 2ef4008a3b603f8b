"""The user of a request: flask-login over the application's own sessions."""

from dataclasses import dataclass

from flask import Flask, Request, after_this_request, current_app, request
from flask_login import LoginManager, current_user
from werkzeug import Response

from application.sessions import Sessions
from application.two_factor import SecondFactors
from domain.access import SignedIn
from domain.sessions import Client
from entrypoints.api.clients import client_of
from entrypoints.api.http import Cookie, SessionCookie
from entrypoints.api.tokens import bearer_token
from entrypoints.flask_app.gate import USER_ID

# The key of the function that makes the error for a request without a session.
NO_SESSION = "hexstart.no_session"
# The key of the WSGI environment for the client of the request.
CLIENT = "hexstart.client"


@dataclass(frozen=True, slots=True)
class Visitor:
    """What flask-login calls a user."""

    actor: SignedIn
    is_authenticated: bool = True
    is_active: bool = True
    is_anonymous: bool = False

    def get_id(self) -> str:
        return str(self.actor.id)


def add_login(app: Flask, sessions: Sessions, two_factor: SecondFactors, cookie: SessionCookie) -> None:
    manager = LoginManager()
    manager.session_protection = None  # it trusts the first X-Forwarded-For
    # flask-login's own cookie is never set. No client can send one with this name.
    app.config["REMEMBER_COOKIE_NAME"] = ";"
    manager.init_app(app, add_context_processor=False)  # templates get the user from the view

    app.extensions[NO_SESSION] = lambda: two_factor.refusal(request.cookies.get(cookie.name))

    @manager.request_loader  # type: ignore[untyped-decorator]
    def load(request: Request) -> Visitor | None:
        if bearer_token(request.environ.get("HTTP_AUTHORIZATION", "")) is not None:
            return None  # no cookie is read beside a token
        secret = request.cookies.get(cookie.name)
        found = sessions.authenticate(secret, client()) if secret else None
        if secret is None or found is None:
            return None
        actor, renewed = found
        request.environ[USER_ID] = actor.id
        if renewed and actor.session.remembered:
            after_this_request(lambda response: renew(response, Cookie.of(actor, secret)))
        return Visitor(actor)

    def renew(response: Response, renewed: Cookie) -> Response:
        """The session lives longer, so its cookie must too, unless this request has replaced it."""
        if not any(value.startswith(f"{cookie.name}=") for value in response.headers.getlist("Set-Cookie")):
            response.headers.add("Set-Cookie", cookie.header(renewed))
        return response


def visitor() -> SignedIn | None:
    """The user of the session cookie, None without one. Asks the database once a request at most."""
    found = current_user._get_current_object()
    return found.actor if isinstance(found, Visitor) else None


def signed_in() -> SignedIn:
    """Raise NotLoggedIn without a session, and SecondFactorDue for a login that waits for a code."""
    actor = visitor()
    if actor is None:
        raise current_app.extensions[NO_SESSION]()
    return actor


def client() -> Client:
    """The client of this request. It is worked out once."""
    environ = request.environ
    if CLIENT not in environ:
        environ[CLIENT] = client_of(
            environ.get("REMOTE_ADDR") or "",
            environ.get("HTTP_X_FORWARDED_FOR", ""),
            environ.get("HTTP_USER_AGENT", ""),
            current_app.config["TRUSTED_PROXIES"],
        )
    found: Client = environ[CLIENT]
    return found
