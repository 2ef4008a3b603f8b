"""Single-use links. They are sent by mail: a client with the token has proven that it reads the mailbox."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar, Protocol
from uuid import UUID

from domain.errors import Gone
from domain.mails import MailKind
from domain.personal import PersonalStore


class Purpose(StrEnum):
    """What a link is for: the stored word, the page that it opens, its mail, and its default lifetime."""

    page: str
    mail: MailKind
    lifetime: timedelta

    def __new__(cls, word: str, page: str, mail: MailKind, lifetime: timedelta) -> "Purpose":
        purpose = str.__new__(cls, word)
        purpose._value_, purpose.page, purpose.mail, purpose.lifetime = word, page, mail, lifetime
        return purpose

    VERIFY_EMAIL = "verify_email", "/verify-email", MailKind.VERIFY_EMAIL, timedelta(days=1)
    RESET_PASSWORD = "reset_password", "/reset-password", MailKind.RESET_PASSWORD, timedelta(minutes=30)
    INVITATION = "invitation", "/invitation", MailKind.INVITATION, timedelta(days=7)


class LinkGone(Gone):
    """The link is unknown, used, expired or replaced. All give the same answer."""

    code = 41001
    message = "This link is no longer valid. Please request a new one."


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """`email` is the address that the link was sent to. The token itself is not stored, only its hash."""

    EXPORTED: ClassVar = "purpose email created_at expires_at"

    id: UUID
    user_id: UUID
    purpose: Purpose
    token_hash: str
    email: str
    created_at: datetime
    expires_at: datetime


class LinkStore(PersonalStore, Protocol):
    def add(self, link: Link) -> None:
        """Raise Stale when the user has a link for this purpose already."""

    def find(self, purpose: Purpose, token_hash: str, now: datetime) -> Link | None:
        """None when the link is unknown, used, expired or replaced."""

    def consume(self, purpose: Purpose, token_hash: str, now: datetime) -> bool:
        """Delete the link. True for one caller only, and False when it has expired."""

    def drop(self, user_id: UUID, purpose: Purpose) -> None:
        """Delete the user's link for this purpose, if there is one."""

    def purge(self, now: datetime, limit: int) -> int:
        """Delete at most `limit` expired links. Return the number."""

    def forget(self, user_id: UUID) -> None:
        """Delete all links of the user."""


def in_words(lifetime: timedelta) -> str:
    """The lifetime in the largest unit without a fraction: "30 minutes", "1 day", "36 hours"."""
    seconds = int(lifetime.total_seconds())
    for unit, size in (("day", 86400), ("hour", 3600), ("minute", 60)):
        if seconds and seconds % size == 0:
            count = seconds // size
            return f"{count} {unit}{'' if count == 1 else 's'}"
    return f"{seconds} seconds"
