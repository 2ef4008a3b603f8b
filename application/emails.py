"""The email address of an account: verifying it, and changing it."""

from dataclasses import dataclass

from application.events import Events
from application.limits import Limits
from application.links import Links
from application.mails import Mails
from application.ports import Clock, Transaction
from application.reauthentication import Reauthentication
from domain.access import SignedIn
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
        self.limits.mail(email)
        with self.transaction() as work:
            owner = work.users.by_email(email)
            if owner is not None and owner.id != actor.id:
                raise EmailTaken
            self.links.send(work, Purpose.VERIFY_EMAIL, actor.user, email)
            # Compared as mailed, not by key: straße@ and strasse@ may be the mailboxes of two persons.
            if email != actor.user.email:
                self.mails.write(work, MailKind.EMAIL_CHANGE_ASKED, actor.user, actor.user.email)
            self.events.record(work, Tag.EMAIL_CHANGE_ASKED, actor.id, actor)
            work.commit()

    def send_again(self, actor: SignedIn) -> None:
        """Send a new link to the address of the account. Nothing happens when it is verified already."""
        if actor.user.email_verified_at is not None:
            return
        self.limits.mail(actor.user.email)
        with self.transaction() as work:
            self.links.send(work, Purpose.VERIFY_EMAIL, actor.user, actor.user.email)
            work.commit()

    def verify(self, token: str, client: Client) -> User:
        """The token proves that the user reads the mailbox: its address becomes the account's.

        Raise LinkGone, or EmailTaken when another account has the address by now.
        """
        with self.transaction() as work:
            link = self.links.consume(work, Purpose.VERIFY_EMAIL, token)
            user = work.users.get(link.user_id)
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
