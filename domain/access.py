"""Permissions: which role has which permission, and the actors that have them."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from domain.errors import Conflict, Forbidden, NotFound
from domain.sessions import Client, Session
from domain.users import Role, User


class Permission(StrEnum):
    SEE_USERS = "see users"
    CREATE_USERS = "create users"
    DISABLE_USERS = "disable users"
    CHANGE_ROLES = "change roles"
    END_SESSIONS = "end sessions"
    RESET_PASSWORDS = "reset passwords"
    SWITCH_OFF_TWO_FACTOR = "switch off two-factor"
    SEND_VERIFICATIONS = "send verifications"
    ACT_AS_USERS = "act as users"
    SEE_TEAMS = "see teams"
    SEE_EVENTS = "see events"
    SEE_MAIL = "see mail"


class TeamRole(StrEnum):
    """A role in a team, the highest first."""

    OWNER = "owner"
    ADMIN = "admin"
    MEMBER = "member"

    def covers(self, other: "TeamRole") -> bool:
        """Whether a member with this role may give and take `other`. Not when `other` is higher."""
        roles = list(TeamRole)
        return roles.index(self) <= roles.index(other)


class TeamPermission(StrEnum):
    SEE = "see"
    INVITE = "invite"
    MANAGE_MEMBERS = "manage members"
    RENAME = "rename"
    ASK_FOR_TWO_FACTOR = "ask for two-factor"
    DELETE = "delete"


PERMISSIONS: dict[Role, frozenset[Permission]] = {Role.ADMIN: frozenset(Permission)}

TEAM_PERMISSIONS: dict[TeamRole, frozenset[TeamPermission]] = {
    TeamRole.OWNER: frozenset(TeamPermission),
    TeamRole.ADMIN: frozenset(TeamPermission) - {TeamPermission.ASK_FOR_TWO_FACTOR, TeamPermission.DELETE},
    TeamRole.MEMBER: frozenset({TeamPermission.SEE}),
}


class PermissionDenied(Forbidden):
    code = 40301
    message = "You don't have permission to do this."


class NotWhileActing(PermissionDenied):
    """An administrator acts as the user, for support."""

    message = "You can't do this while you act as another user."


class UserDisabled(PermissionDenied):
    """An administrator asks for what a disabled user cannot have."""

    message = "This account is disabled. Enable it first."


class LastOfRole(Conflict):
    """Without this user, the site would have no administrator, or a team no owner."""

    code = 40904


class LastAdmin(LastOfRole):
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
    def person_id(self) -> UUID | None:
        """The id of the account that really acts: the administrator's, while acting as another user."""
        return self.id

    @property
    def operator(self) -> str:
        """The name of the operator at the command line. Empty for users."""
        return ""

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
class UserActor(Actor):
    """A user, by a session or by an API token. A use case that no token reaches takes `SignedIn`."""

    user: User

    @property
    def id(self) -> UUID:
        return self.user.id

    @property
    def person_id(self) -> UUID:
        return self.user.id

    @property
    def own_client(self) -> Client | None:
        """The client for mails to the user. None while an administrator acts: support stays unnamed."""
        return self.client


@dataclass(frozen=True, slots=True)
class SignedIn(UserActor):
    """A user with a session that has not ended."""

    session: Session

    @property
    def person_id(self) -> UUID:
        return self.session.user_id

    @property
    def acting(self) -> bool:
        """Whether an administrator acts as the user, for support."""
        return self.person_id != self.id

    @property
    def permissions(self) -> frozenset[Permission]:
        if self.acting or self.user.disabled:
            return frozenset()
        return frozenset[Permission]().union(*(PERMISSIONS[role] for role in self.user.roles))

    @property
    def own_client(self) -> Client | None:
        return None if self.acting else self.client

    def require_self(self) -> None:
        """Raise NotWhileActing. For what only the user may do: credentials, address, export, deletion."""
        if self.acting:
            raise NotWhileActing


@dataclass(frozen=True, slots=True)
class Operator(Actor):
    """The operator at the command line. Has every permission: a shell can edit the database anyway.

    `name` is the account of the operating system, or a name that the operator gives.
    """

    name: str = ""

    @property
    def operator(self) -> str:
        return self.name

    @property
    def permissions(self) -> frozenset[Permission]:
        return frozenset(Permission)


def existing(user: User | None) -> User:
    """Raise NotFound for None."""
    if user is None:
        raise NotFound
    return user


def enabled(user: User | None) -> User:
    """Raise NotFound for None, and UserDisabled for a disabled user."""
    if existing(user).disabled:
        raise UserDisabled
    return existing(user)
