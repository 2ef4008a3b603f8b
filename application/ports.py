"""What the use cases need from outside: the unit of work with its stores, and everything that is no store.

The port of a collection stands beside its entity: `TeamStore` in domain/teams.py.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Protocol, Self, runtime_checkable
from uuid import UUID

from domain.devices import DeviceStore
from domain.events import EventStore
from domain.limits import Limit
from domain.links import LinkStore
from domain.mails import Mail, MailStore
from domain.personal import PersonalStore
from domain.sessions import SessionStore
from domain.teams import TeamStore
from domain.users import UserStore


class Reading(Protocol):
    """Sees what is committed and changes nothing. Costs no transaction.

    All stores raise Unavailable while the database does not answer. A new word goes to the end: an account
    is deleted from the last word to the first, so that users go after all that refers to them.
    """

    users: UserStore
    sessions: SessionStore
    teams: TeamStore
    events: EventStore
    links: LinkStore
    mails: MailStore
    devices: DeviceStore

    def __enter__(self) -> Self: ...
    def __exit__(self, *exc: object) -> None: ...


class UnitOfWork(Reading, Protocol):
    """All or nothing: what is not committed on leaving never happened.

    After a store has raised an error, the unit of work can only be left.
    """

    def commit(self) -> None:
        """Raise Unavailable when it is not certain that everything was stored."""


def stores(stored: Reading) -> dict[str, Any]:
    """Every store by its word, in the order of `Reading`."""
    return {word: getattr(stored, word) for word in Reading.__annotations__}


def personal_stores(stored: Reading) -> dict[str, PersonalStore]:
    """The stores with rows that belong to users."""
    return {word: store for word, store in stores(stored).items() if isinstance(store, PersonalStore)}


@runtime_checkable
class ExpiringStore(Protocol):
    """A store with rows that expire. Housekeeping finds it by this method."""

    def purge(self, now: datetime, limit: int) -> int:
        """Delete at most `limit` expired rows. Returns the number."""


class PasswordHasher(Protocol):
    """Slow on purpose: never called while a unit of work is open. Unavailable when its queue is full."""

    def hash(self, password: str) -> str: ...

    def verify(self, password: str, password_hash: str | None) -> bool:
        """With None (there is no such user) it takes as long and returns False."""

    def outdated(self, password_hash: str) -> bool:
        """Whether a new hash would be made in another way today."""


class RateLimiter(Protocol):
    """Counts for all processes together, outside of any unit of work: an attempt that fails has happened."""

    def count(self, limit: Limit, subject: str) -> "TakeBack":
        """Raise TooManyAttempts, with the seconds to wait, when this is one too many: it is not counted.

        The result takes this one back. After the end of the count that it belongs to, it does nothing.
        """

    def forget(self, limit: Limit, subject: str) -> None:
        """Set the count to zero."""

    def purge(self, limit: int) -> int:
        """Delete at most `limit` counts that are over. Returns the number."""


class MailNotSent(Exception):
    """The mail server did not take it. The reason is short and holds no secret."""

    def __init__(self, reason: str, *, for_good: bool = False) -> None:
        super().__init__(reason)
        self.for_good = for_good  # another try would end in the same way


class Mailer(Protocol):
    def send(self, mail: Mail) -> None:
        """Raise MailNotSent."""


class Sanitizer(Protocol):
    def plain(self, unsafe_text: str) -> str:
        """The text without markup. It is still escaped wherever it is shown."""


Look = Callable[[], Reading]
Transaction = Callable[[], UnitOfWork]
Clock = Callable[[], datetime]  # timezone-aware, UTC
Ids = Callable[[], UUID]  # time-ordered: later ones are greater
TakeBack = Callable[[], None]
Secrets = Callable[[], str]  # 256 random bits, safe in a URL and in a cookie
