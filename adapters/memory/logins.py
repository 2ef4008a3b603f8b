from dataclasses import replace
from datetime import datetime
from uuid import UUID

from adapters.memory.rows import PersonalRows
from domain.logins import MOST_WRONG_CODES, LoginStore, PendingLogin


class MemoryLogins(PersonalRows, LoginStore):
    table = "logins"

    def find(self, secret_hash: str, now: datetime) -> PendingLogin | None:
        for login in self.rows.where(secret_hash=secret_hash):
            if login.expires_at > now and login.wrong_codes < MOST_WRONG_CODES:
                found: PendingLogin = login
                return found
        return None

    def count_wrong_code(self, id: UUID) -> None:
        for login in self.rows.where(id=id):
            self.rows.put(replace(login, wrong_codes=login.wrong_codes + 1))

    def end(self, secret_hash: str, now: datetime) -> bool:
        login = self.find(secret_hash, now)
        return login is not None and self.rows.delete(login)

    def end_oldest(self, user_id: UUID, kept: int) -> None:
        mine = self.rows.where(user_id=user_id)
        mine.sort(key=lambda login: login.id, reverse=True)
        self.rows.delete_all(mine[kept:])

    def purge(self, now: datetime, limit: int) -> int:
        return self.rows.delete_all([row for row in self.rows.where() if row.expires_at <= now][:limit])
