"""Asking for the current password before a dangerous change: a session left open is not enough."""

from dataclasses import dataclass

from application.attempts import Attempts
from application.audit import Audit
from application.ports import PasswordHasher, Transaction
from domain.access import SignedIn
from domain.audit import Tag
from domain.errors import Invalid
from domain.passwords import WrongPassword, normal_password


@dataclass(frozen=True, slots=True)
class Confirmation:
    transaction: Transaction
    hasher: PasswordHasher
    attempts: Attempts
    audit: Audit

    def require(self, actor: SignedIn, current_password: str) -> None:
        """Raise WrongPassword, or TooManyAttempts: each is a guess like one at the login."""
        if current_password:
            self.attempts.password(actor.user.email, actor.client)
            if self._right(actor, current_password):
                return
            with self.transaction() as work:
                self.audit.note(work, Tag.PASSWORD_REFUSED, actor.id, actor)
                work.commit()
        raise WrongPassword

    def _right(self, actor: SignedIn, current_password: str) -> bool:
        try:
            return self.hasher.verify(normal_password(current_password), actor.user.password_hash)
        except Invalid:
            return False  # nobody can have such a password
