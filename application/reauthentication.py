"""Reauthentication: a dangerous change needs a proof of the user, such as the password, not only a session.

Verifying the password takes time. The session may end meanwhile, so the unit of work calls `still`.
"""

from dataclasses import dataclass
from functools import partial

from application.events import Events
from application.limits import Limits
from application.ports import Clock, PasswordHasher, Transaction, UnitOfWork
from domain.access import AnotherUser, SignedIn
from domain.errors import Invalid
from domain.events import Tag
from domain.passwords import ProofNeeded, WrongPassword, normal_password
from domain.sessions import NotLoggedIn
from domain.tokens import TokenActor, TokenGone
from domain.users import User


@dataclass(frozen=True, slots=True)
class Reauthentication:
    transaction: Transaction
    hasher: PasswordHasher
    limits: Limits
    events: Events
    now: Clock

    def require(self, actor: SignedIn, current_password: str = "") -> None:
        """Accept the password. Without one, accept a proof of this session that is younger than PROOF_LASTS.

        Raise NotWhileActing, ProofNeeded, WrongPassword or TooManyAttempts.
        """
        actor.require_self()
        if current_password or not actor.session.proven(self.now()):
            self.require_password(actor, current_password)

    def require_password(self, actor: SignedIn, current_password: str) -> None:
        """Raise the errors of `require`. Wrong passwords count together with those of the login."""
        actor.require_self()
        if not current_password:
            raise ProofNeeded
        right = partial(self._right, actor, current_password)
        if not self.limits.guess(actor.user.email, actor.client, right):
            with self.transaction() as work:
                self.events.record(work, Tag.PASSWORD_REFUSED, actor.id, actor)
                work.commit()
            raise WrongPassword

    def prove(self, actor: SignedIn, current_password: str) -> None:
        """Store a proof of the session.

        Raise NotWhileActing, ProofNeeded, WrongPassword, TooManyAttempts or NotLoggedIn.
        """
        self.require_password(actor, current_password)
        with self.transaction() as work:
            self.still(work, actor)
            self.store_proof(work, actor)
            work.commit()

    def store_proof(self, work: UnitOfWork, actor: SignedIn) -> None:
        work.sessions.prove(actor.session.id, self.now())

    def still(self, work: UnitOfWork, actor: SignedIn | TokenActor) -> User:
        """The actor's user as stored now, locked until `work` ends.

        Raise NotLoggedIn when the session has ended, for example by a change of the password.
        Raise TokenGone for a revoked token.
        Raise AnotherUser when the session no longer acts as this user.
        """
        user = work.users.lock(actor.id)
        found: tuple[object, User] | None
        if isinstance(actor, TokenActor):
            found = work.tokens.find(actor.token.token_hash, self.now())
        else:
            found = work.sessions.find(actor.session.secret_hash, self.now())
        if user is None or found is None:
            raise TokenGone if isinstance(actor, TokenActor) else NotLoggedIn
        if found[1].id != user.id:
            raise AnotherUser
        return user

    def _right(self, actor: SignedIn, current_password: str) -> bool:
        try:
            return self.hasher.verify(normal_password(current_password), actor.user.password_hash)
        except Invalid:
            return False  # no account has such a password
