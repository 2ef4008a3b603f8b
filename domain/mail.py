"""Mail on its way out: written together with the change it tells of, delivered later."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

FIRST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(hours=4)
GIVE_UP_AFTER = timedelta(days=1)

# A process that has claimed a mail and not said what became of it by then is taken for dead.
LEASE = timedelta(minutes=10)


class Letter(StrEnum):
    """What we write: each is a pair of templates (text and HTML)."""

    VERIFY_EMAIL = "verify_email"
    EMAIL_CHANGE_ASKED = "email_change_asked"
    EMAIL_CHANGED = "email_changed"
    RESET_PASSWORD = "reset_password"
    PASSWORD_CHANGED = "password_changed"
    NEW_DEVICE = "new_device"


@dataclass(slots=True, kw_only=True)
class Mail:
    """`facts` are what the templates need, the token of a link among them: they go when it is delivered.

    It is due at `next_try_at`; None once it was delivered, or parked for good after a day of failures.
    """

    id: UUID
    letter: Letter
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

    def failed(self, now: datetime, reason: str) -> None:
        """Try again after a pause that grows, or park it after a day."""
        self.attempts += 1
        self.last_error = reason
        if now - self.created_at >= GIVE_UP_AFTER:
            self.parked_at, self.next_try_at = now, None
        else:
            # 2 ** 20 minutes are two years: the power of a day's attempts stays small.
            self.next_try_at = now + min(FIRST_PAUSE * 2 ** min(self.attempts - 1, 20), LONGEST_PAUSE)


@dataclass(frozen=True, slots=True)
class Backlog:
    """How many mails wait for their first or next try, and how many were given up."""

    waiting: int = 0
    parked: int = 0
