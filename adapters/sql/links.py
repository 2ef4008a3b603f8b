from datetime import datetime
from uuid import UUID

from sqlalchemy import Column, String, Table, UniqueConstraint, bindparam

from adapters.sql.mapping import PersonalRows, Purge, Rows
from adapters.sql.tables import metadata
from adapters.sql.types import Id, Utc, Word
from domain.errors import Stale
from domain.links import Link, LinkStore, Purpose
from domain.users import LONGEST_EMAIL

# No foreign key: a request for an address without an account stores a link to no user.
links = Table(
    "links",
    metadata,
    Column("id", Id, primary_key=True),
    Column("user_id", Id, nullable=False),
    Column("purpose", Word(Purpose), nullable=False),
    Column("token_hash", String(64), nullable=False),
    Column("email", String(LONGEST_EMAIL), nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("expires_at", Utc, nullable=False, index=True),
    UniqueConstraint("token_hash"),
    UniqueConstraint("user_id", "purpose", info={"raises": Stale}),
)

LINKS = Rows(Link, links)
GOOD = (
    links.c.purpose == bindparam("its_purpose"),
    links.c.token_hash == bindparam("its_token_hash"),
    links.c.expires_at > bindparam("now"),
)
FIND = LINKS.select.where(*GOOD)
CONSUME = links.delete().where(*GOOD)
DROP = links.delete().where(
    links.c.user_id == bindparam("its_user_id"), links.c.purpose == bindparam("its_purpose")
)
PURGE = Purge(links.c.expires_at)


class SqlLinks(PersonalRows, LinkStore):
    rows = LINKS

    def find(self, purpose: Purpose, token_hash: str, now: datetime) -> Link | None:
        return LINKS.one(self.execute(FIND, _good(purpose, token_hash, now)))

    def consume(self, purpose: Purpose, token_hash: str, now: datetime) -> bool:
        return self.execute(CONSUME, _good(purpose, token_hash, now)).rowcount == 1

    def drop(self, user_id: UUID, purpose: Purpose) -> None:
        self.execute(DROP, {"its_user_id": user_id, "its_purpose": purpose})

    def purge(self, now: datetime, limit: int) -> int:
        return PURGE.rows(self.execute, now, limit)


def _good(purpose: Purpose, token_hash: str, now: datetime) -> dict[str, object]:
    return {"its_purpose": purpose, "its_token_hash": token_hash, "now": now}
