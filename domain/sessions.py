"""A session: one login, on one device, for a while."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Protocol
from uuid import UUID

from domain.devices import device_of
from domain.errors import NotAuthenticated
from domain.paging import Page
from domain.personal import PersonalStore
from domain.users import User

# A write on every request would double its cost. Users do not read the list of sessions by the second.
TOUCH_EVERY = timedelta(minutes=1)
# Where sessions live unused for a few minutes only, a tenth of that: a user at work must not be logged out.
TOUCHES_PER_IDLE = 10

# A client that logs in again and again, and never out, must not fill the table.
MOST_SESSIONS = 100

# Long enough to look into a problem, and short enough to not be forgotten.
LONGEST_ACTING = timedelta(minutes=30)

# Longer ones are cut, not refused: a user agent is decoration.
LONGEST_USER_AGENT = 200


class WrongCredentials(NotAuthenticated):
    """One answer for an unknown address and for a wrong password: it does not tell which accounts exist."""

    code = 40101
    message = "Wrong email or password."


class NotLoggedIn(NotAuthenticated):
    code = 40102
    message = "Please log in to continue."


@dataclass(frozen=True, slots=True)
class Client:
    """Where a request came from, as far as we can tell."""

    ip: str
    user_agent: str = ""


@dataclass(frozen=True, slots=True)
class SessionLife:
    """How long a session lives: unused, unused with `remember`, and at most."""

    idle: timedelta
    idle_remembered: timedelta
    longest: timedelta

    def unused(self, remembered: bool) -> timedelta:
        return self.idle_remembered if remembered else self.idle

    def end(self, remembered: bool, created_at: datetime, last_seen_at: datetime) -> datetime:
        return min(last_seen_at + self.unused(remembered), created_at + self.longest)


@dataclass(slots=True, kw_only=True)
class Session:
    """`secret_hash` is all that is stored of the cookie: a reader of the table cannot log in with it.

    The session of an administrator acts as the user `acting_as_id`, for support, until `acting_until`.
    """

    EXPORTED: ClassVar = "id created_at last_seen_at expires_at ip user_agent device remembered"

    id: UUID
    user_id: UUID
    secret_hash: str
    remembered: bool
    ip: str
    user_agent: str
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    acting_as_id: UUID | None = None
    acting_until: datetime | None = None

    @property
    def device(self) -> str:
        return device_of(self.user_agent)

    def due(self, now: datetime, life: SessionLife) -> bool:
        """Whether it is time to store that the session is in use.

        Also when it was last seen in the future: its end is from a clock that was set back.
        """
        return abs(now - self.last_seen_at) >= min(
            TOUCH_EVERY, life.unused(self.remembered) / TOUCHES_PER_IDLE
        )


class SessionStore(PersonalStore, Protocol):
    def add(self, session: Session) -> None:
        """Raise Stale when the user is gone."""

    def find(self, secret_hash: str, now: datetime) -> tuple[Session, User] | None:
        """The session with this secret and its user, or the user that it acts as. In one statement.

        None when the session has ended.
        """

    def act_as(self, session_id: UUID, user_id: UUID | None, until: datetime | None) -> None:
        """Let the session act as this user until then, or with None as its own user again."""

    def end_acting(self, user_id: UUID) -> None:
        """No session of the user acts as another user any more, and no session acts as this user."""

    def touch(self, session: Session) -> None:
        """Store when it was last seen and when it ends. Nothing happens when it is gone."""

    def end(self, secret_hash: str) -> bool:
        """False when there is no such session."""

    def of(self, user_id: UUID, now: datetime, after: UUID | None, limit: int) -> Page[Session]:
        """The user's sessions that are alive, newest first."""

    def end_of(self, user_id: UUID, session_id: UUID) -> bool:
        """False when this user has no such session."""

    def end_others(self, user_id: UUID, kept: UUID) -> int:
        """End all sessions of the user but one. Returns the number."""

    def end_oldest(self, user_id: UUID, kept: int, limit: int) -> None:
        """End sessions of the user beyond the `kept` last seen, at most `limit` of them."""

    def purge(self, now: datetime, limit: int) -> int:
        """Delete at most `limit` sessions that have ended. Returns the number."""

    def forget(self, user_id: UUID) -> None:
        """End all sessions of the user."""
