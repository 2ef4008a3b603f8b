from dataclasses import dataclass
from datetime import datetime
from typing import cast
from uuid import UUID

from pydantic import AwareDatetime
from typing_extensions import TypedDict

from application.tokens import Tokens
from domain.personal import exported
from domain.sessions import Client
from domain.tokens import NotByToken, ReadOnlyToken, Scope, Token, TokenActor
from entrypoints.api.http import DONE, Body, Password, Request, Response, Row, Text

READING = frozenset({"GET", "HEAD"})


def bearer_token(authorization: str) -> str | None:
    """The token in the header Authorization (RFC 6750, 2.1). None for another scheme: a proxy may use one."""
    scheme, _, token = authorization.strip().partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def token_actor(tokens: Tokens, row: Row, authorization: str, client: Client) -> TokenActor | None:
    """The actor of the header Authorization. None without a token, and for rows outside of /api/.

    Raise TokenGone, NotByToken for a row that no token reaches, or ReadOnlyToken.
    """
    token = bearer_token(authorization)
    if token is None or not row.url.startswith("/api/"):
        return None
    actor = tokens.authenticate(token, client)
    if not row.tokens:
        raise NotByToken
    if actor.token.scope is Scope.READ and row.method not in READING:
        raise ReadOnlyToken
    return actor


class CreateToken(Body):
    name: Text
    scope: Scope
    expires_at: AwareDatetime | None = None
    current_password: Password = ""


class TokenShape(TypedDict):
    id: UUID
    name: str
    scope: Scope
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None


class NewTokenShape(TokenShape):
    token: str


def show_token(token: Token) -> TokenShape:
    return cast(TokenShape, exported(token))


@dataclass(frozen=True, slots=True)
class TokenViews:
    tokens: Tokens

    def list(self, request: Request) -> Response:
        page = self.tokens.of(request.signed_in(), request.after(), request.limit())
        return Response({"data": [show_token(token) for token in page.items], "next": page.next})

    def create(self, request: Request, body: CreateToken) -> Response:
        token, text = self.tokens.create(
            request.signed_in(), body.name, body.scope, body.expires_at, body.current_password
        )
        return Response({"message": "success", "data": show_token(token) | {"token": text}})

    def revoke(self, request: Request) -> Response:
        self.tokens.revoke(request.signed_in(), request.path["id"])
        return DONE
