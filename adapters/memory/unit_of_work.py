"""The unit of work in memory, for tests and experiments. It passes the same contract tests as SQL."""

from dataclasses import dataclass, field
from threading import RLock
from typing import Self

from adapters.memory.devices import MemoryDevices
from adapters.memory.events import MemoryEvents
from adapters.memory.invitations import MemoryInvitations
from adapters.memory.links import MemoryLinks
from adapters.memory.logins import MemoryLogins
from adapters.memory.mails import MemoryMails
from adapters.memory.sessions import MemorySessions
from adapters.memory.tables import Tables
from adapters.memory.teams import MemoryTeams
from adapters.memory.tokens import MemoryTokens
from adapters.memory.two_factor import MemoryTwoFactor
from adapters.memory.users import MemoryUsers
from application.ports import Reading, UnitOfWork


@dataclass
class Memory:
    tables: Tables = field(default_factory=Tables)
    lock: RLock = field(default_factory=RLock)


class MemoryReading(Reading):
    def __init__(self, memory: Memory) -> None:
        self.memory = memory

    def __enter__(self) -> Self:
        self.memory.lock.acquire()
        self.tables = self.memory.tables.copy()
        self.users = MemoryUsers(self.tables)
        self.sessions = MemorySessions(self.tables)
        self.teams = MemoryTeams(self.tables)
        self.events = MemoryEvents(self.tables)
        self.links = MemoryLinks(self.tables)
        self.mails = MemoryMails(self.tables)
        self.devices = MemoryDevices(self.tables)
        self.invitations = MemoryInvitations(self.tables)
        self.tokens = MemoryTokens(self.tables)
        self.logins = MemoryLogins(self.tables)
        self.two_factor = MemoryTwoFactor(self.tables)
        return self

    def __exit__(self, *exc: object) -> None:
        self.memory.lock.release()


class MemoryUnitOfWork(MemoryReading, UnitOfWork):
    """Holds the lock until it ends, so units of work run one by one."""

    def commit(self) -> None:
        self.memory.tables = self.tables.copy()
