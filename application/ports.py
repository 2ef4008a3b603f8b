"""Ports of the use cases: the unit of work, and all ports that are no store.

The port of a store is beside its entity: `TeamStore` in domain/teams.py.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Protocol, Self, runtime_checkable
from uuid import UUID

from domain.devices import DeviceStore
from domain.events import EventStore
from domain.invitations import InvitationStore
from domain.limits import Limit
from domain.links import LinkStore
from domain.logins import LoginStore
from domain.mails import Mail, MailStore
from domain.personal import PersonalStore
from domain.sessions import SessionStore
from domain.teams import TeamStore
from domain.tokens import TokenStore
from domain.two_factor import TwoFactorStore
from domain.users import UserStore


class Reading(Protocol):
    """Reads committed data, without a transaction.

    All stores raise Unavailable while the database does not answer. Add a new word at the end: the deletion
    of an account goes from the last word to the first, so the user is deleted last.
    """

    users: UserStore
    sessions: SessionStore
    teams: TeamStore
    events: EventStore
    links: LinkStore
    mails: MailStore
    devices: DeviceStore
    invitations: InvitationStore
    tokens: TokenStore
    logins: LoginStore
    two_factor: TwoFactorStore

    def __enter__(self) -> Self: ...
    def __exit__(self, *exc: object) -> None: ...


class UnitOfWork(Reading, Protocol):
    """Changes that are stored together, by `commit`, or not at all.

    After a store has raised an error, do nothing but leave the unit of work.
    """

    def commit(self) -> None:
        """Raise Unavailable when the database did not confirm the commit."""


def stores(stored: Reading) -> dict[str, Any]:
    """All stores by word, in the order of `Reading`."""
    return {word: getattr(stored, word) for word in Reading.__annotations__}


def personal_stores(stored: Reading) -> dict[str, PersonalStore]:
    """The stores with personal data, by word, in the order of `Reading`."""
    return {word: store for word, store in stores(stored).items() if isinstance(store, PersonalStore)}


@runtime_checkable
class ExpiringStore(Protocol):
    """A store with rows that expire. Housekeeping calls `purge` of each store that has it."""

    def purge(self, now: datetime, limit: int) -> int:
        """Delete at most `limit` expired rows. Return the number."""


class PasswordHasher(Protocol):
    """Slow on purpose: do not hash or verify in a unit of work. Unavailable when its queue is full."""

    def hash(self, password: str) -> str: ...

    def verify(self, password: str, password_hash: str | None) -> bool:
        """None is for an unknown user: the answer is False, after the same time."""

    def outdated(self, password_hash: str) -> bool:
        """Whether the hash was made with another algorithm or cost than new hashes."""


class OneTimeCodes(Protocol):
    """Codes of an authenticator app (TOTP, RFC 6238)."""

    def new_secret(self) -> str:
        """In base32."""

    def step(self, secret: str, code: str, now: datetime) -> int | None:
        """The time step of six ASCII digits. None when they are no code of now or of a step beside it."""

    def url(self, secret: str, account: str) -> str:
        """What the app reads from the QR code. `account` is the name that it shows."""

    def qr_svg(self, text: str) -> str:
        """A QR code of the text, without inline styles."""


class RateLimiter(Protocol):
    """Counts attempts of all processes together. A rollback of a unit of work does not change the counts."""

    def count(self, limit: Limit, subject: str) -> "TakeBack":
        """Count one attempt. Raise TooManyAttempts, and do not count it, when the limit is reached.

        The result is a function that takes this attempt back. After the end of the window it does nothing.
        """

    def forget(self, limit: Limit, subject: str) -> None:
        """Set the count to zero."""

    def purge(self, limit: int) -> int:
        """Delete at most `limit` counts whose window is over. Return the number."""


class MailNotSent(Exception):
    """The mail was not accepted. The reason is short and holds no secret."""

    def __init__(self, reason: str, *, for_good: bool = False) -> None:
        super().__init__(reason)
        self.for_good = for_good  # another try would fail in the same way


class Mailer(Protocol):
    def send(self, mail: Mail) -> None:
        """Raise MailNotSent."""


class Sanitizer(Protocol):
    def plain(self, unsafe_text: str) -> str:
        """The text without markup. Templates still escape it."""


Look = Callable[[], Reading]
Transaction = Callable[[], UnitOfWork]
Clock = Callable[[], datetime]  # timezone-aware, UTC
Ids = Callable[[], UUID]  # ordered by time: a later id is greater
TakeBack = Callable[[], None]
Secrets = Callable[[], str]  # 256 random bits, safe in a URL and in a cookie
