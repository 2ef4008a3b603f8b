"""The email address of an account: verification and change."""

from dataclasses import dataclass
from uuid import UUID

from application.events import Events
from application.limits import Limits
from application.links import Links
from application.mails import Mails
from application.ports import Clock, Transaction
from application.reauthentication import Reauthentication
from domain.access import Actor, Permission, SignedIn, enabled
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
        """Send a link to the new address and a notice to the old one. The link makes the change.

        Raise WrongPassword, TooManyAttempts, Invalid, EmailTaken or NotLoggedIn.
        """
        self.reauthentication.require(actor, current_password)
        email = normal_email(unsafe_email, self.syntax)
        limits = self.limits.email_change(actor.user.email, email)
        with limits, self.transaction() as work:
            user = self.reauthentication.still(work, actor)
            owner = work.users.by_email(email)
            if owner is not None and owner.id != actor.id:
                raise EmailTaken
            self.links.send(work, Purpose.VERIFY_EMAIL, user, email)
            # Addresses are compared, not their keys: straße@ and strasse@ can be two mailboxes.
            if email != user.email:
                self.mails.write(work, MailKind.EMAIL_CHANGE_ASKED, user, user.email, actor.client)
            self.events.record(work, Tag.EMAIL_CHANGE_ASKED, actor.id, actor)
            work.commit()

    def send_again(self, actor: SignedIn) -> None:
        """Send a new link to the address of the account. Do nothing when the address is verified.

        Raise TooManyAttempts, NotLoggedIn, or Stale when the address has changed meanwhile.
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

    def send_to(self, actor: Actor, user_id: UUID) -> User:
        """Send the user a link to verify the address, if it is unverified. Raise NotFound or UserDisabled."""
        actor.require(Permission.SEND_VERIFICATIONS)
        with self.transaction() as work:
            user = enabled(work.users.lock(user_id))
            if not user.email_verified:
                self.links.send(work, Purpose.VERIFY_EMAIL, user, user.email)
                self.events.record(work, Tag.VERIFICATION_SENT, user.id, actor)
            work.commit()
        return user

    def verify(self, token: str, client: Client) -> User:
        """Store the link's address as the verified address of its user.

        Raise LinkGone, or EmailTaken when another account has taken the address meanwhile.
        """
        with self.transaction() as work:
            link = self.links.find(work, Purpose.VERIFY_EMAIL, token)
            user = work.users.lock(link.user_id)  # every use case locks the user first: no deadlock
            self.links.consume(work, Purpose.VERIFY_EMAIL, token)
            if user is None:
                raise LinkGone
            old, user.email, user.email_verified_at = user.email, link.email, self.now()
            work.users.save(user)
            if old == user.email:
                self.events.record(work, Tag.EMAIL_VERIFIED, user.id, client)
            else:
                # The owner of the old mailbox must not use its links any more.
                work.links.forget(user.id)
                self.mails.write(work, MailKind.EMAIL_CHANGED, user, old)
                self.events.record(work, Tag.EMAIL_CHANGED, user.id, client)
            work.commit()
        return user
