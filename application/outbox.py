"""Mail: written with the change it tells of, delivered by whoever has time."""

from dataclasses import dataclass
from uuid import UUID

from application.ports import Clock, Ids, Look, Mailer, MailNotSent, Page, Transaction, UnitOfWork
from domain.access import Actor, Permission
from domain.mail import LEASE, Backlog, Letter, Mail

# Sent one after the other under one lease: even at a minute each they are done before it ends.
CLAIMED_AT_ONCE = 5


@dataclass(frozen=True, slots=True)
class Letters:
    now: Clock
    new_id: Ids

    def write(self, work: UnitOfWork, letter: Letter, recipient: str, **facts: str) -> None:
        """Add the mail to `work`, so that it is sent when the change happens, and only then."""
        now = self.now()
        work.outbox.add(
            Mail(
                id=self.new_id(),
                letter=letter,
                recipient=recipient,
                facts=facts,
                created_at=now,
                next_try_at=now,
            )
        )

    def pretend(self, work: UnitOfWork, letter: Letter) -> None:
        """Add a mail to nobody that counts as delivered: what it costs is all that is wanted."""
        now = self.now()
        mail = Mail(id=self.new_id(), letter=letter, recipient="", facts={}, created_at=now, next_try_at=None)
        mail.delivered(now)
        work.outbox.add(mail)


@dataclass(frozen=True, slots=True)
class Delivery:
    look: Look
    transaction: Transaction
    mailer: Mailer
    now: Clock

    def deliver(self) -> int:
        """Try what is due, a few at a time; how many were tried.

        Claimed in one transaction and sent outside of any: a process that dies in between leaves mails that
        somebody sends again when the lease has ended.
        """
        now = self.now()
        with self.transaction() as work:
            claimed = work.outbox.claim(now, now + LEASE, CLAIMED_AT_ONCE)
            work.commit()
        for mail in claimed:
            try:
                self.mailer.send(mail)
            except MailNotSent as error:
                mail.failed(self.now(), str(error))
            else:
                mail.delivered(self.now())
            with self.transaction() as work:
                work.outbox.save(mail)
                work.commit()
        return len(claimed)

    def backlog(self) -> Backlog:
        with self.look() as stored:
            return stored.outbox.backlog()

    def undelivered(self, actor: Actor, after: UUID | None, limit: int) -> Page[Mail]:
        """What waits and what was given up, the newest first."""
        actor.require(Permission.SEE_MAIL)
        with self.look() as stored:
            return stored.outbox.page(after, limit)
