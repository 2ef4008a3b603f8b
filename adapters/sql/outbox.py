from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, func, select

from adapters.sql.mapping import Execute, Newest, Rows, purge_of
from adapters.sql.tables import outbox
from application.ports import Outbox, Page
from domain.mail import Backlog, Mail

MAILS = Rows(Mail, outbox)
# Who comes at the same time takes others: rows that somebody holds are passed over (SQLite has no row locks,
# its units of work come one after the other).
DUE = (
    MAILS.select.where(outbox.c.next_try_at <= bindparam("now"))
    .order_by(outbox.c.next_try_at, outbox.c.id)
    .limit(bindparam("limit"))
    .with_for_update(skip_locked=True)
)
LEASE = (
    outbox.update()
    .where(outbox.c.id.in_(bindparam("ids", expanding=True)))
    .values(next_try_at=bindparam("until"))
)
SAVED = ("facts", "next_try_at", "attempts", "delivered_at", "parked_at", "last_error")
SAVE = (
    outbox.update()
    .where(outbox.c.id == bindparam("its_id"))
    .values({name: bindparam(name) for name in SAVED})
)
BACKLOG = select(
    func.count(outbox.c.next_try_at),
    func.count(outbox.c.parked_at),
).where(outbox.c.delivered_at.is_(None))
UNDELIVERED = Newest(MAILS, outbox.c.delivered_at.is_(None))
TO = MAILS.select.where(outbox.c.user_id == bindparam("its_user_id")).order_by(outbox.c.id)
DROP = outbox.delete().where(outbox.c.user_id == bindparam("its_user_id"))
PURGE = purge_of(outbox, outbox.c.delivered_at < bindparam("now"))


class SqlOutbox(Outbox):
    def __init__(self, execute: Execute) -> None:
        self.execute = execute

    def add(self, mail: Mail) -> None:
        self.execute(MAILS.insert, MAILS.write(mail))

    def claim(self, now: datetime, until: datetime, limit: int) -> list[Mail]:
        found = [MAILS.read(row) for row in self.execute(DUE, {"now": now, "limit": limit})]
        if found:
            self.execute(LEASE, {"ids": [mail.id for mail in found], "until": until})
        return found

    def save(self, mail: Mail) -> None:
        values = MAILS.write(mail)
        self.execute(SAVE, {"its_id": mail.id, **{name: values[name] for name in SAVED}})

    def backlog(self) -> Backlog:
        return Backlog(*self.execute(BACKLOG).one())

    def page(self, after: UUID | None, limit: int) -> Page[Mail]:
        return UNDELIVERED.page(self.execute, after, limit)

    def to(self, user_id: UUID) -> list[Mail]:
        return [MAILS.read(row) for row in self.execute(TO, {"its_user_id": user_id})]

    def drop(self, user_id: UUID) -> None:
        self.execute(DROP, {"its_user_id": user_id})

    def purge(self, delivered_before: datetime, limit: int) -> int:
        return self.execute(PURGE, {"now": delivered_before, "limit": limit}).rowcount
