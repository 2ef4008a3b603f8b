"""The use cases over memory and fakes, without I/O."""

from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from dependency_injector import providers

from adapters.memory.limits import MemoryLimiter
from adapters.memory.unit_of_work import Memory, MemoryReading, MemoryUnitOfWork
from application.wiring import parts_of
from domain.access import SignedIn
from domain.events import Event, Tag
from domain.links import Purpose
from domain.mails import Mail, MailKind
from domain.sessions import SessionLife
from domain.two_factor import STEP_SECONDS
from entrypoints.container import Container
from tests.fakes import (
    Counting,
    FakeClock,
    FakeMailer,
    PlainHasher,
    StepCodes,
    TagSanitizer,
    long_is_strong,
    plain_syntax,
)
from tests.samples import CLIENT, GOOD_PASSWORD

LIFE = SessionLife(timedelta(hours=12), timedelta(days=14), timedelta(days=90))

# The container's services, in its order: each stands below the services that it uses.
SERVICES = {
    name: provider.cls
    for name, provider in Container.providers.items()
    if isinstance(provider, providers.Factory)
}


@dataclass
class World:
    """All services of the container, wired by name over memory and fakes."""

    memory: Memory = field(default_factory=Memory)
    clock: FakeClock = field(default_factory=FakeClock)
    count: Counting = field(default_factory=Counting)
    hasher: PlainHasher = field(default_factory=PlainHasher)
    mailer: FakeMailer = field(default_factory=FakeMailer)

    def __post_init__(self) -> None:
        self.now, self.new_id, self.new_secret = self.clock, self.count.id, self.count.secret
        self.limiter = MemoryLimiter(self.clock)
        self.syntax, self.strength, self.sanitizer = plain_syntax, long_is_strong, TagSanitizer()
        self.one_time_codes = StepCodes()
        self.check = lambda: None  # memory is always ready
        self.openapi = dict
        self.session_life, self.link_lifetimes = LIFE, {purpose: purpose.lifetime for purpose in Purpose}

        for name, kind in SERVICES.items():
            setattr(self, name, self.wire(kind))

    def wire(self, kind):
        return kind(**parts_of(kind, vars(self) | {"look": self.look, "transaction": self.transaction}))

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

    def code(self, steps: int = 0) -> str:
        """The right code of the present time step, or of one beside it."""
        return self.one_time_codes.code(int(self.clock().timestamp()) // STEP_SECONDS + steps)

    def set_up(self, actor: SignedIn) -> list[str]:
        """Switch the second factor on. Return the recovery codes. The code of this time step is used up."""
        self.two_factor.begin(actor, GOOD_PASSWORD)
        return self.two_factor.confirm(actor, self.code())

    def rows(self, table: str) -> list:
        """The stored rows of a table, in the order of their keys."""
        return self.memory.tables[table].where()

    @property
    def waiting(self) -> list[Mail]:
        """Mails that wait to be sent, oldest first."""
        return [mail for mail in self.rows("mails") if mail.next_try_at]

    def token(self, kind: MailKind) -> str:
        """The token of the last link that was sent by this kind of mail."""
        return [mail for mail in self.waiting if mail.kind == kind][-1].facts["token"]

    @property
    def recorded(self) -> list[Event]:
        return self.rows("events")

    @property
    def tags(self) -> list[Tag]:
        return [event.tag for event in self.recorded]


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def ada(world: World) -> SignedIn:
    """A registered user with a session."""
    return world.register()[0]
