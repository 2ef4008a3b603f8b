"""Mail: written with the change it tells of, delivered by whoever has time."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from application.ports import Clock, Ids, Look, Mailer, MailNotSent, Page, Transaction, UnitOfWork, page_size
from domain.access import Actor, Permission
from domain.mail import LEASE, Backlog, Letter, Mail
from domain.users import User

log = logging.getLogger(__name__)

# Sent one after the other under one lease: even if each step of each takes as long as it may, they are done
# before it ends.
CLAIMED_AT_ONCE = 3


@dataclass(frozen=True, slots=True)
class Letters:
    now: Clock
    new_id: Ids

    def write(self, work: UnitOfWork, letter: Letter, user: User, recipient: str, **facts: str) -> None:
        """Add the mail to `work`, so that it is sent when the change happens, and only then."""
        now = self.now()
        work.outbox.add(
            Mail(
                id=self.new_id(),
                letter=letter,
                user_id=user.id,
                recipient=recipient,
                facts={"username": user.username, **facts},
                created_at=now,
                next_try_at=now,
            )
        )

    def pretend(self, work: UnitOfWork, letter: Letter) -> None:
        """Add a mail to nobody that counts as delivered: what it costs is all that is wanted."""
        now = self.now()
        mail = Mail(
            id=self.new_id(),
            letter=letter,
            user_id=None,
            recipient="",
            facts={},
            created_at=now,
            next_try_at=None,
        )
        mail.delivered(now)
        work.outbox.add(mail)


@dataclass(frozen=True, slots=True)
class Delivery:
    look: Look
    transaction: Transaction
    mailer: Mailer
    now: Clock

    def deliver(self, stopping: Callable[[], bool] = lambda: False) -> int:
        """Try what is due, a few at a time; how many were claimed. When `stopping`, finish the one in hand.

        Claimed in one transaction and sent outside of any: a process that dies in between leaves mails that
        somebody sends again when the lease has ended.
        """
        now = self.now()
        with self.transaction() as work:
            claimed = work.outbox.claim(now, now + LEASE, CLAIMED_AT_ONCE)
            work.commit()
        for mail in claimed:
            if stopping():
                mail.next_try_at = now  # for somebody else, at once
            else:
                self._send(mail)
            with self.transaction() as work:
                work.outbox.save(mail)
                work.commit()
        return len(claimed)

    def _send(self, mail: Mail) -> None:
        try:
            self.mailer.send(mail)
        except MailNotSent as error:
            mail.failed(self.now(), str(error))
        except Exception as error:
            # Our fault, but not the fault of the mails behind it.
            log.exception("a mail could not be written")
            mail.failed(self.now(), f"it could not be written ({type(error).__name__})")
        else:
            mail.delivered(self.now())

    def backlog(self) -> Backlog:
        with self.look() as stored:
            return stored.outbox.backlog()

    def undelivered(self, actor: Actor, after: UUID | None, limit: int) -> Page[Mail]:
        """What waits and what was given up, the newest first."""
        actor.require(Permission.SEE_MAIL)
        with self.look() as stored:
            return stored.outbox.page(after, page_size(limit))
