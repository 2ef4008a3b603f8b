"""The same promises as adapters.sql, kept in dictionaries: for tests, and for trying an idea."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from threading import RLock
from typing import Any, Protocol, Self, TypeVar
from uuid import UUID

from application.ports import Events, Page, Reading, Sessions, Teams, UnitOfWork, Users
from domain.audit import Event
from domain.errors import Stale
from domain.sessions import Session
from domain.teams import Membership, Team
from domain.users import EmailTaken, Role, User, UsernameTaken

T = TypeVar("T")


@dataclass
class Tables:
    users: dict[UUID, User] = field(default_factory=dict)
    sessions: dict[str, Session] = field(default_factory=dict)
    teams: dict[UUID, Team] = field(default_factory=dict)
    memberships: dict[tuple[UUID, UUID], Membership] = field(default_factory=dict)
    events: dict[UUID, Event] = field(default_factory=dict)

    def copy(self) -> Self:
        """Copies the dictionaries only: what is in them is replaced, never changed."""
        return replace(self, **{table.name: dict(getattr(self, table.name)) for table in fields(self)})


@dataclass
class Memory:
    tables: Tables = field(default_factory=Tables)
    lock: RLock = field(default_factory=RLock)


class Versioned(Protocol):
    version: int


def unchanged(rows: Mapping[UUID, Versioned], entity: Any) -> None:
    """Raise Stale unless what is stored is still what was read."""
    if entity.id not in rows or rows[entity.id].version != entity.version:
        raise Stale


def page(rows: list[tuple[UUID, T]], after: UUID | None, limit: int) -> Page[T]:
    rows = sorted(((id, row) for id, row in rows if after is None or id < after), key=lambda row: row[0])
    rows = rows[::-1]
    return Page(
        [row for _, row in rows[:limit]],
        rows[limit - 1][0] if len(rows) > limit else None,
    )


class MemoryUsers(Users):
    def __init__(self, tables: Tables) -> None:
        self.rows = tables.users

    def add(self, user: User) -> None:
        self._unique(user)
        self.rows[user.id] = replace(user, roles=frozenset())

    def get(self, id: UUID) -> User | None:
        return replace(self.rows[id]) if id in self.rows else None

    def by_email(self, email: str) -> User | None:
        return next((replace(user) for user in self.rows.values() if user.email == email), None)

    def save(self, user: User) -> None:
        unchanged(self.rows, user)
        self._unique(user)
        user.version += 1
        self.rows[user.id] = replace(user, roles=self.rows[user.id].roles)

    def grant(self, user_id: UUID, role: Role) -> None:
        user = self.rows.get(user_id)
        if user is None or role in user.roles:
            raise Stale
        self.rows[user_id] = replace(user, roles=user.roles | {role})

    def revoke(self, user_id: UUID, role: Role) -> bool:
        user = self.rows.get(user_id)
        if user is None or role not in user.roles:
            return False
        self.rows[user_id] = replace(user, roles=user.roles - {role})
        return True

    def holders(self, role: Role) -> set[UUID]:
        return {user.id for user in self.rows.values() if role in user.roles}

    def page(self, search: str, after: UUID | None, limit: int) -> Page[User]:
        wanted = search.casefold()
        found = [
            (user.id, replace(user))
            for user in self.rows.values()
            if wanted in user.email or wanted in user.username_key
        ]
        return page(found, after, limit)

    def _unique(self, user: User) -> None:
        others = [other for other in self.rows.values() if other.id != user.id]
        if any(other.email == user.email for other in others):
            raise EmailTaken
        if any(other.username_key == user.username_key for other in others):
            raise UsernameTaken


class MemorySessions(Sessions):
    def __init__(self, tables: Tables) -> None:
        self.rows, self.users = tables.sessions, tables.users

    def add(self, session: Session) -> None:
        if session.user_id not in self.users:
            raise Stale
        self.rows[session.secret_hash] = replace(session)

    def find(self, secret_hash: str, now: datetime) -> tuple[Session, User] | None:
        session = self.rows.get(secret_hash)
        if session is None or session.expires_at <= now:
            return None
        return replace(session), replace(self.users[session.user_id])

    def touch(self, session: Session) -> None:
        if session.secret_hash in self.rows:
            self.rows[session.secret_hash] = replace(session)

    def end(self, secret_hash: str) -> bool:
        return self.rows.pop(secret_hash, None) is not None


class MemoryTeams(Teams):
    def __init__(self, tables: Tables) -> None:
        self.rows, self.memberships = tables.teams, tables.memberships

    def add(self, team: Team) -> None:
        self.rows[team.id] = replace(team)

    def get(self, id: UUID) -> Team | None:
        return replace(self.rows[id]) if id in self.rows else None

    def save(self, team: Team) -> None:
        unchanged(self.rows, team)
        team.version += 1
        self.rows[team.id] = replace(team)

    def add_member(self, membership: Membership) -> None:
        self.memberships[membership.team_id, membership.user_id] = replace(membership)

    def membership(self, team_id: UUID, user_id: UUID) -> Membership | None:
        found = self.memberships.get((team_id, user_id))
        return replace(found) if found else None

    def of(self, user_id: UUID) -> list[tuple[Team, Membership]]:
        mine = [found for found in self.memberships.values() if found.user_id == user_id]
        return [
            (replace(self.rows[found.team_id]), replace(found))
            for found in sorted(mine, key=lambda found: found.team_id)
        ]


class MemoryEvents(Events):
    def __init__(self, tables: Tables) -> None:
        self.rows = tables.events

    def add(self, event: Event) -> None:
        self.rows[event.id] = event

    def about(self, user_id: UUID, after: UUID | None, limit: int) -> Page[Event]:
        mine = [(event.id, event) for event in self.rows.values() if event.user_id == user_id]
        return page(mine, after, limit)


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
        return self

    def __exit__(self, *exc: object) -> None:
        self.memory.lock.release()


class MemoryUnitOfWork(MemoryReading, UnitOfWork):
    """Holds the lock from beginning to end, so that one comes after the other."""

    def commit(self) -> None:
        self.memory.tables = self.tables.copy()
