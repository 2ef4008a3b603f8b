from dataclasses import replace
from datetime import datetime
from uuid import UUID

from adapters.memory.rows import PersonalRows, newest
from domain.paging import Page
from domain.tokens import Token, TokenStore
from domain.users import User


class MemoryTokens(PersonalRows, TokenStore):
    table = "tokens"

    def find(self, token_hash: str, now: datetime) -> tuple[Token, User] | None:
        for token in self.rows.where(token_hash=token_hash):
            if _valid(token, now):
                return token, self.tables["users"].get(token.user_id)
        return None

    def touch(self, token_id: UUID, now: datetime) -> None:
        for token in self.rows.where(id=token_id):
            if token.due(now):
                self.rows.put(replace(token, last_used_at=now))

    def of(self, user_id: UUID, now: datetime, after: UUID | None, limit: int) -> Page[Token]:
        return newest(
            [token for token in self.rows.where(user_id=user_id) if _valid(token, now)], after, limit
        )

    def count(self, user_id: UUID, now: datetime) -> int:
        return len([token for token in self.rows.where(user_id=user_id) if _valid(token, now)])

    def revoke(self, user_id: UUID, token_id: UUID) -> bool:
        return self.rows.delete_all(self.rows.where(user_id=user_id, id=token_id)) == 1

    def purge(self, now: datetime, limit: int) -> int:
        return self.rows.delete_all([token for token in self.rows.where() if not _valid(token, now)][:limit])


def _valid(token: Token, now: datetime) -> bool:
    return token.expires_at is None or token.expires_at > now
