"""Administration of the site: its users and their roles."""

from dataclasses import dataclass
from uuid import UUID

from application.events import Events
from application.ports import Look, Transaction, UnitOfWork
from domain.access import Actor, LastAdmin, Permission
from domain.errors import NotFound
from domain.events import Tag
from domain.paging import Page, page_size
from domain.users import EmailSyntax, Role, User, normal_email, user_search


@dataclass(frozen=True, slots=True)
class Administration:
    look: Look
    transaction: Transaction
    syntax: EmailSyntax
    events: Events

    def users(self, actor: Actor, unsafe_search: str, after: UUID | None, limit: int) -> Page[User]:
        """Newest first, or by the place in the results of a search. `limit` is cut to 1 to 100.

        A search finds the beginning of a username, of an address, or of its domain.
        """
        actor.require(Permission.SEE_USERS)
        search = user_search(unsafe_search, self.syntax)
        with self.look() as stored:
            return stored.users.page(search, after, page_size(limit))

    def grant(self, actor: Actor, unsafe_email: str, role: Role) -> User:
        """Do nothing when the user has the role. Raise Invalid or NotFound."""
        actor.require(Permission.CHANGE_ROLES)
        with self.transaction() as work:
            user = self._user_with(work, unsafe_email)
            if role not in user.roles:
                work.users.grant(user.id, role)
                work.sessions.end_acting(user.id)
                self.events.record(work, Tag.ROLE_GRANTED, user.id, actor, detail=role)
            work.commit()
        user.roles |= {role}
        return user

    def revoke(self, actor: Actor, unsafe_email: str, role: Role) -> User:
        """Do nothing when the user lacks the role. Raise Invalid, NotFound, or LastAdmin for the only one."""
        actor.require(Permission.CHANGE_ROLES)
        with self.transaction() as work:
            holders = work.users.holders(role)
            user = self._user_with(work, unsafe_email)
            if role is Role.ADMIN and holders == {user.id}:
                raise LastAdmin
            if work.users.revoke(user.id, role):
                work.sessions.end_acting(user.id)
                self.events.record(work, Tag.ROLE_REVOKED, user.id, actor, detail=role)
            work.commit()
        user.roles -= {role}
        return user

    def _user_with(self, work: UnitOfWork, unsafe_email: str) -> User:
        user = work.users.by_email(normal_email(unsafe_email, self.syntax))
        if user is None:
            raise NotFound
        return user
