"""Mail to users. A mail is stored in the transaction of its change and delivered later."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, ClassVar, Protocol
from uuid import UUID

from domain.limits import CLOCK_SKEW
from domain.paging import Page
from domain.personal import PersonalStore

# The pause after the first failed try, after the second and so on. The last pause is repeated.
PAUSES = tuple(timedelta(minutes=minutes) for minutes in (1, 2, 4, 8, 16, 32, 64, 128, 240))
GIVE_UP_AFTER = timedelta(days=1)
KEEP_DELIVERED = timedelta(days=7)

# A claimed mail that is not saved within this time is due again: its process has died.
LEASE = timedelta(minutes=10)


def pause_after(attempts: int) -> timedelta:
    return PAUSES[max(0, min(attempts, len(PAUSES)) - 1)]


def latest_try(now: datetime, attempts: int) -> datetime:
    """The latest possible next try. A stored one is later when the clock was set back: that mail is due."""
    return now + max(LEASE, pause_after(attempts)) + CLOCK_SKEW


class MailKind(StrEnum):
    """A kind of mail: the stored word and the subject. The word is the name of the template."""

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
    INVITATION = "invitation", "You're invited to join a team"
    TWO_FACTOR_ON = "two_factor_on", "Two-factor authentication is on"
    TWO_FACTOR_OFF = "two_factor_off", "Two-factor authentication is off"
    RECOVERY_CODES_RENEWED = "recovery_codes_renewed", "You have new recovery codes"
    RECOVERY_CODE_USED = "recovery_code_used", "A recovery code was used"
    TOKEN_CREATED = "token_created", "A new API token was created"
    TEAM_DELETED = "team_deleted", "Your team was deleted"


@dataclass(slots=True, kw_only=True)
class Mail:
    """`facts` are the values for the templates, such as the token of a link. Delivery deletes them.

    `next_try_at` is None for a delivered mail and for a parked one. A mail is parked when tries have failed
    for a day, or when another try would fail in the same way.
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
        """Schedule the next try. Park the mail when it is a day old, or when the failure is `for_good`."""
        self.attempts += 1
        self.last_error = reason
        if for_good or now - self.created_at >= GIVE_UP_AFTER:
            self.parked_at, self.next_try_at = now, None
            self._forget_former_user()
        else:
            self.next_try_at = now + pause_after(self.attempts)

    def _forget_former_user(self) -> None:
        """Remove the address and facts of a mail to a deleted user. Such a mail has no `user_id`."""
        if self.user_id is None:
            self.recipient, self.facts = "", {}


@dataclass(frozen=True, slots=True)
class Backlog:
    """The number of mails that wait for a try, and of parked ones."""

    waiting: int = 0
    parked: int = 0


class MailStore(PersonalStore, Protocol):
    def add(self, mail: Mail) -> None: ...

    def claim(self, now: datetime, until: datetime, limit: int) -> list[Mail]:
        """Mails that are due, by `next_try_at` or `latest_try`. No other caller gets them before `until`."""

    def save(self, mail: Mail) -> None:
        """Store the result of a try. Do nothing when the mail is deleted."""

    def backlog(self) -> Backlog: ...

    def undelivered(self, after: UUID | None, limit: int) -> Page[Mail]:
        """Waiting and parked mails, newest first."""

    def drop_waiting(self, user_id: UUID, kinds: Iterable[MailKind]) -> None:
        """Delete mails of these kinds to the user that wait for a try."""

    def purge(self, now: datetime, limit: int) -> int:
        """Delete at most `limit` mails that were delivered KEEP_DELIVERED ago. Return the number."""

    def exported(self, user_id: UUID, after: UUID | None) -> Page[dict[str, Any]]:
        """All mail to the user, at old and new addresses."""

    def forget(self, user_id: UUID) -> None:
        """Delete all mail to the user. Waiting mail is not sent."""
