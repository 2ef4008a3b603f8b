from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from adapters.memory.rows import PersonalRows, newest
from domain.mails import KEEP_DELIVERED, Backlog, Mail, MailKind, MailStore, latest_try
from domain.paging import Page

OUTCOME = ("recipient", "facts", "next_try_at", "attempts", "delivered_at", "parked_at", "last_error")


class MemoryMails(PersonalRows, MailStore):
    table = "mails"

    def claim(self, now: datetime, until: datetime, limit: int) -> list[Mail]:
        due = [
            mail
            for mail in self.rows.where()
            if mail.next_try_at and not now < mail.next_try_at <= latest_try(now, mail.attempts)
        ]
        claimed = sorted(due, key=lambda mail: (mail.next_try_at, mail.id))[:limit]
        for mail in claimed:
            self.rows.put(replace(mail, next_try_at=until))
        return claimed

    def save(self, mail: Mail) -> None:
        stored = self.rows.get(mail.id)
        if stored:
            outcome = {name: getattr(mail, name) for name in OUTCOME}
            self.rows.put(replace(stored, **outcome))

    def backlog(self) -> Backlog:
        mails = self.rows.where(delivered_at=None)
        return Backlog(
            waiting=sum(mail.next_try_at is not None for mail in mails),
            parked=sum(mail.parked_at is not None for mail in mails),
        )

    def undelivered(self, after: UUID | None, limit: int) -> Page[Mail]:
        return newest(self.rows.where(delivered_at=None), after, limit)

    def drop_waiting(self, user_id: UUID, kinds: Iterable[MailKind]) -> None:
        mine, dropped = self.rows.where(user_id=user_id), set(kinds)
        self.rows.delete_all([mail for mail in mine if mail.kind in dropped and mail.next_try_at])

    def purge(self, now: datetime, limit: int) -> int:
        before = now - KEEP_DELIVERED
        old = [mail for mail in self.rows.where() if mail.delivered_at and mail.delivered_at <= before]
        return self.rows.delete_all(old[:limit])
