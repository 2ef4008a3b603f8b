"""The use cases over memory: no I/O, so that all of it takes about a second."""

from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from adapters.memory import Memory, MemoryLimiter, MemoryReading, MemoryUnitOfWork
from application.accounts import Accounts
from application.administration import Administration
from application.attempts import Attempts
from application.audit import Audit
from application.confirmation import Confirmation
from application.emails import Emails
from application.housekeeping import Housekeeping
from application.links import Links
from application.outbox import Delivery, Letters
from application.passwords import Passwords
from application.sessions import Sessions
from application.teams import Teams
from domain.access import SignedIn
from domain.audit import Event, Tag
from domain.links import LinkLife
from domain.mail import Letter, Mail
from domain.sessions import SessionLife
from tests.fakes import (
    Counting,
    FakeClock,
    FakeMailer,
    PlainHasher,
    TagSanitizer,
    long_is_strong,
    plain_syntax,
)
from tests.samples import CLIENT, GOOD_PASSWORD

LINK_LIFE = LinkLife(verify=timedelta(days=1), reset=timedelta(minutes=30))
LIFE = SessionLife(timedelta(hours=12), timedelta(days=14), timedelta(days=90))


@dataclass
class World:
    """Everything there is, in memory."""

    memory: Memory = field(default_factory=Memory)
    clock: FakeClock = field(default_factory=FakeClock)
    count: Counting = field(default_factory=Counting)
    hasher: PlainHasher = field(default_factory=PlainHasher)
    mailer: FakeMailer = field(default_factory=FakeMailer)

    def __post_init__(self) -> None:
        limiter = MemoryLimiter(self.clock)
        audit = Audit(self.clock, self.count.id)
        attempts = Attempts(limiter)
        letters = Letters(self.clock, self.count.id)
        links = Links(letters, LINK_LIFE, self.clock, self.count.id, self.count.secret)
        confirmation = Confirmation(self.transaction, self.hasher, attempts, audit)
        self.sessions = Sessions(
            look=self.look,
            transaction=self.transaction,
            hasher=self.hasher,
            syntax=plain_syntax,
            attempts=attempts,
            letters=letters,
            audit=audit,
            life=LIFE,
            now=self.clock,
            new_id=self.count.id,
            new_secret=self.count.secret,
        )
        self.accounts = Accounts(
            look=self.look,
            transaction=self.transaction,
            confirmation=confirmation,
            sessions=self.sessions,
            links=links,
            attempts=attempts,
            hasher=self.hasher,
            strength=long_is_strong,
            syntax=plain_syntax,
            audit=audit,
            now=self.clock,
            new_id=self.count.id,
        )
        self.emails = Emails(
            transaction=self.transaction,
            confirmation=confirmation,
            links=links,
            letters=letters,
            syntax=plain_syntax,
            attempts=attempts,
            audit=audit,
            now=self.clock,
        )
        self.passwords = Passwords(
            look=self.look,
            transaction=self.transaction,
            confirmation=confirmation,
            sessions=self.sessions,
            links=links,
            letters=letters,
            hasher=self.hasher,
            strength=long_is_strong,
            syntax=plain_syntax,
            attempts=attempts,
            audit=audit,
        )
        self.delivery = Delivery(self.look, self.transaction, self.mailer, self.clock)
        self.housekeeping = Housekeeping(self.transaction, limiter, self.clock)
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
    def mails(self) -> list[Mail]:
        """What waits to be sent, the oldest first."""
        return [mail for mail in self.memory.tables.outbox.values() if mail.next_try_at]

    def token(self, letter: Letter) -> str:
        """Of the link that was last sent with such a letter."""
        return [mail for mail in self.mails if mail.letter == letter][-1].facts["token"]

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
