"""The use cases over memory: no I/O, so that all of it takes about a second."""

from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from adapters.memory import Memory, MemoryReading, MemoryUnitOfWork
from application.accounts import Accounts
from application.administration import Administration
from application.audit import Audit
from application.sessions import Sessions
from application.teams import Teams
from domain.access import SignedIn
from domain.audit import Event, Tag
from domain.sessions import SessionLife
from tests.fakes import Counting, FakeClock, PlainHasher, TagSanitizer, long_is_strong, plain_syntax
from tests.samples import CLIENT, GOOD_PASSWORD

LIFE = SessionLife(timedelta(hours=12), timedelta(days=14), timedelta(days=90))


@dataclass
class World:
    """Everything there is, in memory."""

    memory: Memory = field(default_factory=Memory)
    clock: FakeClock = field(default_factory=FakeClock)
    count: Counting = field(default_factory=Counting)
    hasher: PlainHasher = field(default_factory=PlainHasher)

    def __post_init__(self) -> None:
        audit = Audit(self.clock, self.count.id)
        self.sessions = Sessions(
            self.look,
            self.transaction,
            self.hasher,
            plain_syntax,
            audit,
            LIFE,
            self.clock,
            self.count.id,
            self.count.secret,
        )
        self.accounts = Accounts(
            self.transaction,
            self.sessions,
            self.hasher,
            long_is_strong,
            plain_syntax,
            audit,
            self.clock,
            self.count.id,
        )
        self.teams = Teams(self.look, self.transaction, TagSanitizer())
        self.administration = Administration(self.look, self.transaction, plain_syntax, audit)

    def look(self) -> MemoryReading:
        return MemoryReading(self.memory)

    def transaction(self) -> MemoryUnitOfWork:
        return MemoryUnitOfWork(self.memory)

    def register(self, name: str = "ada") -> tuple[SignedIn, str]:
        return self.accounts.register(
            name, f"{name}@example.org", GOOD_PASSWORD, replacing=None, client=CLIENT
        )

    def login(self, email: str = "ada@example.org", password: str = GOOD_PASSWORD, **options):
        options = {"remember": False, "replacing": None, "client": CLIENT} | options
        return self.sessions.login(email, password, **options)

    @property
    def events(self) -> list[Event]:
        return list(self.memory.tables.events.values())

    @property
    def tags(self) -> list[Tag]:
        return [event.tag for event in self.events]


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def ada(world: World) -> SignedIn:
    """Somebody who has registered and is logged in."""
    return world.register()[0]
