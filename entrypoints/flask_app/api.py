"""Flask's binding of the API: a row becomes a Flask view, a Flask request a `Request`."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
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
    Request,
    Response,
    Route,
    SessionCookie,
    gathered,
    read_body,
    require_own_page,
    to_json,
)
from entrypoints.api.tokens import bearer_token, require_row
from entrypoints.flask_app.gate import USER_ID
from entrypoints.flask_app.login import client, signed_in, visitor
from entrypoints.problems import problem_of

# Bytes of a long answer that are sent at a time.
PIECE_BYTES = 1 << 16


def bind(app: Flask, route: Route, cookie: SessionCookie, tokens: Tokens) -> None:
    def view(**path: UUID) -> ResponseReturnValue:
        token = bearer_token(request.headers.get("Authorization", ""))
        actor: SignedIn | TokenActor | None = None
        if token is not None and route.url.startswith("/api/"):
            actor, secret = actor_of(token), None  # no cookie is read beside a token
        else:
            actor, secret = None if route.public else signed_in(), request.cookies.get(cookie.name)
        if "X-User" in request.headers:
            require_own_page(actor or visitor(), request.headers["X-User"])
        asked = Request(client(), actor, secret, request.args, path)
        if route.body is None:
            return send(route.view(asked), route.status, cookie)
        body = read_body(route.body, request.headers.get("Content-Type", ""), request.get_data())
        return send(route.view(asked, body), route.status, cookie)

    def actor_of(token: str) -> TokenActor:
        actor = tokens.authenticate(token, client())
        request.environ[USER_ID] = actor.id
        require_row(actor, route)
        return actor

    url = route.url.replace("<", "<uuid:")
    app.add_url_rule(url, f"{route.method} {route.url}", view, methods=[route.method])


def send(response: Response, status: int, cookie: SessionCookie) -> FlaskResponse:
    headers = Headers()
    if response.error:
        problem = problem_of(response.error)
        status, response = problem.status, replace(response, data=problem.envelope())
    if response.filename:
        headers["Content-Disposition"] = f'attachment; filename="{response.filename}"'
    if response.cookie:
        headers["Set-Cookie"] = cookie.header(response.cookie)
        if response.cookie.user_id:
            request.environ[USER_ID] = response.cookie.user_id
    if isinstance(response.data, Mapping):
        body: bytes | Iterable[bytes] = to_json(response.data)
    else:
        file, length = gathered(response.data)
        headers["Content-Length"] = str(length)
        body = FileWrapper(file, PIECE_BYTES)
    return FlaskResponse(body, status, headers, content_type="application/json")
