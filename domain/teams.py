"""Teams and their members. A member has a role. Each user owns a personal team from the start."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from uuid import UUID

from domain.access import TEAM_PERMISSIONS, LastOfRole, PermissionDenied, TeamPermission, TeamRole, UserActor
from domain.errors import Conflict, NotFound
from domain.paging import Page
from domain.personal import PersonalStore
from domain.texts import acceptable_line
from domain.two_factor import TwoFactorNeeded

LONGEST_TEAM_NAME = 80


class LastOwner(LastOfRole):
    """`names` are the teams that would be left without an owner."""

    message = "A team needs at least one owner."

    def __init__(self, names: Iterable[str]) -> None:
        teams = ", ".join(f"“{name}”" for name in names)
        self.message = (
            f"{teams} would be left without an owner. Make another member an owner first, or delete the team."
        )


class AlreadyMember(Conflict):
    code = 40905
    message = "This user is already a member of the team."


@dataclass(slots=True, kw_only=True)
class Team:
    id: UUID
    name: str
    personal: bool
    created_at: datetime
    needs_two_factor: bool = False
    version: int = 1


@dataclass(slots=True, kw_only=True)
class Membership:
    """`username` is the user's current name. `barred` says that the team needs a second factor, and that the
    user has none. Both are read with the membership, and never written."""

    team_id: UUID
    user_id: UUID
    role: TeamRole
    joined_at: datetime
    username: str = field(default="", compare=False)
    barred: bool = field(default=False, compare=False)

    def may(self, permission: TeamPermission) -> bool:
        return permission in TEAM_PERMISSIONS[self.role]

    def require(self, permission: TeamPermission, *roles: TeamRole) -> None:
        """Raise PermissionDenied without the permission, or when one of `roles` is a higher role."""
        if not self.may(permission) or not all(map(self.role.covers, roles)):
            raise PermissionDenied


@dataclass(frozen=True, slots=True)
class FirstSteps:
    """What a new user has done already."""

    verified: bool
    named: bool
    invited: bool

    @property
    def done(self) -> bool:
        return self.verified and self.named and self.invited


class TeamStore(PersonalStore, Protocol):
    def add(self, team: Team) -> None: ...

    def get(self, id: UUID) -> Team | None: ...

    def page(self, after: UUID | None, limit: int) -> Page[Team]:
        """All teams, newest first."""

    def lock(self, id: UUID) -> Team | None:
        """The team as stored now. Other units of work cannot change it or its members until this one ends."""

    def save(self, team: Team) -> None:
        """Raise Stale."""

    def delete(self, id: UUID) -> None:
        """Delete the team and its memberships. Do nothing when it is deleted already."""

    def add_member(self, membership: Membership) -> None:
        """Raise AlreadyMember, or Stale when the user or the team is deleted."""

    def membership(self, team_id: UUID, user_id: UUID) -> Membership | None: ...

    def member(self, team_id: UUID, actor: UserActor) -> Membership:
        """The actor's membership. Raise NotFound for an outsider, who must not learn that the team exists.

        Raise TwoFactorNeeded for a member that is barred.
        """
        found = self.membership(team_id, actor.id)
        if found is None:
            raise NotFound
        if found.barred:
            raise TwoFactorNeeded
        return found

    def members(self, team_id: UUID, after: UUID | None, limit: int) -> Page[Membership]:
        """A page of members, oldest account first."""

    def count_members(self, team_id: UUID) -> int:
        """At most MOST_COUNTED + 1."""

    def owners(self, team_id: UUID) -> set[UUID]: ...

    def change_role(self, team_id: UUID, user_id: UUID, role: TeamRole) -> None:
        """Do nothing when the user is no member."""

    def remove_member(self, team_id: UUID, user_id: UUID) -> None:
        """Do nothing when the user is no member."""

    def of(self, user_id: UUID) -> list[tuple[Team, Membership]]:
        """The user's teams, oldest team first."""

    def forget(self, user_id: UUID) -> None:
        """Delete the teams that have no other member, and all memberships of the user."""


def exported_team(team: Team, membership: Membership) -> dict[str, object]:
    """A team as a member reads it, in an export and in the API."""
    return {
        "id": team.id,
        "name": team.name,
        "personal": team.personal,
        "role": membership.role,
        "needs_two_factor": team.needs_two_factor,
        "created_at": team.created_at,
    }


def personal_team_name(username: str) -> str:
    return f"{username}'s team"


def acceptable_team_name(unsafe_name: str, plain: Callable[[str], str]) -> str:
    """The name as `acceptable_line` returns it. Raise Invalid."""
    return acceptable_line("name", unsafe_name, LONGEST_TEAM_NAME, plain)
