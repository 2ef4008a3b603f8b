"""HTTP without a framework: request, response, route, body and session cookie."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from tempfile import SpooledTemporaryFile
from typing import IO, Annotated, Any, NoReturn, Protocol, TypeVar
from uuid import UUID

import orjson
from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

from domain.access import AnotherUser, SignedIn, UserActor
from domain.errors import DomainError, Invalid
from domain.paging import LARGEST_PAGE
from domain.passwords import LONGEST_PASSWORD
from domain.sessions import Client, NotLoggedIn
from domain.tokens import NotByToken, TokenActor
from domain.users import LONGEST_EMAIL, LONGEST_USERNAME
from entrypoints.problems import WITH_OFFSET, NotJson, NotJsonType, problem_of
from entrypoints.settings import Settings

B = TypeVar("B", bound="Body")
W = TypeVar("W", bound=StrEnum)

DEFAULT_LIMIT = 50
# The query of a list that has pages.
PAGED: dict[str, Any] = {
    "after": UUID,
    "limit": Annotated[int, Field(ge=1, le=LARGEST_PAGE, default=DEFAULT_LIMIT)],
}
# Bytes of a response. A longer one is in a file until it is sent.
LONGEST_IN_MEMORY = 1 << 20
# Bytes of a long response that are sent at a time.
PIECE_BYTES = 1 << 16
# Levels of a JSON body. Python's own limit is about 1,000 in 3.11, over 5,000 in 3.13, over 20,000 in 3.14.
DEEPEST = 500
# Characters of a code as it is typed, with its spaces and dashes.
LONGEST_CODE = 50


def id_in(query: Mapping[str, str], name: str) -> UUID | None:
    """The id with this name, None without one. Raise Invalid."""
    written = query.get(name)
    try:
        return UUID(written) if written else None
    except ValueError:
        raise Invalid(name, "This isn't valid.") from None


def cursor(query: Mapping[str, str]) -> UUID | None:
    """The place where a list goes on (`?after=`), None for its beginning. Raise Invalid."""
    return id_in(query, "after")


@dataclass(frozen=True, slots=True)
class Request:
    """`actor` is None on public routes. `cookie` is the secret that the client has sent, valid or not.

    A request with an API token has no cookie.
    """

    client: Client
    actor: SignedIn | TokenActor | None = None
    cookie: str | None = None
    query: Mapping[str, str] = field(default_factory=dict)
    path: Mapping[str, UUID] = field(default_factory=dict)

    def user_actor(self) -> SignedIn | TokenActor:
        """The user, by a session or by an API token. For rows with `tokens=True`. Raise NotLoggedIn."""
        if self.actor is None:
            raise NotLoggedIn
        return self.actor

    def signed_in(self) -> SignedIn:
        """The user, by a session. Raise NotLoggedIn, or NotByToken."""
        actor = self.user_actor()
        if not isinstance(actor, SignedIn):
            raise NotByToken
        return actor

    def after(self) -> UUID | None:
        return cursor(self.query)

    def id(self, name: str) -> UUID | None:
        """The id in the query, None without one. Raise Invalid."""
        return id_in(self.query, name)

    def moment(self, name: str) -> datetime | None:
        """The moment in the query, in ISO 8601 with its offset from UTC. Raise Invalid."""
        written = self.query.get(name)
        if not written:
            return None
        try:
            # In a query, the + of an offset is a space.
            found = datetime.fromisoformat(written.replace(" ", "+"))
        except ValueError:
            found = None
        if found is None or found.tzinfo is None:
            raise Invalid(name, WITH_OFFSET)
        return found

    def word(self, name: str, words: type[W]) -> W | None:
        """The member of the enumeration in the query, None without one. Raise Invalid."""
        written = self.query.get(name)
        if not written:
            return None
        try:
            return words(written)
        except ValueError:
            raise Invalid(name, "This isn't valid.") from None

    def limit(self) -> int:
        """The size of a page (`?limit=`), 1 to 100. Raise Invalid."""
        wanted = self.query.get("limit", str(DEFAULT_LIMIT))
        well_formed = len(wanted) <= 3 and wanted.isascii() and wanted.isdigit()
        if not well_formed or not 1 <= int(wanted) <= LARGEST_PAGE:
            raise Invalid("limit", f"Use a number from 1 to {LARGEST_PAGE}.")
        return int(wanted)


def require_own_page(actor: UserActor | None, page_user: str) -> None:
    """Raise AnotherUser when the page and the session belong to different users.

    `page_user` is the header X-User. A binding calls this for each request with the header, on public routes,
    too. A page without a user does not send it.
    """
    if actor is not None and page_user.lower() != str(actor.id):
        raise AnotherUser


@dataclass(frozen=True, slots=True)
class Cookie:
    """The new value of the session cookie. Without a secret the cookie is deleted."""

    secret: str = ""
    remembered: bool = False
    user_id: UUID | None = None

    @classmethod
    def of(cls, actor: SignedIn, secret: str) -> "Cookie":
        return cls(secret, actor.session.remembered, actor.id)


@dataclass(frozen=True, slots=True)
class Response:
    """`data` is the JSON body, or its bytes in pieces. With a `filename` it is a download.

    `error` is for an answer that is an error and sets a cookie. Other errors are raised.
    """

    data: Mapping[str, Any] | Iterator[bytes]
    cookie: Cookie | None = None
    filename: str | None = None
    error: DomainError | None = None


DONE = Response({"message": "success"})


class Row(Protocol):
    """What rows of all kinds have."""

    @property
    def method(self) -> str: ...
    @property
    def url(self) -> str: ...
    @property
    def public(self) -> bool: ...
    @property
    def tokens(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class Route:
    """One row of the API: all that a client needs to know. A path value in `url` is `<name>`, always a UUID.

    `does` is one short sentence for people. `shows` is the shape of `data`, None without data. A public route
    needs no session. `query` has the type of each parameter of the query.
    `tokens` says that an API token reaches the route, too.

    An answer without data has a `message`. A POST has both, unless `message` is False. Without an `envelope`,
    the answer is the data alone. `also` has statuses of errors that do not follow from the row.
    """

    method: str
    url: str
    view: Callable[..., Response]
    does: str = ""
    body: type["Body"] | None = None
    shows: Any = None
    status: int = 200
    public: bool = False
    tokens: bool = False
    query: Mapping[str, Any] = field(default_factory=dict)
    message: bool = True
    envelope: bool = True
    also: tuple[int, ...] = ()


route = Route


@dataclass(frozen=True, slots=True)
class SessionCookie:
    """The cookie that holds the session's secret."""

    name: str
    secure: bool
    remembered_seconds: int

    def header(self, cookie: Cookie) -> str:
        """The value of Set-Cookie. Without `remembered` the browser deletes the cookie when it closes."""
        parts = [f"{self.name}={cookie.secret}", "HttpOnly", "Path=/", "SameSite=Lax"]
        if self.secure:
            parts.append("Secure")
        if not cookie.secret:
            parts.append("Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0")
        elif cookie.remembered:
            parts.append(f"Max-Age={self.remembered_seconds}")
        return "; ".join(parts)


def session_cookie(settings: Settings) -> SessionCookie:
    # Browsers refuse a __Host- cookie from another subdomain or over plain HTTP (RFC 6265bis). In development
    # the name has the port: browsers send the cookies of localhost to all ports.
    name = "__Host-session" if settings.production else f"session-{settings.port}"
    return SessionCookie(name, settings.production, settings.session_idle_remembered)


def _without_nul(text: str) -> str:
    if "\0" in text:
        raise PydanticCustomError("nul", "Remove the invalid character.")
    return text


Text = Annotated[str, AfterValidator(_without_nul)]
Email = Annotated[Text, Field(max_length=LONGEST_EMAIL, json_schema_extra={"format": "email"})]
Password = Annotated[Text, Field(max_length=LONGEST_PASSWORD, json_schema_extra={"format": "password"})]
Username = Annotated[Text, Field(max_length=LONGEST_USERNAME)]
Code = Annotated[Text, Field(max_length=LONGEST_CODE)]
Token = Text  # of any length: a wrong token gives LinkGone, not Invalid


class Body(BaseModel):
    """A JSON object with these fields and no others, without conversion of types."""

    model_config = ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True)


def read_body(model: type[B], content_type: str, body: bytes) -> B:
    """The body as `model`. Raise NotJsonType, NotJson, or pydantic's ValidationError."""
    kind, *parameters = (part.strip().lower() for part in content_type.split(";"))
    charsets = {part.partition("=")[2].strip('"') for part in parameters if part.startswith("charset=")}
    if kind != "application/json" or charsets - {"utf-8", "utf8"}:
        raise NotJsonType
    try:
        # The parser of pydantic accepts NaN and duplicate keys, so this one reads the body before.
        found = json.loads(body.decode(), object_pairs_hook=_distinct, parse_constant=_no_json)
    except (ValueError, RecursionError):
        raise NotJson from None
    if not isinstance(found, dict) or _depth(found) > DEEPEST:
        raise NotJson
    return model.model_validate_json(body)


def _depth(found: Any) -> int:
    depth, level = 0, [found]
    while level := [value for value in level if isinstance(value, dict | list)]:
        depth += 1
        level = [inner for value in level for inner in (value.values() if isinstance(value, dict) else value)]
    return depth


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("duplicate key")
    return found


def _no_json(constant: str) -> NoReturn:
    raise ValueError("NaN and Infinity are not JSON")


def answered(response: Response, status: int) -> tuple[Response, int]:
    """The response with its status. An `error` takes the place of the data, and has a status of its own."""
    if response.error is None:
        return response, status
    problem = problem_of(response.error)
    return replace(response, data=problem.envelope()), problem.status


def headers_of(response: Response, cookie: SessionCookie) -> dict[str, str]:
    headers = {"Content-Type": "application/json"}
    if response.filename:
        headers["Content-Disposition"] = f'attachment; filename="{response.filename}"'
    if response.cookie:
        headers["Set-Cookie"] = cookie.header(response.cookie)
    return headers


def gathered(pieces: Iterable[bytes]) -> tuple[IO[bytes], int]:
    """A file with all pieces of a response, at its beginning, and its length.

    A client that reads slowly does not keep a connection to the database. An error in the middle is an error
    response like others: granian would end a stream after an error as if it were complete.
    """
    file = SpooledTemporaryFile(LONGEST_IN_MEMORY)  # noqa: SIM115 (the server closes it)
    for piece in pieces:  # writelines() checks the size only at the end
        file.write(piece)
    length = file.tell()
    file.seek(0)
    return file, length


def to_json(data: Any) -> bytes:
    return orjson.dumps(data)  # with moments and ids
