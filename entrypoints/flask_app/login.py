"""Who is asking: flask-login over our own sessions, and the cookie that carries the secret."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from flask import Flask, Request, after_this_request, g, request
from flask.sessions import NullSession, SessionInterface
from flask_login import AnonymousUserMixin, LoginManager, current_user
from werkzeug import Response

from application.sessions import Sessions
from domain.access import SignedIn
from domain.sessions import NotLoggedIn
from entrypoints.flask_app.clients import client
from entrypoints.flask_app.gate import USER_ID
from entrypoints.settings import Settings


@dataclass(frozen=True, slots=True)
class Visitor:
    """What flask-login calls a user."""

    actor: SignedIn
    secret: str
    is_authenticated: bool = True
    is_active: bool = True
    is_anonymous: bool = False

    def get_id(self) -> str:
        return self.secret


class NoFlaskSessions(SessionInterface):
    """Flask's signed cookie is switched off: to verify it costs more than to ask the database."""

    nothing = NullSession()

    def open_session(self, app: Flask, request: Request) -> NullSession:
        return self.nothing

    def is_null_session(self, obj: object) -> bool:
        return True


@dataclass(frozen=True, slots=True)
class Cookie:
    name: str
    secure: bool
    remembered_seconds: int

    def secret(self) -> str | None:
        """Ours alone is looked for: to take all cookies apart costs more than the rest of the way in."""
        found = re.search(rf"(?:^|;) *{self.name}=([^;\s]+)", request.environ.get("HTTP_COOKIE", ""))
        return found[1] if found else None

    def hand_over(self, response: Response, secret: str, actor: SignedIn) -> None:
        """Without `remember` it ends with the browser."""
        request.environ[USER_ID] = actor.id
        seconds = self.remembered_seconds if actor.session.remembered else None
        response.set_cookie(
            self.name, secret, max_age=seconds, secure=self.secure, httponly=True, samesite="Lax"
        )

    def take_away(self, response: Response) -> None:
        response.delete_cookie(self.name, secure=self.secure, httponly=True, samesite="Lax")


def cookie_of(settings: Settings) -> Cookie:
    # The prefix makes browsers refuse one set by a neighbouring subdomain, or over plain HTTP (RFC 6265bis).
    name = "__Host-session" if settings.production else "session"
    return Cookie(name, settings.production, settings.session_idle_remembered)


class Logins(LoginManager):  # type: ignore[misc]
    """Asks only us who somebody is. What flask-login would look at first (Flask's signed session, a cookie of
    its own that survives logging out, the client's fingerprint) does not exist here."""

    def __init__(self, load: Callable[[Request], Visitor | None]) -> None:
        super().__init__()
        self.load = load

    def _load_user(self) -> None:
        g._login_user = self.load(request) or STRANGER


STRANGER = AnonymousUserMixin()


def add_login(app: Flask, sessions: Sessions, cookie: Cookie) -> None:
    app.session_interface = NoFlaskSessions()

    def load(request: Request) -> Visitor | None:
        secret = cookie.secret()
        if not secret:
            return None
        found = sessions.authenticate(secret, client())
        if found is None:
            return None
        actor, renewed = found
        request.environ[USER_ID] = actor.id
        if renewed and actor.session.remembered:
            after_this_request(lambda response: _renew(response, secret, actor))
        return Visitor(actor, secret)

    def _renew(response: Response, secret: str, actor: SignedIn) -> Response:
        # The session lives on, so its cookie must too, unless this very request has replaced it.
        if not any(header.startswith(f"{cookie.name}=") for header in response.headers.getlist("Set-Cookie")):
            cookie.hand_over(response, secret, actor)
        return response

    # Not `init_app`, which would have flask-login look after its own cookie at the end of each request.
    app.login_manager = Logins(load)  # type: ignore[attr-defined]


def visitor() -> SignedIn | None:
    """Whoever sends this request, or None for a stranger. Asks the database once a request at most."""
    found = current_user._get_current_object()
    return found.actor if isinstance(found, Visitor) else None


def signed_in() -> SignedIn:
    """Raise NotLoggedIn for a stranger."""
    actor = visitor()
    if actor is None:
        raise NotLoggedIn
    return actor
