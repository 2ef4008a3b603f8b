"""Teams and their members. A member has a role. Each user owns a personal team from the start."""

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from domain.errors import Invalid
from domain.personal import PersonalStore

LONGEST_TEAM_NAME = 80

# These characters reverse the text around them, so one name could look like another (Unicode TR 36, 2.9).
BIDI_CONTROLS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


class TeamRole(StrEnum):
    OWNER = "owner"


@dataclass(slots=True, kw_only=True)
class Team:
    id: UUID
    name: str
    personal: bool
    created_at: datetime
    version: int = 1


@dataclass(slots=True, kw_only=True)
class Membership:
    team_id: UUID
    user_id: UUID
    role: TeamRole
    joined_at: datetime


class TeamStore(PersonalStore, Protocol):
    def add(self, team: Team) -> None: ...

    def get(self, id: UUID) -> Team | None: ...

    def save(self, team: Team) -> None:
        """Raise Stale."""

    def add_member(self, membership: Membership) -> None:
        """Raise Stale when the user is a member already, or when the user or the team is deleted."""

    def membership(self, team_id: UUID, user_id: UUID) -> Membership | None: ...

    def of(self, user_id: UUID) -> list[tuple[Team, Membership]]:
        """The user's teams, oldest team first."""

    def forget(self, user_id: UUID) -> None:
        """Delete the user's personal team and all the user's memberships."""


def exported_team(team: Team, membership: Membership) -> dict[str, object]:
    """A team as a member reads it, in an export and in the API."""
    return {
        "id": team.id,
        "name": team.name,
        "personal": team.personal,
        "role": membership.role,
        "created_at": team.created_at,
    }


def personal_team_name(username: str) -> str:
    return f"{username}'s team"


def acceptable_team_name(unsafe_name: str, plain: Callable[[str], str]) -> str:
    """The name on one line, without markup (`plain` removes it).

    Raise Invalid when it is too long, has no visible character, or has a control character.
    """
    one_line = " ".join(unsafe_name.split())
    if any(unicodedata.category(letter) == "Cc" or letter in BIDI_CONTROLS for letter in one_line):
        raise Invalid("name", "This name contains an invalid character.")
    name = unicodedata.normalize("NFC", " ".join(plain(one_line).split()))
    if not 1 <= len(name) <= LONGEST_TEAM_NAME:
        raise Invalid("name", f"Use 1 to {LONGEST_TEAM_NAME} characters.")
    if not any(unicodedata.category(letter)[0] in "LNPS" for letter in name):
        raise Invalid("name", "Use at least one visible character.")
    return name
