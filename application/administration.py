"""Administration of the site: its users, their roles and sessions, its teams and its events."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from uuid import UUID

from application.events import Events
from application.ports import Clock, Look, Transaction, UnitOfWork
from domain.access import Actor, LastAdmin, Permission, PermissionDenied, SignedIn, existing
from domain.errors import NotFound
from domain.events import Event, EventFilter, Tag
from domain.links import Purpose
from domain.paging import Page, page_size
from domain.teams import Membership, Team
from domain.users import EmailSyntax, Role, User, normal_email, user_search

Roles = frozenset[Role]


@dataclass(frozen=True, slots=True)
class Administration:
    """Every `limit` is cut to 1 to 100."""

    look: Look
    transaction: Transaction
    syntax: EmailSyntax
    events: Events
    now: Clock

    def users(self, actor: Actor, unsafe_search: str, after: UUID | None, limit: int) -> Page[User]:
        """Newest first, or by the place in the results of a search.

        A search finds the beginning of a username, of an address, or of its domain.
        """
        actor.require(Permission.SEE_USERS)
        search = user_search(unsafe_search, self.syntax)
        with self.look() as stored:
            return stored.users.page(search, after, page_size(limit))

    def count_users(self, actor: Actor, unsafe_search: str) -> int:
        """The number of users that the search finds, at most MOST_COUNTED + 1."""
        actor.require(Permission.SEE_USERS)
        search = user_search(unsafe_search, self.syntax)
        with self.look() as stored:
            return stored.users.count(search)

    def user(self, actor: Actor, user_id: UUID) -> User:
        """Raise NotFound."""
        actor.require(Permission.SEE_USERS)
        with self.look() as stored:
            return existing(stored.users.get(user_id))

    def user_with(self, actor: Actor, unsafe_name: str) -> User:
        """The user with this address or username. Raise Invalid for no address, or NotFound."""
        actor.require(Permission.SEE_USERS)
        with self.look() as stored:
            if "@" in unsafe_name:
                return existing(stored.users.by_email(normal_email(unsafe_name, self.syntax)))
            search = user_search(unsafe_name, self.syntax)
            if search is None:
                raise NotFound
            # The whole username comes before longer ones with the same beginning.
            found = stored.users.page(search, None, 1).items
        return existing(next((user for user in found if user.username_key == search.username), None))

    def change(
        self, actor: Actor, user_id: UUID, *, disabled: bool | None = None, roles: Roles | None = None
    ) -> User:
        """Disable or enable the user, and set exactly these roles. None leaves it as it is.

        A disabled user cannot log in, and what lets the user in ends, such as sessions and links.
        Raise NotFound, or LastAdmin when no other administrator is enabled.
        """
        needed = [Permission.SEE_USERS]  # the answer shows the user, also when nothing is changed
        if disabled is not None:
            needed.append(Permission.DISABLE_USERS)
        if roles is not None:
            needed.append(Permission.CHANGE_ROLES)
        _require(actor, needed)
        with self.transaction() as work:
            admins, user = self._locked(work, actor, needed, user_id)
            if roles is not None:
                self._set_roles(work, actor, user, roles)
            if disabled is not None and disabled != user.disabled:
                self._disable(work, actor, user, disabled)
            self._require_another_admin(admins, user)
            work.commit()
        return user

    def grant(self, actor: Actor, user_id: UUID, role: Role) -> User:
        """Do nothing when the user has the role. Raise NotFound."""
        return self._change_roles(actor, user_id, lambda roles: roles | {role})

    def revoke(self, actor: Actor, user_id: UUID, role: Role) -> User:
        """Do nothing when the user lacks the role. Raise NotFound or LastAdmin."""
        return self._change_roles(actor, user_id, lambda roles: roles - {role})

    def end_sessions(self, actor: Actor, user_id: UUID) -> User:
        """End all sessions of the user. Raise NotFound."""
        actor.require(Permission.END_SESSIONS)
        with self.transaction() as work:
            user = existing(work.users.lock(user_id))
            work.sessions.forget(user.id)
            work.logins.forget(user.id)
            self.events.record(work, Tag.ALL_SESSIONS_ENDED, user.id, actor)
            work.commit()
        return user

    def teams(self, actor: Actor, after: UUID | None, limit: int) -> Page[Team]:
        """Newest first."""
        actor.require(Permission.SEE_TEAMS)
        with self.look() as stored:
            return stored.teams.page(after, page_size(limit))

    def team(
        self, actor: Actor, team_id: UUID, after: UUID | None, limit: int
    ) -> tuple[Team, Page[Membership]]:
        """A team with a page of its members, the oldest account first. Raise NotFound."""
        actor.require(Permission.SEE_TEAMS)
        with self.look() as stored:
            team = stored.teams.get(team_id)
            if team is None:
                raise NotFound
            return team, stored.teams.members(team_id, after, page_size(limit))

    def events_of(self, actor: Actor, filter: EventFilter, after: UUID | None, limit: int) -> Page[Event]:
        """Newest first."""
        actor.require(Permission.SEE_EVENTS)
        with self.look() as stored:
            return stored.events.page(filter, after, page_size(limit))

    def count_events(self, actor: Actor, filter: EventFilter) -> int:
        """At most MOST_COUNTED + 1."""
        actor.require(Permission.SEE_EVENTS)
        with self.look() as stored:
            return stored.events.count(filter)

    def _locked(
        self, work: UnitOfWork, actor: Actor, needed: list[Permission], user_id: UUID
    ) -> tuple[set[UUID], User]:
        """The enabled administrators, and the user. Both stay as they are until `work` ends.

        Asks for the permissions again: the actor may have lost them while it waited for the lock.
        """
        admins = work.users.holders(Role.ADMIN)
        if isinstance(actor, SignedIn):
            stored = work.users.get(actor.id)
            if stored is None:
                raise PermissionDenied
            _require(replace(actor, user=stored), needed)
        return admins, existing(work.users.lock(user_id))

    def _change_roles(self, actor: Actor, user_id: UUID, change: Callable[[Roles], Roles]) -> User:
        actor.require(Permission.CHANGE_ROLES)
        with self.transaction() as work:
            admins, user = self._locked(work, actor, [Permission.CHANGE_ROLES], user_id)
            self._set_roles(work, actor, user, change(user.roles))
            self._require_another_admin(admins, user)
            work.commit()
        return user

    def _require_another_admin(self, admins: set[UUID], user: User) -> None:
        if admins == {user.id} and (user.disabled or Role.ADMIN not in user.roles):
            raise LastAdmin

    def _set_roles(self, work: UnitOfWork, actor: Actor, user: User, roles: Roles) -> None:
        for role in sorted(roles - user.roles):
            work.users.grant(user.id, role)
            self.events.record(work, Tag.ROLE_GRANTED, user.id, actor, detail=role)
        for role in sorted(user.roles - roles):
            work.users.revoke(user.id, role)
            self.events.record(work, Tag.ROLE_REVOKED, user.id, actor, detail=role)
        if roles != user.roles:
            work.sessions.end_acting(user.id)
        user.roles = roles

    def _disable(self, work: UnitOfWork, actor: Actor, user: User, disabled: bool) -> None:
        user.disabled_at = self.now() if disabled else None
        work.users.save(user)
        if disabled:
            work.sessions.end_acting(user.id)
            work.sessions.forget(user.id)
            work.links.forget(user.id)
            work.tokens.forget(user.id)
            work.logins.forget(user.id)
            work.mails.drop_waiting(user.id, [purpose.mail for purpose in Purpose])
            work.invitations.drop_by(user.id)
        self.events.record(work, Tag.DISABLED if disabled else Tag.ENABLED, user.id, actor)


def _require(actor: Actor, needed: list[Permission]) -> None:
    for permission in needed:
        actor.require(permission)
