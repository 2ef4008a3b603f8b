from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from adapters.memory.rows import PersonalRows, newest
from domain.paging import Page
from domain.sessions import Session, SessionStore
from domain.users import User


class MemorySessions(PersonalRows, SessionStore):
    table = "sessions"

    def find(self, secret_hash: str, now: datetime) -> tuple[Session, User] | None:
        for session in self.rows.where(secret_hash=secret_hash):
            if session.expires_at > now:
                return session, self.tables["users"].get(_user_id(session, now))
        return None

    def users(self, session_ids: Collection[UUID], now: datetime) -> dict[UUID, UUID]:
        return {
            session.id: _user_id(session, now)
            for session in self.rows.where()
            if session.id in session_ids and session.expires_at > now
        }

    def act_as(self, session_id: UUID, user_id: UUID | None, until: datetime | None) -> None:
        for session in self.rows.where(id=session_id):
            self.rows.put(replace(session, acting_as_id=user_id, acting_until=until))

    def prove(self, session_id: UUID, at: datetime) -> None:
        for session in self.rows.where(id=session_id):
            self.rows.put(replace(session, proven_at=at))

    def end_acting(self, user_id: UUID) -> None:
        for session in self.rows.where():
            if session.acting_as_id and user_id in (session.user_id, session.acting_as_id):
                self.act_as(session.id, None, None)

    def touch(self, session: Session) -> None:
        for stored in self.rows.where(secret_hash=session.secret_hash):
            stored.last_seen_at, stored.expires_at = session.last_seen_at, session.expires_at
            stored.ip = session.ip
            self.rows.put(stored)

    def end(self, secret_hash: str) -> bool:
        return self.rows.delete_all(self.rows.where(secret_hash=secret_hash)) == 1

    def of(self, user_id: UUID, now: datetime, after: UUID | None, limit: int) -> Page[Session]:
        mine = [session for session in self.rows.where(user_id=user_id) if session.expires_at > now]
        return newest(mine, after, limit)

    def end_of(self, user_id: UUID, session_id: UUID) -> bool:
        return self.rows.delete_all(self.rows.where(user_id=user_id, id=session_id)) == 1

    def end_others(self, user_id: UUID, kept: UUID) -> int:
        return self.rows.delete_all([row for row in self.rows.where(user_id=user_id) if row.id != kept])

    def end_oldest(self, user_id: UUID, kept: int, limit: int) -> None:
        mine = self.rows.where(user_id=user_id)
        mine.sort(key=lambda session: (session.last_seen_at, session.id), reverse=True)
        self.rows.delete_all(mine[kept : kept + limit])

    def purge(self, now: datetime, limit: int) -> int:
        return self.rows.delete_all([row for row in self.rows.where() if row.expires_at <= now][:limit])


def _user_id(session: Session, now: datetime) -> UUID:
    acts = session.acting_until and session.acting_until > now
    return (acts and session.acting_as_id) or session.user_id
