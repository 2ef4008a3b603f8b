"""The email address of an account: verifying it, and changing it."""

from dataclasses import dataclass

from application.events import Events
from application.limits import Limits
from application.links import Links
from application.mails import Mails
from application.ports import Clock, Transaction
from application.reauthentication import Reauthentication
from domain.access import SignedIn
from domain.errors import Stale
from domain.events import Tag
from domain.links import LinkGone, Purpose
from domain.mails import MailKind
from domain.sessions import Client
from domain.users import EmailSyntax, EmailTaken, User, normal_email


@dataclass(frozen=True, slots=True)
class Emails:
    transaction: Transaction
    reauthentication: Reauthentication
    links: Links
    mails: Mails
    syntax: EmailSyntax
    limits: Limits
    events: Events
    now: Clock

    def ask_to_change(self, actor: SignedIn, unsafe_email: str, current_password: str) -> None:
        """Send a link to the new address and a notice to the old one, which stays until the link is used.

        Raise WrongPassword, Invalid or EmailTaken.
        """
        self.reauthentication.require(actor, current_password)
        email = normal_email(unsafe_email, self.syntax)
        limits = self.limits.change_of_email(actor.user.email, email)
        with limits, self.transaction() as work:
            user = self.reauthentication.still(work, actor)
            owner = work.users.by_email(email)
            if owner is not None and owner.id != actor.id:
                raise EmailTaken
            self.links.send(work, Purpose.VERIFY_EMAIL, user, email)
            # Compared as mailed, not by key: straße@ and strasse@ may be the mailboxes of two persons.
            if email != user.email:
                self.mails.write(work, MailKind.EMAIL_CHANGE_ASKED, user, user.email)
            self.events.record(work, Tag.EMAIL_CHANGE_ASKED, actor.id, actor)
            work.commit()

    def send_again(self, actor: SignedIn) -> None:
        """Send a new link to the address of the account. Nothing happens when it is verified already.

        Raise NotLoggedIn when the session has ended meanwhile, or Stale when the address has changed.
        """
        actor.require_self()
        if actor.user.email_verified:
            return
        with self.limits.mail(actor.user.email), self.transaction() as work:
            user = self.reauthentication.still(work, actor)
            if user.email != actor.user.email:
                raise Stale
            self.links.send(work, Purpose.VERIFY_EMAIL, user, user.email)
            work.commit()

    def verify(self, token: str, client: Client) -> User:
        """The token proves that the user reads the mailbox: its address becomes the account's.

        Raise LinkGone, or EmailTaken when another account has the address by now.
        """
        with self.transaction() as work:
            link = self.links.find(work, Purpose.VERIFY_EMAIL, token)
            user = work.users.lock(link.user_id)  # before the link, as everywhere: no deadlock
            self.links.consume(work, Purpose.VERIFY_EMAIL, token)
            if user is None:
                raise LinkGone
            old, user.email, user.email_verified_at = user.email, link.email, self.now()
            work.users.save(user)
            if old == user.email:
                self.events.record(work, Tag.EMAIL_VERIFIED, user.id, client)
            else:
                # Links that were sent to the old mailbox end.
                work.links.forget(user.id)
                self.mails.write(work, MailKind.EMAIL_CHANGED, user, old)
                self.events.record(work, Tag.EMAIL_CHANGED, user.id, client)
            work.commit()
        return user
