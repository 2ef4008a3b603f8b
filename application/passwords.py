"""Choosing another password: knowing the old one, or by a link to the mailbox."""

from contextlib import suppress
from dataclasses import dataclass

from application.attempts import Attempts
from application.audit import Audit
from application.confirmation import Confirmation
from application.links import Links
from application.outbox import Letters
from application.ports import Look, PasswordHasher, Transaction, UnitOfWork
from application.sessions import Sessions
from domain.access import SignedIn
from domain.audit import Tag
from domain.errors import NotFound, Stale
from domain.links import LinkGone, Purpose
from domain.mail import Letter
from domain.passwords import PasswordStrength, acceptable_password
from domain.sessions import Client, hash_of
from domain.users import EmailSyntax, User, normal_email


@dataclass(frozen=True, slots=True)
class Passwords:
    look: Look
    transaction: Transaction
    confirmation: Confirmation
    sessions: Sessions
    links: Links
    letters: Letters
    hasher: PasswordHasher
    strength: PasswordStrength
    syntax: EmailSyntax
    attempts: Attempts
    audit: Audit

    def change(self, actor: SignedIn, current_password: str, new_password: str) -> tuple[SignedIn, str]:
        """All sessions of the user end; returns the new one that takes the place of this one, and its secret.

        Raise WrongPassword, Invalid, or Stale when the account was changed meanwhile.
        """
        self.confirmation.require(actor, current_password)
        password_hash = self._hash(new_password, actor.user)
        with self.transaction() as work:
            user = work.users.get(actor.id)
            if user is None:
                raise NotFound
            if user.password_hash != actor.user.password_hash:
                raise Stale  # what was confirmed is not the password any more
            self._set(work, user, password_hash)
            session, secret = self.sessions.begin(
                work, user, remember=actor.session.remembered, replacing=None, client=actor.client
            )
            self.audit.note(work, Tag.PASSWORD_CHANGED, user.id, actor)
            work.commit()
        return SignedIn(actor.client, user, session), secret

    def forgot(self, unsafe_email: str, client: Client) -> None:
        """Send a link, if there is an account with this address; nobody is told whether there is.

        For an address that nobody has, the same is written as for one that somebody has, only that the mail
        counts as delivered: so both take the same time. Likewise when an address has had its mails for the
        hour. Raise Invalid for what is no address.
        """
        email = normal_email(unsafe_email, self.syntax)
        self.attempts.link(email, client)
        may_send = self.attempts.may_mail(email)
        with self.look() as stored:
            user = stored.users.by_email(email)
        with suppress(Stale), self.transaction() as work:  # Stale: another request has just sent one
            self.links.send(work, Purpose.RESET_PASSWORD, user if may_send else None, email)
            self.audit.note(work, Tag.PASSWORD_RESET_ASKED, user.id if user else None, client)
            work.commit()

    def reset(self, token: str, new_password: str, client: Client) -> None:
        """All sessions end, and nobody is logged in.

        Raise LinkGone, or Invalid for a password that is refused: the link is still good then.
        """
        with self.look() as stored:
            link = stored.links.find(Purpose.RESET_PASSWORD, hash_of(token), self.links.now())
            user = stored.users.get(link.user_id) if link else None
        if user is None:
            raise LinkGone
        password_hash = self._hash(new_password, user)
        with self.transaction() as work:
            self.links.consume(work, Purpose.RESET_PASSWORD, token)
            user = work.users.get(user.id)
            if user is None:
                raise LinkGone
            self._set(work, user, password_hash)
            self.audit.note(work, Tag.PASSWORD_RESET, user.id, client)
            work.commit()
        self.attempts.proven(user.email)

    def _hash(self, new_password: str, user: User) -> str:
        known = [user.username, user.email]
        return self.hasher.hash(acceptable_password(new_password, known, self.strength, "new_password"))

    def _set(self, work: UnitOfWork, user: User, password_hash: str) -> None:
        user.password_hash = password_hash
        work.users.save(user)
        work.sessions.end_all(user.id)
        work.links.drop(user.id)
        self.letters.write(work, Letter.PASSWORD_CHANGED, user, user.email)
