"""Permissions: which role has which permission, and the actors that have them."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from domain.errors import Conflict, Forbidden, NotFound
from domain.sessions import Client, Session
from domain.teams import Membership, TeamRole
from domain.users import Role, User


class Permission(StrEnum):
    SEE_USERS = "see users"
    CREATE_USERS = "create users"
    CHANGE_ROLES = "change roles"
    RESET_PASSWORDS = "reset passwords"
    SEE_MAIL = "see mail"


class TeamPermission(StrEnum):
    RENAME = "rename"


PERMISSIONS: dict[Role, frozenset[Permission]] = {Role.ADMIN: frozenset(Permission)}

TEAM_PERMISSIONS: dict[TeamRole, frozenset[TeamPermission]] = {TeamRole.OWNER: frozenset(TeamPermission)}


class PermissionDenied(Forbidden):
    code = 40301
    message = "You don't have permission to do this."


class LastAdmin(Conflict):
    code = 40904
    message = "The site needs at least one administrator. Make someone else an administrator first."


class AnotherUser(Conflict):
    """The page and the session belong to two users: another user has logged in, in another tab."""

    code = 40906
    message = "This page belongs to another account. Please reload."


@dataclass(frozen=True, slots=True)
class Actor:
    """The caller of a use case: its client and its permissions."""

    client: Client

    @property
    def id(self) -> UUID | None:
        """The id of the actor's user. None for an actor without an account."""
        return None

    @property
    def permissions(self) -> frozenset[Permission]:
        return frozenset()

    def may(self, permission: Permission) -> bool:
        return permission in self.permissions

    def require(self, permission: Permission) -> None:
        """Raise PermissionDenied when the actor lacks the permission."""
        if not self.may(permission):
            raise PermissionDenied


@dataclass(frozen=True, slots=True)
class SignedIn(Actor):
    """A user with a session that has not ended."""

    user: User
    session: Session

    @property
    def id(self) -> UUID:
        return self.user.id

    @property
    def permissions(self) -> frozenset[Permission]:
        return frozenset[Permission]().union(*(PERMISSIONS[role] for role in self.user.roles))


@dataclass(frozen=True, slots=True)
class Operator(Actor):
    """The operator at the command line. Has every permission: a shell can edit the database anyway."""

    @property
    def permissions(self) -> frozenset[Permission]:
        return frozenset(Permission)


def require_in_team(membership: Membership | None, permission: TeamPermission) -> None:
    """Raise NotFound for a user outside the team, PermissionDenied when the role lacks the permission."""
    if membership is None:
        raise NotFound
    if permission not in TEAM_PERMISSIONS[membership.role]:
        raise PermissionDenied
