"""Teams: who works together, and as what. Who registers owns a personal one."""

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from domain.errors import Invalid

LONGEST_TEAM_NAME = 80

# They turn the text around them, so that a name could pass for another (Unicode TR 36, 2.9).
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


def personal_team_name(username: str) -> str:
    return f"{username}'s team"


def acceptable_team_name(unsafe_name: str, plain: Callable[[str], str]) -> str:
    """The name on one line, without markup (`plain`). Raise Invalid when nothing is left, or too much."""
    one_line = " ".join(unsafe_name.split())
    if any(unicodedata.category(letter) == "Cc" or letter in BIDI_CONTROLS for letter in one_line):
        raise Invalid("name", "The name holds a character that cannot be shown.")
    name = unicodedata.normalize("NFC", " ".join(plain(one_line).split()))
    if not 1 <= len(name) <= LONGEST_TEAM_NAME:
        raise Invalid("name", f"Use 1 to {LONGEST_TEAM_NAME} characters.")
    if not any(unicodedata.category(letter)[0] in "LNPS" for letter in name):
        raise Invalid("name", "Use characters that can be seen.")
    return name
