from datetime import datetime
from uuid import UUID

from sqlalchemy import Boolean, Column, Integer, String, Table, UniqueConstraint, bindparam

from adapters.sql.mapping import PersonalRows, Purge, Rows
from adapters.sql.tables import metadata, user_id
from adapters.sql.types import Id, Utc
from domain.logins import MOST_WRONG_CODES, LoginStore, PendingLogin

logins = Table(
    "logins",
    metadata,
    Column("id", Id, primary_key=True),
    user_id(index=True),
    Column("secret_hash", String(64), nullable=False),
    Column("remembered", Boolean(create_constraint=False), nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("expires_at", Utc, nullable=False, index=True),
    Column("wrong_codes", Integer, nullable=False),
    UniqueConstraint("secret_hash"),
)

LOGINS = Rows(PendingLogin, logins)
ALIVE = (
    logins.c.secret_hash == bindparam("its_secret_hash"),
    logins.c.expires_at > bindparam("now"),
    logins.c.wrong_codes < MOST_WRONG_CODES,
)
FIND = LOGINS.select.where(*ALIVE)
END = logins.delete().where(*ALIVE)
COUNT = logins.update().where(logins.c.id == bindparam("its_id")).values(wrong_codes=logins.c.wrong_codes + 1)
PURGE = Purge(logins.c.expires_at)


class SqlLogins(PersonalRows, LoginStore):
    rows = LOGINS

    def find(self, secret_hash: str, now: datetime) -> PendingLogin | None:
        return LOGINS.one(self.execute(FIND, {"its_secret_hash": secret_hash, "now": now}))

    def count_wrong_code(self, id: UUID) -> None:
        self.execute(COUNT, {"its_id": id})

    def end(self, secret_hash: str, now: datetime) -> bool:
        return self.execute(END, {"its_secret_hash": secret_hash, "now": now}).rowcount == 1

    def purge(self, now: datetime, limit: int) -> int:
        return PURGE.rows(self.execute, now, limit)
