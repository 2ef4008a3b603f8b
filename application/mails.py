"""Mail: stored with the change that it tells of, delivered later."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from application.ports import Clock, Ids, Look, Mailer, MailNotSent, Transaction, UnitOfWork
from domain.access import Actor, Permission
from domain.mails import LEASE, Backlog, Mail, MailKind
from domain.paging import Page, page_size
from domain.users import User

log = logging.getLogger(__name__)

# Sent one after the other under one lease. They are done before it ends, even when every step times out.
CLAIMED_AT_ONCE = 3


@dataclass(frozen=True, slots=True)
class Mails:
    now: Clock
    new_id: Ids

    def write(self, work: UnitOfWork, kind: MailKind, user: User, recipient: str, **facts: str) -> None:
        """Add the mail to `work`: it is sent when the change happens, and only then."""
        work.mails.add(self._mail(kind, user.id, recipient, {"username": user.username, **facts}))

    def write_last(self, work: UnitOfWork, kind: MailKind, user: User) -> None:
        """A mail to a user that `work` has deleted. It belongs to no account any more."""
        work.mails.add(self._mail(kind, None, user.email, {"username": user.username}))

    def pretend(self, work: UnitOfWork, kind: MailKind) -> None:
        """Add a mail without recipient that counts as delivered: only its cost matters."""
        mail = self._mail(kind, None, "", {})
        mail.delivered(mail.created_at)
        work.mails.add(mail)

    def _mail(self, kind: MailKind, user_id: UUID | None, recipient: str, facts: dict[str, str]) -> Mail:
        now = self.now()
        return Mail(
            id=self.new_id(),
            kind=kind,
            user_id=user_id,
            recipient=recipient,
            facts=facts,
            created_at=now,
            next_try_at=now,
        )


@dataclass(frozen=True, slots=True)
class Delivery:
    look: Look
    transaction: Transaction
    mailer: Mailer
    now: Clock

    def deliver(self, stopping: Callable[[], bool] = lambda: False) -> int:
        """Send a few mails that are due. Returns how many. When `stopping`, finish the current one.

        They are claimed in one transaction and sent outside of any. When the process dies in between, they
        are sent again after the lease.
        """
        now = self.now()
        with self.transaction() as work:
            claimed = work.mails.claim(now, now + LEASE, CLAIMED_AT_ONCE)
            work.commit()
        for mail in claimed:
            if stopping():
                mail.next_try_at = now  # for another process, at once
            else:
                self._send(mail)
            with self.transaction() as work:
                work.mails.save(mail)
                work.commit()
        return len(claimed)

    def _send(self, mail: Mail) -> None:
        try:
            self.mailer.send(mail)
        except MailNotSent as error:
            mail.failed(self.now(), str(error), for_good=error.for_good)
        except Exception as error:
            # A fault of ours must not hold up the mails behind it.
            log.exception("a mail could not be written")
            mail.failed(self.now(), f"the mail could not be written ({type(error).__name__})")
        else:
            mail.delivered(self.now())

    def backlog(self) -> Backlog:
        with self.look() as stored:
            return stored.mails.backlog()

    def undelivered(self, actor: Actor, after: UUID | None, limit: int) -> Page[Mail]:
        """Mails that wait or were given up, newest first. `limit` is cut to 1 to 100."""
        actor.require(Permission.SEE_MAIL)
        with self.look() as stored:
            return stored.mails.undelivered(after, page_size(limit))
