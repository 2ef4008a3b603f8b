from datetime import datetime
from uuid import UUID

from adapters.memory.rows import PersonalRows
from domain.sessions import Session, SessionStore
from domain.users import User


class MemorySessions(PersonalRows, SessionStore):
    table = "sessions"

    def find(self, secret_hash: str, now: datetime) -> tuple[Session, User] | None:
        for session in self.rows.where(secret_hash=secret_hash):
            if session.expires_at > now:
                return session, self.tables["users"].get(session.user_id)
        return None

    def touch(self, session: Session) -> None:
        for stored in self.rows.where(secret_hash=session.secret_hash):
            stored.last_seen_at, stored.expires_at = session.last_seen_at, session.expires_at
            stored.ip = session.ip
            self.rows.put(stored)

    def end(self, secret_hash: str) -> bool:
        return self.rows.delete_all(self.rows.where(secret_hash=secret_hash)) == 1

    def of(self, user_id: UUID, now: datetime) -> list[Session]:
        mine = [session for session in self.rows.where(user_id=user_id) if session.expires_at > now]
        return sorted(mine, key=lambda session: (session.last_seen_at, session.id), reverse=True)

    def end_of(self, user_id: UUID, session_id: UUID) -> bool:
        return self.rows.delete_all(self.rows.where(user_id=user_id, id=session_id)) == 1

    def end_others(self, user_id: UUID, kept: UUID) -> int:
        return self.rows.delete_all([row for row in self.rows.where(user_id=user_id) if row.id != kept])

    def purge(self, now: datetime, limit: int) -> int:
        return self.rows.delete_all([row for row in self.rows.where() if row.expires_at <= now][:limit])
