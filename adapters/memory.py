"""The same promises as adapters.sql, kept in dictionaries: for tests, and for trying an idea."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import datetime, timedelta
from math import ceil
from threading import RLock
from typing import Any, Protocol, Self, TypeVar
from uuid import UUID

from application.ports import (
    Clock,
    Events,
    Links,
    Outbox,
    Page,
    RateLimiter,
    Reading,
    Sessions,
    Teams,
    UnitOfWork,
    Users,
)
from domain.audit import Event, Tag
from domain.errors import Stale, TooManyAttempts
from domain.limits import Limit
from domain.links import Link, Purpose
from domain.mail import Backlog, Mail
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
    links: dict[str, Link] = field(default_factory=dict)
    outbox: dict[UUID, Mail] = field(default_factory=dict)

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
        self.tables, self.rows = tables, tables.users

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

    def delete(self, user_id: UUID) -> bool:
        for session in [*self.tables.sessions.values()]:
            if session.user_id == user_id:
                del self.tables.sessions[session.secret_hash]
        for key in [*self.tables.memberships]:
            if key[1] == user_id:
                del self.tables.memberships[key]
        return self.rows.pop(user_id, None) is not None

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

    def of(self, user_id: UUID, now: datetime) -> list[Session]:
        mine = [row for row in self.rows.values() if row.user_id == user_id and row.expires_at > now]
        mine.sort(key=lambda session: (session.last_seen_at, session.id), reverse=True)
        return [replace(session) for session in mine]

    def end_of(self, user_id: UUID, session_id: UUID) -> bool:
        mine = [row for row in self.rows.values() if (row.user_id, row.id) == (user_id, session_id)]
        return any(self.end(session.secret_hash) for session in mine)

    def end_all(self, user_id: UUID, but: UUID | None = None) -> int:
        mine = [row for row in self.rows.values() if row.user_id == user_id and row.id != but]
        return sum(self.end(session.secret_hash) for session in mine)

    def purge(self, now: datetime, limit: int) -> int:
        ended = [row for row in self.rows.values() if row.expires_at <= now][:limit]
        return sum(self.end(session.secret_hash) for session in ended)


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

    def delete_personal(self, user_id: UUID) -> None:
        for team, _ in self.of(user_id):
            if team.personal:
                del self.rows[team.id]
                for key in [key for key in self.memberships if key[0] == team.id]:
                    del self.memberships[key]


class MemoryEvents(Events):
    def __init__(self, tables: Tables) -> None:
        self.rows = tables.events

    def add(self, event: Event) -> None:
        self.rows[event.id] = event

    def about(self, user_id: UUID, after: UUID | None, limit: int) -> Page[Event]:
        mine = [(event.id, event) for event in self.rows.values() if event.user_id == user_id]
        return page(mine, after, limit)

    def user_agents(self, user_id: UUID) -> set[str]:
        logins = {Tag.REGISTERED, Tag.LOGGED_IN}
        return {row.user_agent for row in self.rows.values() if row.user_id == user_id and row.tag in logins}

    def forget(self, user_id: UUID) -> None:
        for event in [*self.rows.values()]:
            if event.user_id == user_id:
                self.rows[event.id] = replace(event, ip="", user_agent="")


class MemoryLinks(Links):
    def __init__(self, tables: Tables) -> None:
        self.rows = tables.links

    def add(self, link: Link) -> None:
        if any((row.user_id, row.purpose) == (link.user_id, link.purpose) for row in self.rows.values()):
            raise Stale
        self.rows[link.token_hash] = link

    def find(self, purpose: Purpose, token_hash: str, now: datetime) -> Link | None:
        link = self.rows.get(token_hash)
        return link if link and link.purpose is purpose and link.expires_at > now else None

    def consume(self, purpose: Purpose, token_hash: str, now: datetime) -> bool:
        good = self.find(purpose, token_hash, now) is not None
        if good:
            del self.rows[token_hash]
        return good

    def of(self, user_id: UUID) -> list[Link]:
        mine = [link for link in self.rows.values() if link.user_id == user_id]
        return sorted(mine, key=lambda link: link.id)

    def drop(self, user_id: UUID, purpose: Purpose | None = None) -> None:
        for link in self.of(user_id):
            if purpose in {None, link.purpose}:
                del self.rows[link.token_hash]

    def purge(self, now: datetime, limit: int) -> int:
        ended = [link for link in self.rows.values() if link.expires_at <= now][:limit]
        for link in ended:
            del self.rows[link.token_hash]
        return len(ended)


class MemoryOutbox(Outbox):
    def __init__(self, tables: Tables) -> None:
        self.rows = tables.outbox

    def add(self, mail: Mail) -> None:
        self.rows[mail.id] = replace(mail)

    def claim(self, now: datetime, until: datetime, limit: int) -> list[Mail]:
        due = [(mail.next_try_at, mail.id) for mail in self.rows.values() if mail.next_try_at]
        claimed = []
        for _, id in sorted(row for row in due if row[0] <= now)[:limit]:
            claimed.append(self.rows[id])
            self.rows[id] = replace(self.rows[id], next_try_at=until)
        return [replace(mail) for mail in claimed]

    def save(self, mail: Mail) -> None:
        if mail.id in self.rows:
            self.rows[mail.id] = replace(mail)

    def backlog(self) -> Backlog:
        return Backlog(
            waiting=sum(mail.next_try_at is not None for mail in self.rows.values()),
            parked=sum(mail.parked_at is not None for mail in self.rows.values()),
        )

    def page(self, after: UUID | None, limit: int) -> Page[Mail]:
        undelivered = [(row.id, replace(row)) for row in self.rows.values() if row.delivered_at is None]
        return page(undelivered, after, limit)

    def to(self, user_id: UUID) -> list[Mail]:
        mine = [replace(mail) for mail in self.rows.values() if mail.user_id == user_id]
        return sorted(mine, key=lambda mail: mail.id)

    def drop(self, user_id: UUID) -> None:
        for mail in [*self.rows.values()]:
            if mail.user_id == user_id:
                del self.rows[mail.id]

    def purge(self, delivered_before: datetime, limit: int) -> int:
        old = [row for row in self.rows.values() if row.delivered_at and row.delivered_at < delivered_before]
        for mail in old[:limit]:
            del self.rows[mail.id]
        return len(old[:limit])


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
        self.outbox = MemoryOutbox(self.tables)
        return self

    def __exit__(self, *exc: object) -> None:
        self.memory.lock.release()


class MemoryUnitOfWork(MemoryReading, UnitOfWork):
    """Holds the lock from beginning to end, so that one comes after the other."""

    def commit(self) -> None:
        self.memory.tables = self.tables.copy()


class MemoryLimiter(RateLimiter):
    def __init__(self, now: Clock) -> None:
        self.now = now
        self.lock = RLock()
        self.counters: dict[tuple[str, str], tuple[int, datetime]] = {}

    def count(self, limit: Limit, subject: str) -> None:
        with self.lock:
            now, key = self.now(), (limit.name, subject)
            count, end = self.counters.get(key, (0, now))
            if end <= now:
                count, end = 0, now + timedelta(seconds=limit.seconds)
            if count >= limit.times:
                raise TooManyAttempts(ceil((end - now).total_seconds()))
            self.counters[key] = count + 1, end

    def forget(self, limit: Limit, subject: str) -> None:
        self.counters.pop((limit.name, subject), None)

    def purge(self, limit: int) -> int:
        with self.lock:
            ended = [key for key, (_, end) in self.counters.items() if end <= self.now()][:limit]
            for key in ended:
                del self.counters[key]
        return len(ended)
