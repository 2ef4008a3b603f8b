"""API tokens: a program acts as its user, within a scope, without a session."""

import re
from binascii import crc32
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar, Protocol
from uuid import UUID

from domain.access import PermissionDenied, UserActor
from domain.errors import Conflict, Invalid, NotAuthenticated
from domain.paging import Page
from domain.personal import PersonalStore
from domain.users import User

# Secret scanners find leaked tokens by this prefix.
TOKEN_PREFIX = "hxs_"
LONGEST_TOKEN_NAME = 60

# For each user. The list of tokens then has two pages at most.
MOST_TOKENS = 100

LONGEST_TOKEN_LIFE = timedelta(days=3650)

# The use of a token is stored at most once in this time. A write on every request would double its cost.
TOKEN_TOUCH_INTERVAL = timedelta(minutes=1)

SHAPE = re.compile(rf"{TOKEN_PREFIX}([A-Za-z0-9_-]{{43}})([0-9a-f]{{8}})")


class Scope(StrEnum):
    """What a token may do: `read` is for requests that change nothing, `write` for all."""

    READ = "read"
    WRITE = "write"


class TokenGone(NotAuthenticated):
    """The token is unknown, revoked or expired. All give the same answer."""

    code = 40104
    message = "This API token isn't valid."


class TooManyTokens(Conflict):
    code = 40907
    message = f"You have {MOST_TOKENS} API tokens. Revoke one first."


class NotByToken(PermissionDenied):
    message = "An API token can't do this. Log in on the site."


class ReadOnlyToken(PermissionDenied):
    message = "This API token is read-only."


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """The token itself is not stored, only its hash. It has no end when `expires_at` is None."""

    EXPORTED: ClassVar = "id name scope created_at expires_at last_used_at"

    id: UUID
    user_id: UUID
    name: str
    scope: Scope
    token_hash: str
    created_at: datetime
    expires_at: datetime | None = None
    last_used_at: datetime | None = None

    def due(self, now: datetime) -> bool:
        """Whether it is time to store the use. The difference is absolute, as in `Session.due`."""
        return self.last_used_at is None or abs(now - self.last_used_at) >= TOKEN_TOUCH_INTERVAL


@dataclass(frozen=True, slots=True)
class TokenActor(UserActor):
    """A program with a token of the user. It has no permission on the site, whatever the user has."""

    token: Token


class TokenStore(PersonalStore, Protocol):
    def add(self, token: Token) -> None:
        """Raise Stale when the user is deleted."""

    def find(self, token_hash: str, now: datetime) -> tuple[Token, User] | None:
        """The token and its user. None when the token is unknown, revoked or expired."""

    def touch(self, token_id: UUID, now: datetime) -> None:
        """Store `last_used_at`. Do nothing when the token is revoked, or not `due` any more."""

    def of(self, user_id: UUID, now: datetime, after: UUID | None, limit: int) -> Page[Token]:
        """The user's tokens that have not expired, newest first."""

    def count(self, user_id: UUID, now: datetime) -> int:
        """The number of the user's tokens that have not expired."""

    def revoke(self, user_id: UUID, token_id: UUID) -> bool:
        """Delete the token. True for one caller only, and False when the user has no such token."""

    def purge(self, now: datetime, limit: int) -> int:
        """Delete at most `limit` expired tokens. Return the number."""

    def forget(self, user_id: UUID) -> None:
        """Delete all tokens of the user."""


def token_of(secret: str) -> str:
    """The token: the prefix, the secret of 43 characters, and a checksum."""
    return f"{TOKEN_PREFIX}{secret}{_checksum(secret)}"


def well_formed(token: str) -> bool:
    """Whether prefix, length and checksum are right. Other texts are refused without a query."""
    found = SHAPE.fullmatch(token)
    return found is not None and found[2] == _checksum(found[1])


def acceptable_token_name(unsafe_name: str) -> str:
    """The name on one line. Raise Invalid when it is empty, too long, or not printable."""
    name = " ".join(unsafe_name.split())
    if not 1 <= len(name) <= LONGEST_TOKEN_NAME or not name.isprintable():
        raise Invalid("name", f"Use 1 to {LONGEST_TOKEN_NAME} characters.")
    return name


def acceptable_expiry(expires_at: datetime | None, now: datetime) -> datetime | None:
    """Raise Invalid for a moment that has passed, or further off than LONGEST_TOKEN_LIFE."""
    if expires_at is not None and not now < expires_at <= now + LONGEST_TOKEN_LIFE:
        raise Invalid("expires_at", "Use a date and time within the next ten years.")
    return expires_at


def _checksum(secret: str) -> str:
    return f"{crc32(secret.encode()):08x}"
