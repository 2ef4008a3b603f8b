"""Flask's binding of the API: a row becomes a Flask view, a Flask request a `Request`."""

from collections.abc import Iterable, Mapping
from uuid import UUID

from flask import Flask, request
from flask import Response as FlaskResponse
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import Headers
from werkzeug.wsgi import FileWrapper

from application.tokens import Tokens
from domain.access import SignedIn
from domain.tokens import TokenActor
from entrypoints.api.http import (
    PIECE_BYTES,
    Request,
    Response,
    Route,
    SessionCookie,
    answered,
    gathered,
    headers_of,
    read_body,
    require_own_page,
    to_json,
)
from entrypoints.api.tokens import token_actor
from entrypoints.flask_app.gate import USER_ID
from entrypoints.flask_app.login import client, signed_in, visitor


def bind(app: Flask, route: Route, cookie: SessionCookie, tokens: Tokens) -> None:
    def view(**path: UUID) -> ResponseReturnValue:
        actor: SignedIn | TokenActor | None
        environ, secret = request.environ, request.cookies.get(cookie.name)
        if actor := token_actor(tokens, route, environ.get("HTTP_AUTHORIZATION", ""), client()):
            secret = None  # no cookie is read beside a token
            environ[USER_ID] = actor.id
        elif not route.public:
            actor = signed_in()
        if "HTTP_X_USER" in environ:
            require_own_page(actor or visitor(), environ["HTTP_X_USER"])
        asked = Request(client(), actor, secret, request.args, path)
        if route.body is None:
            return send(route.view(asked), route.status, cookie)
        body = read_body(route.body, request.headers.get("Content-Type", ""), request.get_data())
        return send(route.view(asked, body), route.status, cookie)

    url = route.url.replace("<", "<uuid:")
    app.add_url_rule(url, f"{route.method} {route.url}", view, methods=[route.method])


def send(response: Response, status: int, cookie: SessionCookie) -> FlaskResponse:
    response, status = answered(response, status)
    headers = Headers(headers_of(response, cookie))
    if response.cookie and response.cookie.user_id:
        request.environ[USER_ID] = response.cookie.user_id
    if isinstance(response.data, Mapping):
        body: bytes | Iterable[bytes] = to_json(response.data)
    else:
        file, length = gathered(response.data)
        headers["Content-Length"] = str(length)
        body = FileWrapper(file, PIECE_BYTES)
    return FlaskResponse(body, status, headers)
