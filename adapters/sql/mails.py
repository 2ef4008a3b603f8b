from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy import JSON, Column, Integer, String, Table, and_, bindparam, case, func, or_, select

from adapters.sql.mapping import Newest, PersonalRows, Purge, Rows
from adapters.sql.tables import metadata
from adapters.sql.types import Id, Utc, Word
from domain.mails import KEEP_DELIVERED, PAUSES, Backlog, Mail, MailKind, MailStore, latest_try
from domain.paging import Page
from domain.users import LONGEST_EMAIL

mails = Table(
    "mails",
    metadata,
    Column("id", Id, primary_key=True),
    Column("kind", Word(MailKind), nullable=False),
    Column("user_id", Id, index=True),
    Column("recipient", String(LONGEST_EMAIL), nullable=False),
    Column("facts", JSON, nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("next_try_at", Utc, index=True),
    Column("attempts", Integer, nullable=False),
    Column("delivered_at", Utc, index=True),
    Column("parked_at", Utc),
    Column("last_error", String(255), nullable=False),
)

MAILS = Rows(Mail, mails)
# The results of `latest_try`, by attempts.
LATEST = {attempts: bindparam(f"latest_{attempts}", type_=Utc) for attempts in range(len(PAUSES) + 1)}
FROM_THE_FUTURE = mails.c.next_try_at > case(LATEST, value=mails.c.attempts, else_=LATEST[len(PAUSES)])
# Skips rows that another process has locked. (SQLite has no row locks: its units of work run one by one.)
DUE = (
    MAILS.select.where(
        or_(
            mails.c.next_try_at <= bindparam("now"),
            # The second condition implies the first, but only the first can use the index.
            and_(mails.c.next_try_at > bindparam("latest_0", type_=Utc), FROM_THE_FUTURE),
        )
    )
    .order_by(mails.c.next_try_at, mails.c.id)
    .limit(bindparam("limit"))
    .with_for_update(skip_locked=True)
)
LEASE = (
    mails.update()
    .where(mails.c.id.in_(bindparam("ids", expanding=True)))
    .values(next_try_at=bindparam("until"))
)
SAVED = ("recipient", "facts", "next_try_at", "attempts", "delivered_at", "parked_at", "last_error")
SAVE = (
    mails.update().where(mails.c.id == bindparam("its_id")).values({name: bindparam(name) for name in SAVED})
)
BACKLOG = select(func.count(mails.c.next_try_at), func.count(mails.c.parked_at)).where(
    mails.c.delivered_at.is_(None)
)
UNDELIVERED = Newest(MAILS, mails.c.delivered_at.is_(None))
DROP_WAITING = mails.delete().where(
    mails.c.user_id == bindparam("its_user_id"),
    mails.c.kind.in_(bindparam("kinds", expanding=True)),
    mails.c.next_try_at.is_not(None),
)
PURGE = Purge(mails.c.delivered_at)


class SqlMails(PersonalRows, MailStore):
    rows = MAILS

    def claim(self, now: datetime, until: datetime, limit: int) -> list[Mail]:
        latest = {moment.key: latest_try(now, attempts) for attempts, moment in LATEST.items()}
        found = [MAILS.read(row) for row in self.execute(DUE, {"now": now, "limit": limit, **latest})]
        if found:
            self.execute(LEASE, {"ids": [mail.id for mail in found], "until": until})
        return found

    def save(self, mail: Mail) -> None:
        values = MAILS.write(mail)
        self.execute(SAVE, {"its_id": mail.id, **{name: values[name] for name in SAVED}})

    def backlog(self) -> Backlog:
        return Backlog(*self.execute(BACKLOG).one())

    def undelivered(self, after: UUID | None, limit: int) -> Page[Mail]:
        return UNDELIVERED.page(self.execute, after, limit)

    def drop_waiting(self, user_id: UUID, kinds: Iterable[MailKind]) -> None:
        self.execute(DROP_WAITING, {"its_user_id": user_id, "kinds": list(kinds)})

    def purge(self, now: datetime, limit: int) -> int:
        return PURGE.rows(self.execute, now - KEEP_DELIVERED, limit)
