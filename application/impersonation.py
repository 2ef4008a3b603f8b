"""Impersonation: an administrator acts as a user, for support and for a limited time."""

from dataclasses import dataclass
from uuid import UUID

from application.events import Events
from application.ports import Clock, Sanitizer, Transaction
from application.reauthentication import Reauthentication
from domain.access import Permission, PermissionDenied, SignedIn, enabled
from domain.errors import NotFound
from domain.events import Tag
from domain.impersonation import acceptable_reason
from domain.sessions import LONGEST_ACTING
from domain.users import User


@dataclass(frozen=True, slots=True)
class Impersonation:
    transaction: Transaction
    reauthentication: Reauthentication
    sanitizer: Sanitizer
    events: Events
    now: Clock

    def begin(self, actor: SignedIn, user_id: UUID, unsafe_reason: str) -> User:
        """Let the actor's session act as the user, at most for LONGEST_ACTING. Return the user.

        The user can read the reason in the events. Raise Invalid, NotFound, or PermissionDenied for an
        administrator, for a disabled user (UserDisabled), and for the actor's own account.
        """
        actor.require(Permission.ACT_AS_USERS)
        reason = acceptable_reason(unsafe_reason, self.sanitizer.plain)
        with self.transaction() as work:
            admin = self.reauthentication.still(work, actor)
            SignedIn(actor.client, admin, actor.session).require(Permission.ACT_AS_USERS)
            user = enabled(work.users.lock(user_id))
            if user.roles or user.id == admin.id:
                raise PermissionDenied
            work.sessions.act_as(actor.session.id, user.id, self.now() + LONGEST_ACTING)
            self.events.record(work, Tag.ACTING_BEGAN, user.id, actor, detail=reason)
            work.commit()
        return user

    def end(self, actor: SignedIn) -> None:
        """Let the session act as its own user again. Raise NotFound when it already does."""
        if not actor.acting:
            raise NotFound
        with self.transaction() as work:
            work.sessions.act_as(actor.session.id, None, None)
            self.events.record(work, Tag.ACTING_ENDED, actor.id, actor)
            work.commit()
