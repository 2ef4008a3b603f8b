"""Everything the core asks of the world, on one page."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, Protocol, Self, TypeVar
from uuid import UUID

from domain.audit import Event
from domain.limits import Limit
from domain.links import Link, Purpose
from domain.mail import Backlog, Mail
from domain.sessions import Session
from domain.teams import Membership, Team
from domain.users import Role, User

T = TypeVar("T")

LARGEST_PAGE = 100


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """A part of a list. `next` is what to ask for (`after`) to see more, or None at the end."""

    items: list[T]
    next: UUID | None


def page_size(limit: int) -> int:
    return max(1, min(limit, LARGEST_PAGE))


class Users(Protocol):
    def add(self, user: User) -> None:
        """Store a user without roles. Raise EmailTaken or UsernameTaken."""

    def get(self, id: UUID) -> User | None: ...

    def by_email(self, email: str) -> User | None:
        """The user with this address in normal form, or None."""

    def save(self, user: User) -> None:
        """Store everything but the roles. Raise Stale, EmailTaken or UsernameTaken."""

    def grant(self, user_id: UUID, role: Role) -> None:
        """Raise Stale when the user has the role already, or is gone."""

    def revoke(self, user_id: UUID, role: Role) -> bool:
        """False when the user did not have the role."""

    def holders(self, role: Role) -> set[UUID]:
        """Who has the role. Nobody else can revoke it until this unit of work ends."""

    def page(self, search: str, after: UUID | None, limit: int) -> Page[User]:
        """The newest first; only those whose email or username contains `search`, in any case."""

    def delete(self, user_id: UUID) -> bool:
        """Their sessions, roles and memberships go, too. False when there was no such user."""


class Sessions(Protocol):
    def add(self, session: Session) -> None: ...

    def find(self, secret_hash: str, now: datetime) -> tuple[Session, User] | None:
        """The session with this secret and its user, in one statement; None when it has ended."""

    def touch(self, session: Session) -> None:
        """Write down when it was last seen and when it ends; nothing happens when it is gone."""

    def end(self, secret_hash: str) -> bool:
        """False when there was no such session."""

    def of(self, user_id: UUID, now: datetime) -> list[Session]:
        """The sessions somebody has, the last seen first."""

    def end_of(self, user_id: UUID, session_id: UUID) -> bool:
        """False when this user has no such session."""

    def end_all(self, user_id: UUID, but: UUID | None = None) -> int:
        """How many there were; `but` one of them, which goes on."""

    def purge(self, now: datetime, limit: int) -> int:
        """Forget at most `limit` that have ended; how many it were."""


class Teams(Protocol):
    def add(self, team: Team) -> None: ...

    def get(self, id: UUID) -> Team | None: ...

    def save(self, team: Team) -> None:
        """Raise Stale."""

    def add_member(self, membership: Membership) -> None: ...

    def membership(self, team_id: UUID, user_id: UUID) -> Membership | None: ...

    def of(self, user_id: UUID) -> list[tuple[Team, Membership]]:
        """The teams somebody belongs to, the oldest first."""

    def delete_personal(self, user_id: UUID) -> None:
        """The team that somebody has had from the start."""


class Events(Protocol):
    """The audit log: nothing here removes a row."""

    def add(self, event: Event) -> None: ...

    def about(self, user_id: UUID, after: UUID | None, limit: int) -> Page[Event]:
        """What concerns this user, the newest first."""

    def user_agents(self, user_id: UUID) -> set[str]:
        """What this user has logged in from before."""

    def forget(self, user_id: UUID) -> None:
        """Take away where from and with what: that it happened stays."""


class Links(Protocol):
    def add(self, link: Link) -> None:
        """Raise Stale when the user has one for the same purpose."""

    def find(self, purpose: Purpose, token_hash: str, now: datetime) -> Link | None:
        """None when it is unknown, used, expired or replaced."""

    def consume(self, purpose: Purpose, token_hash: str, now: datetime) -> bool:
        """True for exactly one of all who ever ask, and only while it is good."""

    def of(self, user_id: UUID) -> list[Link]:
        """What was sent to this user and not used yet."""

    def drop(self, user_id: UUID, purpose: Purpose | None = None) -> None:
        """No link of this user is good any more, or none for this purpose."""

    def purge(self, now: datetime, limit: int) -> int: ...


class Outbox(Protocol):
    def add(self, mail: Mail) -> None: ...

    def claim(self, now: datetime, until: datetime, limit: int) -> list[Mail]:
        """Mails that are due; nobody else is given them before `until`."""

    def save(self, mail: Mail) -> None: ...

    def backlog(self) -> Backlog: ...

    def page(self, after: UUID | None, limit: int) -> Page[Mail]:
        """What is not delivered, the newest first."""

    def to(self, user_id: UUID) -> list[Mail]:
        """All that is kept of mail to this user, at whatever address, the oldest first."""

    def drop(self, user_id: UUID) -> None:
        """Forget all mail to this user; what waits is not sent any more."""

    def purge(self, delivered_before: datetime, limit: int) -> int: ...


class Reading(Protocol):
    """Sees what is committed and changes nothing; costs no transaction.

    Everything in it raises Unavailable while the store does not answer.
    """

    users: Users
    sessions: Sessions
    teams: Teams
    events: Events
    links: Links
    outbox: Outbox

    def __enter__(self) -> Self: ...
    def __exit__(self, *exc: object) -> None: ...


class UnitOfWork(Reading, Protocol):
    """All or nothing: whatever was not committed on leaving is forgotten.

    After an error has come out of it, it is good for nothing but leaving.
    """

    def commit(self) -> None:
        """Raise Unavailable when it is not certain that everything was stored."""


class PasswordHasher(Protocol):
    """Slow on purpose: never call it while a unit of work is open. Raises Unavailable when too many wait."""

    def hash(self, password: str) -> str: ...

    def verify(self, password: str, password_hash: str | None) -> bool:
        """With None (there is no such user) it takes as long and says False."""

    def outdated(self, password_hash: str) -> bool:
        """Would we hash it otherwise today?"""


class RateLimiter(Protocol):
    """Counts attempts for all processes together, outside of any unit of work: a refused one has happened."""

    def count(self, limit: Limit, subject: str) -> None:
        """Raise TooManyAttempts, with the seconds to wait, when this was one too many."""

    def forget(self, limit: Limit, subject: str) -> None:
        """Begin anew: they have shown who they are."""

    def purge(self, limit: int) -> int: ...


class MailNotSent(Exception):
    """The server did not take it; says why in a few words, without a secret."""


class Mailer(Protocol):
    def send(self, mail: Mail) -> None:
        """Raise MailNotSent."""


class Sanitizer(Protocol):
    def plain(self, unsafe_text: str) -> str:
        """The text without any markup, as it may be shown to other people (escaped as ever)."""


Look = Callable[[], Reading]
Transaction = Callable[[], UnitOfWork]
Clock = Callable[[], datetime]  # timezone-aware, UTC
Ids = Callable[[], UUID]  # time-ordered: later ones are greater
Secrets = Callable[[], str]  # 256 random bits, safe in a URL and in a cookie
