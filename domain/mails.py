"""Mail to users: stored together with the change that it tells of, delivered later."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, ClassVar, Protocol
from uuid import UUID

from domain.limits import CLOCKS_DIFFER
from domain.paging import Page
from domain.personal import PersonalStore

# After the first failed try, the second, ...; the last one is repeated.
PAUSES = tuple(timedelta(minutes=minutes) for minutes in (1, 2, 4, 8, 16, 32, 64, 128, 240))
GIVE_UP_AFTER = timedelta(days=1)
KEEP_DELIVERED = timedelta(days=7)

# A process that has claimed a mail and reported nothing by then counts as dead.
LEASE = timedelta(minutes=10)


def pause_after(attempts: int) -> timedelta:
    return PAUSES[max(0, min(attempts, len(PAUSES)) - 1)]


def latest_try(now: datetime, attempts: int) -> datetime:
    """A next try after this is due at once: it is from a clock that was set back."""
    return now + max(LEASE, pause_after(attempts)) + CLOCKS_DIFFER


class MailKind(StrEnum):
    """What is written: the stored word, which names a pair of templates (text and HTML), and the subject."""

    subject: str

    def __new__(cls, word: str, subject: str) -> "MailKind":
        kind = str.__new__(cls, word)
        kind._value_, kind.subject = word, subject
        return kind

    VERIFY_EMAIL = "verify_email", "Verify your email address"
    EMAIL_CHANGE_ASKED = "email_change_asked", "Request to change your email address"
    EMAIL_CHANGED = "email_changed", "Your email address was changed"
    RESET_PASSWORD = "reset_password", "Reset your password"
    PASSWORD_CHANGED = "password_changed", "Your password was changed"
    NEW_DEVICE = "new_device", "New login to your account"
    USERNAME_CHANGED = "username_changed", "Your username was changed"
    ACCOUNT_DELETED = "account_deleted", "Your account was deleted"
    TEAM_DELETED = "team_deleted", "Your team was deleted"


@dataclass(slots=True, kw_only=True)
class Mail:
    """`facts` are what the templates need, the token of a link among them. They go when it is delivered.

    It is due at `next_try_at`. That is None after delivery, and when it is parked: after a day of failures,
    or after one that another try would not mend.
    """

    EXPORTED: ClassVar = "id kind recipient created_at next_try_at attempts parked_at last_error"

    id: UUID
    kind: MailKind
    user_id: UUID | None
    recipient: str
    facts: dict[str, str]
    created_at: datetime
    next_try_at: datetime | None
    attempts: int = 0
    delivered_at: datetime | None = None
    parked_at: datetime | None = None
    last_error: str = ""

    def delivered(self, now: datetime) -> None:
        self.delivered_at, self.next_try_at, self.facts, self.last_error = now, None, {}, ""
        self._forget_former_user()

    def failed(self, now: datetime, reason: str, *, for_good: bool = False) -> None:
        """Schedule the next try after a pause that grows, or park the mail: after a day, or `for_good`."""
        self.attempts += 1
        self.last_error = reason
        if for_good or now - self.created_at >= GIVE_UP_AFTER:
            self.parked_at, self.next_try_at = now, None
            self._forget_former_user()
        else:
            self.next_try_at = now + pause_after(self.attempts)

    def _forget_former_user(self) -> None:
        """The last mail to a deleted account leaves no address and no name behind."""
        if self.user_id is None:
            self.recipient, self.facts = "", {}


@dataclass(frozen=True, slots=True)
class Backlog:
    """How many mails wait for a try, and how many were given up."""

    waiting: int = 0
    parked: int = 0


class MailStore(PersonalStore, Protocol):
    def add(self, mail: Mail) -> None: ...

    def claim(self, now: datetime, until: datetime, limit: int) -> list[Mail]:
        """Mails that are due, by `next_try_at` or `latest_try`. No other caller gets them before `until`."""

    def save(self, mail: Mail) -> None:
        """Store the outcome of a try. Nothing happens when the mail is gone."""

    def backlog(self) -> Backlog: ...

    def undelivered(self, after: UUID | None, limit: int) -> Page[Mail]:
        """Mails that wait or were given up, newest first."""

    def purge(self, now: datetime, limit: int) -> int:
        """Delete at most `limit` mails that were delivered KEEP_DELIVERED ago. Returns the number."""

    def exported(self, user_id: UUID, after: UUID | None) -> Page[dict[str, Any]]:
        """All mail to the user, at any address."""

    def forget(self, user_id: UUID) -> None:
        """Delete all mail to the user. Mail that waits is not sent."""
