"""Passwords: change with the current password, reset by a link to the mailbox."""

from contextlib import suppress
from dataclasses import dataclass
from uuid import UUID

from application.events import Events
from application.limits import Limits
from application.links import Links
from application.mails import Mails
from application.ports import Look, PasswordHasher, Transaction, UnitOfWork
from application.reauthentication import Reauthentication
from application.sessions import Sessions
from domain.access import Actor, Permission, SignedIn, enabled
from domain.errors import Stale
from domain.events import Tag
from domain.links import LinkGone, Purpose
from domain.mails import MailKind
from domain.passwords import PasswordStrength, acceptable_password
from domain.secrets import hash_of
from domain.sessions import Client
from domain.users import EmailSyntax, User, key_of, normal_email


@dataclass(frozen=True, slots=True)
class Passwords:
    look: Look
    transaction: Transaction
    reauthentication: Reauthentication
    sessions: Sessions
    links: Links
    mails: Mails
    hasher: PasswordHasher
    strength: PasswordStrength
    syntax: EmailSyntax
    limits: Limits
    events: Events

    def change(self, actor: SignedIn, current_password: str, new_password: str) -> tuple[SignedIn, str]:
        """Change the password and end all sessions. Return the actor with a new session, and its secret.

        Raise WrongPassword, TooManyAttempts, Invalid, or NotLoggedIn when the session has ended meanwhile.
        """
        self.reauthentication.require(actor, current_password)
        password_hash = self._hash(new_password, actor.user)
        with self.limits.password_change(actor.user.email), self.transaction() as work:
            user = self.reauthentication.still(work, actor)
            self._set(work, user, password_hash, actor.client)
            session, secret = self.sessions.begin(
                work, user, remember=actor.session.remembered, replacing=None, client=actor.client, first=True
            )
            self.events.record(work, Tag.PASSWORD_CHANGED, user.id, actor)
            work.commit()
        return SignedIn(actor.client, user, session), secret

    def forgot(self, unsafe_email: str, client: Client) -> None:
        """Send a link if an account has this address. Raise Invalid or TooManyAttempts.

        Without an account the same rows are written, so answer and time do not show which accounts exist.
        The same rows are written when the address has had too many mails, and no mail is sent.
        """
        email = normal_email(unsafe_email, self.syntax)
        self.limits.link_request(email, client)
        with self.look() as stored:
            known = stored.users.by_email(email) is not None
        mail = self.limits.try_mail(email, known)
        # Stale: another request has just sent a link.
        with suppress(Stale), mail as allowed, self.transaction() as work:
            found = work.users.by_email(email)
            # Locked, because the account may change its address meanwhile. An unknown id takes the same time.
            user = work.users.lock(found.id if found else self.links.new_id())
            if user is not None and (user.disabled or user.email_key != key_of(email)):
                user = None
            address = user.email if user else email  # the typed one may be the mailbox of another person
            receiver = user if allowed else None
            self.links.send(work, Purpose.RESET_PASSWORD, receiver, address, client=client)
            self.events.record(work, Tag.PASSWORD_RESET_ASKED, user.id if user else None, client)
            work.commit()

    def send_reset(self, actor: Actor, user_id: UUID) -> User:
        """Send the user a link to choose a new password. Raise NotFound or UserDisabled."""
        actor.require(Permission.RESET_PASSWORDS)
        with self.transaction() as work:
            user = enabled(work.users.lock(user_id))
            self.links.send(work, Purpose.RESET_PASSWORD, user, user.email)
            self.events.record(work, Tag.PASSWORD_RESET_ASKED, user.id, actor)
            work.commit()
        return user

    def reset(self, token: str, new_password: str, client: Client) -> User:
        """Set the password and end all sessions. The address counts as verified: the link was sent to it.

        Raise LinkGone, or Invalid for a refused password. After Invalid the link can still be used.
        """
        with self.look() as stored:
            link = stored.links.find(Purpose.RESET_PASSWORD, hash_of(token), self.links.now())
            user = stored.users.get(link.user_id) if link else None
        if user is None:
            raise LinkGone
        password_hash = self._hash(new_password, user)
        with self.transaction() as work:
            user = work.users.lock(user.id)
            link = self.links.consume(work, Purpose.RESET_PASSWORD, token)
            if user is None or user.disabled or user.email != link.email:
                raise LinkGone
            user.email_verified_at = user.email_verified_at or self.links.now()
            work.tokens.forget(user.id)
            self._set(work, user, password_hash, client)
            self.events.record(work, Tag.PASSWORD_RESET, user.id, client)
            work.commit()
        self.limits.clear(user.email)
        return user

    def _hash(self, new_password: str, user: User) -> str:
        known = [user.username, user.email]
        return self.hasher.hash(acceptable_password(new_password, known, self.strength, "new_password"))

    def _set(self, work: UnitOfWork, user: User, password_hash: str, client: Client) -> None:
        user.password_hash = password_hash
        work.users.save(user)
        work.sessions.forget(user.id)
        work.links.forget(user.id)
        work.logins.forget(user.id)
        factor = work.two_factor.get(user.id)
        if factor is not None and not factor.on:
            work.two_factor.forget(user.id)  # a client with the old password may have begun it
        self.mails.write(work, MailKind.PASSWORD_CHANGED, user, user.email, client)
