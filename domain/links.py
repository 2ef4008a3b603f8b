"""Single-use links: whoever holds one proves that they read a mailbox."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from domain.errors import Gone


class Purpose(StrEnum):
    VERIFY_EMAIL = "verify_email"
    RESET_PASSWORD = "reset_password"


class LinkGone(Gone):
    """One answer for a link that is unknown, used, expired or replaced."""

    code = 41001
    message = "This link is no longer good. Please ask for a new one."


@dataclass(frozen=True, slots=True)
class LinkLife:
    verify: timedelta
    reset: timedelta

    def of(self, purpose: Purpose) -> timedelta:
        return self.reset if purpose is Purpose.RESET_PASSWORD else self.verify


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """`email` is the mailbox that it was sent to. Of the token we keep only the hash."""

    id: UUID
    user_id: UUID
    purpose: Purpose
    token_hash: str
    email: str
    created_at: datetime
    expires_at: datetime


def in_words(lifetime: timedelta) -> str:
    """In the largest unit that fits: "30 minutes", "1 day", "36 hours"."""
    seconds = int(lifetime.total_seconds())
    for unit, size in (("day", 86400), ("hour", 3600), ("minute", 60)):
        if seconds and seconds % size == 0:
            count = seconds // size
            return f"{count} {unit}{'' if count == 1 else 's'}"
    return f"{seconds} seconds"
