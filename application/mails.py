"""Mail: use cases write it, and `Delivery` sends it later."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from application.ports import Clock, Ids, Look, Mailer, MailNotSent, Transaction, UnitOfWork
from domain.access import Actor, Permission
from domain.devices import device_of
from domain.mails import LEASE, Backlog, Mail, MailKind
from domain.paging import Page, page_size
from domain.sessions import Client
from domain.users import User

log = logging.getLogger(__name__)

# Mails under one lease, sent one after the other. Even with a timeout in each step they end before the lease.
CLAIM_BATCH = 3


@dataclass(frozen=True, slots=True)
class Mails:
    now: Clock
    new_id: Ids

    def write(
        self,
        work: UnitOfWork,
        kind: MailKind,
        user: User,
        recipient: str,
        client: Client | None = None,
        **facts: str,
    ) -> None:
        """Add the mail to `work`, the unit of work of its change: both are stored, or none.

        The mail tells the user the device and the IP address of `client`.
        """
        origin = {"device": device_of(client.user_agent), "ip": client.ip} if client else {}
        work.mails.add(self._mail(kind, user.id, recipient, {"username": user.username, **origin, **facts}))

    def write_last(self, work: UnitOfWork, kind: MailKind, user: User) -> None:
        """Add a mail to a user that `work` has deleted. The mail belongs to no account."""
        work.mails.add(self._mail(kind, None, user.email, {"username": user.username}))

    def write_to_address(self, work: UnitOfWork, kind: MailKind, address: str, **facts: str) -> None:
        """Add a mail to an address that may have no account."""
        work.mails.add(self._mail(kind, None, address, facts))

    def pretend(self, work: UnitOfWork, kind: MailKind) -> None:
        """Add a delivered mail without a recipient. It takes the same time as a real one."""
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
        """Send at most CLAIM_BATCH due mails. Return the number of claimed mails.

        One transaction claims them. They are sent outside of transactions: when the process dies meanwhile,
        they are due again after the lease. When `stopping()` is true, the rest is left to other processes.
        """
        now = self.now()
        with self.transaction() as work:
            claimed = work.mails.claim(now, now + LEASE, CLAIM_BATCH)
            work.commit()
        for mail in claimed:
            if stopping():
                mail.next_try_at = now  # another process can claim it now
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
            # A bug in one template must not delay the other mails.
            log.exception("a mail could not be written")
            mail.failed(self.now(), f"the mail could not be written ({type(error).__name__})")
        else:
            mail.delivered(self.now())

    def backlog(self) -> Backlog:
        with self.look() as stored:
            return stored.mails.backlog()

    def undelivered(self, actor: Actor, after: UUID | None, limit: int) -> Page[Mail]:
        """Waiting and parked mails, newest first. At most 100."""
        actor.require(Permission.SEE_MAIL)
        with self.look() as stored:
            return stored.mails.undelivered(after, page_size(limit))
