from datetime import datetime
from uuid import UUID

from adapters.memory.rows import PersonalRows
from domain.links import Link, LinkStore, Purpose


class MemoryLinks(PersonalRows, LinkStore):
    table = "links"

    def find(self, purpose: Purpose, token_hash: str, now: datetime) -> Link | None:
        found = self.rows.where(purpose=purpose, token_hash=token_hash)
        return next((link for link in found if link.expires_at > now), None)

    def consume(self, purpose: Purpose, token_hash: str, now: datetime) -> bool:
        link = self.find(purpose, token_hash, now)
        return link is not None and self.rows.delete(link)

    def drop(self, user_id: UUID, purpose: Purpose) -> None:
        self.rows.delete_all(self.rows.where(user_id=user_id, purpose=purpose))

    def purge(self, now: datetime, limit: int) -> int:
        return self.rows.delete_all([link for link in self.rows.where() if link.expires_at <= now][:limit])
