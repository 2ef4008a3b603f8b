"""Sessions. A session begins with a login or registration on one device, and ends by logout or by time."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Protocol
from uuid import UUID

from domain.devices import device_of
from domain.errors import NotAuthenticated
from domain.paging import Page
from domain.personal import PersonalStore
from domain.users import User

# The use of a session is stored at most once in this time. A write on every request would double its cost.
TOUCH_INTERVAL = timedelta(minutes=1)
# With an idle timeout under ten minutes it is a tenth of that timeout: an active user stays logged in.
TOUCHES_PER_IDLE_TIMEOUT = 10

# For each user. A client that logs in again and again must not fill the table.
MOST_SESSIONS = 100

# Long enough to look into a problem, and short enough to not be forgotten.
LONGEST_ACTING = timedelta(minutes=30)

# The longest age of a proof for a dangerous change. A proof is the password, for example.
PROOF_LASTS = timedelta(minutes=10)

# Longer user agents are cut, not refused.
LONGEST_USER_AGENT = 200


class WrongCredentials(NotAuthenticated):
    """The address is unknown or the password is wrong. The answer does not tell which accounts exist."""

    code = 40101
    message = "Wrong email or password."


class AccountDisabled(WrongCredentials):
    """Only for the right password: a client without it does not learn that the account exists."""

    message = "This account is disabled. Please contact us."


class NotLoggedIn(NotAuthenticated):
    code = 40102
    message = "Please log in to continue."


@dataclass(frozen=True, slots=True)
class Client:
    """The origin of a request: the address of the client, and the user agent that it claims."""

    ip: str
    user_agent: str = ""


@dataclass(frozen=True, slots=True)
class SessionLife:
    """The idle timeouts of a session, without and with `remember`, and its longest life."""

    idle: timedelta
    idle_remembered: timedelta
    longest: timedelta

    def idle_timeout(self, remembered: bool) -> timedelta:
        return self.idle_remembered if remembered else self.idle

    def end(self, remembered: bool, created_at: datetime, last_seen_at: datetime) -> datetime:
        return min(last_seen_at + self.idle_timeout(remembered), created_at + self.longest)


@dataclass(slots=True, kw_only=True)
class Session:
    """The cookie's secret is not stored, only its hash: a reader of the table cannot log in with it.

    The session of an administrator acts as the user `acting_as_id`, for support, until `acting_until`.
    `proven_at` is the moment of the last proof, such as the password.
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
    proven_at: datetime | None = None

    @property
    def device(self) -> str:
        return device_of(self.user_agent)

    def due(self, now: datetime, life: SessionLife) -> bool:
        """Whether it is time to store the use of the session.

        The difference is absolute: after the clock was set back, `last_seen_at` lies in the future.
        """
        idle_timeout = life.idle_timeout(self.remembered)
        return abs(now - self.last_seen_at) >= min(TOUCH_INTERVAL, idle_timeout / TOUCHES_PER_IDLE_TIMEOUT)

    def proven(self, now: datetime) -> bool:
        """Whether the proof still counts. The difference is absolute, as in `due`."""
        return self.proven_at is not None and abs(now - self.proven_at) < PROOF_LASTS


class SessionStore(PersonalStore, Protocol):
    def add(self, session: Session) -> None:
        """Raise Stale when the user is deleted."""

    def find(self, secret_hash: str, now: datetime) -> tuple[Session, User] | None:
        """The session with this secret, and its user or the user that it acts as. None when it has ended."""

    def users(self, session_ids: Collection[UUID], now: datetime) -> dict[UUID, UUID]:
        """The id of the user of each session that has not ended: its own user, or the one that it acts as."""

    def act_as(self, session_id: UUID, user_id: UUID | None, until: datetime | None) -> None:
        """Let the session act as the user until that moment. None ends it."""

    def prove(self, session_id: UUID, at: datetime) -> None:
        """Store `proven_at`. Do nothing when the session has ended."""

    def end_acting(self, user_id: UUID) -> None:
        """End all acting by sessions of the user and as the user."""

    def touch(self, session: Session) -> None:
        """Store `last_seen_at`, `expires_at` and `ip`. Do nothing when the session has ended."""

    def end(self, secret_hash: str) -> bool:
        """Delete the session. False when it does not exist."""

    def of(self, user_id: UUID, now: datetime, after: UUID | None, limit: int) -> Page[Session]:
        """The user's sessions that have not ended, newest first."""

    def end_of(self, user_id: UUID, session_id: UUID) -> bool:
        """Delete the session. False when the user has no session with this id."""

    def end_others(self, user_id: UUID, kept: UUID) -> int:
        """Delete all sessions of the user except `kept`. Return the number."""

    def end_oldest(self, user_id: UUID, kept: int, limit: int) -> None:
        """Delete at most `limit` sessions of the user. The `kept` sessions that were seen last stay."""

    def purge(self, now: datetime, limit: int) -> int:
        """Delete at most `limit` expired sessions. Return the number."""

    def forget(self, user_id: UUID) -> None:
        """Delete all sessions of the user."""
