from datetime import datetime
from uuid import UUID

from sqlalchemy import Boolean, Column, Integer, String, Table, UniqueConstraint, bindparam, select

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

# More are not deleted at a time. There are never so many.
END_BATCH = 100

LOGINS = Rows(PendingLogin, logins)
ALIVE = (
    logins.c.secret_hash == bindparam("its_secret_hash"),
    logins.c.expires_at > bindparam("now"),
    logins.c.wrong_codes < MOST_WRONG_CODES,
)
FIND = LOGINS.select.where(*ALIVE)
END = logins.delete().where(*ALIVE)
COUNT = logins.update().where(logins.c.id == bindparam("its_id")).values(wrong_codes=logins.c.wrong_codes + 1)
# In one statement with the DELETE, MariaDB would read all logins of all users.
OLDEST = (
    select(logins.c.id)
    .where(logins.c.user_id == bindparam("its_user_id"))
    .order_by(logins.c.id.desc())
    .offset(bindparam("kept"))
    .limit(END_BATCH)
)
END_THESE = logins.delete().where(logins.c.id.in_(bindparam("ids", expanding=True)))
PURGE = Purge(logins.c.expires_at)


class SqlLogins(PersonalRows, LoginStore):
    rows = LOGINS

    def find(self, secret_hash: str, now: datetime) -> PendingLogin | None:
        return LOGINS.one(self.execute(FIND, {"its_secret_hash": secret_hash, "now": now}))

    def count_wrong_code(self, id: UUID) -> None:
        self.execute(COUNT, {"its_id": id})

    def end(self, secret_hash: str, now: datetime) -> bool:
        return self.execute(END, {"its_secret_hash": secret_hash, "now": now}).rowcount == 1

    def end_oldest(self, user_id: UUID, kept: int) -> None:
        ids = list(self.execute(OLDEST, {"its_user_id": user_id, "kept": kept}).scalars())
        if ids:
            self.execute(END_THESE, {"ids": ids})

    def purge(self, now: datetime, limit: int) -> int:
        return PURGE.rows(self.execute, now, limit)
