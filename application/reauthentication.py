"""Reauthentication: a dangerous change asks for the current password. An open session is not enough."""

from dataclasses import dataclass

from application.events import Events
from application.limits import Limits
from application.ports import PasswordHasher, Transaction
from domain.access import SignedIn
from domain.errors import Invalid
from domain.events import Tag
from domain.passwords import WrongPassword, normal_password


@dataclass(frozen=True, slots=True)
class Reauthentication:
    transaction: Transaction
    hasher: PasswordHasher
    limits: Limits
    events: Events

    def require(self, actor: SignedIn, current_password: str) -> None:
        """Raise WrongPassword, or TooManyAttempts: a guess counts like one at the login."""
        if current_password:
            self.limits.password(actor.user.email, actor.client)
            if self._right(actor, current_password):
                return
            with self.transaction() as work:
                self.events.record(work, Tag.PASSWORD_REFUSED, actor.id, actor)
                work.commit()
        raise WrongPassword

    def _right(self, actor: SignedIn, current_password: str) -> bool:
        try:
            return self.hasher.verify(normal_password(current_password), actor.user.password_hash)
        except Invalid:
            return False  # no account has such a password
