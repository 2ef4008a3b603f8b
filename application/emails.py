"""The address of an account: proving that one reads it, and moving to another."""

from dataclasses import dataclass

from application.attempts import Attempts
from application.audit import Audit
from application.confirmation import Confirmation
from application.links import Links
from application.outbox import Letters
from application.ports import Clock, Transaction
from domain.access import SignedIn
from domain.audit import Tag
from domain.links import LinkGone, Purpose
from domain.mail import Letter
from domain.sessions import Client
from domain.users import EmailSyntax, EmailTaken, User, normal_email


@dataclass(frozen=True, slots=True)
class Emails:
    transaction: Transaction
    confirmation: Confirmation
    links: Links
    letters: Letters
    syntax: EmailSyntax
    attempts: Attempts
    audit: Audit
    now: Clock

    def ask_to_change(self, actor: SignedIn, unsafe_email: str, current_password: str) -> None:
        """Send a link to the new address and a notice to the old one, which stays until the link is used.

        Raise WrongPassword, Invalid or EmailTaken.
        """
        self.confirmation.require(actor, current_password)
        email = normal_email(unsafe_email, self.syntax)
        self.attempts.mail(email)
        with self.transaction() as work:
            owner = work.users.by_email(email)
            if owner is not None and owner.id != actor.id:
                raise EmailTaken
            self.links.send(work, Purpose.VERIFY_EMAIL, actor.user, email)
            if email != actor.user.email:
                self.letters.write(work, Letter.EMAIL_CHANGE_ASKED, actor.user, actor.user.email)
            self.audit.note(work, Tag.EMAIL_CHANGE_ASKED, actor.id, actor)
            work.commit()

    def send_again(self, actor: SignedIn) -> None:
        """A new link to the address of the account; nothing happens when it is verified already."""
        if actor.user.email_verified_at is not None:
            return
        self.attempts.mail(actor.user.email)
        with self.transaction() as work:
            self.links.send(work, Purpose.VERIFY_EMAIL, actor.user, actor.user.email)
            work.commit()

    def verify(self, token: str, client: Client) -> User:
        """Whoever holds the token reads the mailbox that it was sent to: from now on it is the account's.

        Raise LinkGone, or EmailTaken when somebody else has the address by now.
        """
        with self.transaction() as work:
            link = self.links.consume(work, Purpose.VERIFY_EMAIL, token)
            user = work.users.get(link.user_id)
            if user is None:
                raise LinkGone
            old, user.email, user.email_verified_at = user.email, link.email, self.now()
            work.users.save(user)
            if old == user.email:
                self.audit.note(work, Tag.EMAIL_VERIFIED, user.id, client)
            else:
                # A link that was sent to the old mailbox opens nothing any more.
                work.links.drop(user.id)
                self.letters.write(work, Letter.EMAIL_CHANGED, user, old)
                self.audit.note(work, Tag.EMAIL_CHANGED, user.id, client)
            work.commit()
        return user
