from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam

from adapters.sql.mapping import Execute, Rows, purge_of
from adapters.sql.tables import links
from application.ports import Links
from domain.links import Link, Purpose

LINKS = Rows(Link, links)
GOOD = (
    links.c.purpose == bindparam("its_purpose"),
    links.c.token_hash == bindparam("its_token_hash"),
    links.c.expires_at > bindparam("now"),
)
FIND = LINKS.select.where(*GOOD)
CONSUME = links.delete().where(*GOOD)
OF_USER = LINKS.select.where(links.c.user_id == bindparam("its_user_id")).order_by(links.c.id)
DROP = links.delete().where(links.c.user_id == bindparam("its_user_id"))
DROP_FOR = DROP.where(links.c.purpose == bindparam("its_purpose"))
PURGE = purge_of(links, links.c.expires_at <= bindparam("now"))


class SqlLinks(Links):
    def __init__(self, execute: Execute) -> None:
        self.execute = execute

    def add(self, link: Link) -> None:
        self.execute(LINKS.insert, LINKS.write(link))

    def find(self, purpose: Purpose, token_hash: str, now: datetime) -> Link | None:
        return LINKS.one(self.execute(FIND, _good(purpose, token_hash, now)))

    def consume(self, purpose: Purpose, token_hash: str, now: datetime) -> bool:
        return self.execute(CONSUME, _good(purpose, token_hash, now)).rowcount == 1

    def of(self, user_id: UUID) -> list[Link]:
        return [LINKS.read(row) for row in self.execute(OF_USER, {"its_user_id": user_id})]

    def drop(self, user_id: UUID, purpose: Purpose | None = None) -> None:
        if purpose is None:
            self.execute(DROP, {"its_user_id": user_id})
        else:
            self.execute(DROP_FOR, {"its_user_id": user_id, "its_purpose": purpose})

    def purge(self, now: datetime, limit: int) -> int:
        return self.execute(PURGE, {"now": now, "limit": limit}).rowcount


def _good(purpose: Purpose, token_hash: str, now: datetime) -> dict[str, object]:
    return {"its_purpose": purpose, "its_token_hash": token_hash, "now": now}
