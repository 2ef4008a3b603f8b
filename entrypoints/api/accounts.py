from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import ConfigDict, with_config
from pydantic.config import JsonDict
from typing_extensions import TypedDict

from application.accounts import Accounts
from domain.access import SignedIn
from entrypoints.api.http import DONE, Body, Cookie, Email, Password, Request, Response, Username, to_json
from entrypoints.api.users import UserShape, show_user


class Register(Body):
    username: Username
    email: Email
    password: Password


class RenameUser(Body):
    username: Username


class DeleteUser(Body):
    current_password: Password = ""


LISTS: JsonDict = {"additionalProperties": {"type": "array", "items": {"type": "object"}}}


@with_config(ConfigDict(json_schema_extra=LISTS))
class ExportShape(TypedDict):
    """Beside the user it has a list for each kind of data, for example `sessions` and `teams`."""

    user: UserShape


@dataclass(frozen=True, slots=True)
class AccountViews:
    accounts: Accounts

    def register(self, request: Request, body: Register) -> Response:
        actor, secret = self.accounts.register(
            body.username, body.email, body.password, replacing=request.cookie, client=request.client
        )
        return Response({"message": "success", "data": show_user(actor.user)}, Cookie.of(actor, secret))

    def show(self, request: Request) -> Response:
        return Response({"data": show_user(request.user_actor().user)})

    def rename(self, request: Request, body: RenameUser) -> Response:
        user = self.accounts.rename(request.user_actor(), body.username)
        return Response({"data": show_user(user)})

    def export(self, request: Request) -> Response:
        return Response(self._pieces(request.signed_in()), filename="account.json")

    def _pieces(self, actor: SignedIn) -> Iterator[bytes]:
        """The export as JSON, in pieces: the rows are read while the pieces are made."""
        opening = b'{"data":{'
        for word, rows in self.accounts.export(actor):
            if word == "users":  # the only row is the actor
                yield opening + b'"user":' + to_json(next(rows))
            else:
                yield opening + to_json(word) + b":["
                for number, row in enumerate(rows):
                    if word == "sessions":
                        row["current"] = row["id"] == actor.session.id
                    yield (b"," if number else b"") + to_json(row)
                yield b"]"
            opening = b","
        yield b"}}"

    def delete(self, request: Request, body: DeleteUser) -> Response:
        self.accounts.delete(request.signed_in(), body.current_password)
        return Response(DONE.data, Cookie())
