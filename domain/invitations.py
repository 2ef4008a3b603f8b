"""Invitations to a team: sent to an address, for a role. A token in the mail accepts one, once."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar, Protocol
from uuid import UUID

from domain.access import PermissionDenied, TeamRole
from domain.paging import Page
from domain.personal import PersonalStore
from domain.users import key_of


class OtherAddress(PermissionDenied):
    message = "This invitation was sent to another email address. Log in with that address to accept it."


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """`invited_by` is the username of the inviter, and `team_name` the name of the team, both as stored now.
    They are read with the invitation, and never written."""

    EXPORTED: ClassVar = "id team_id team_name email role invited_by created_at expires_at"

    id: UUID
    team_id: UUID
    email: str
    role: TeamRole
    token_hash: str
    invited_by_id: UUID
    created_at: datetime
    expires_at: datetime
    invited_by: str = field(default="", compare=False)
    team_name: str = field(default="", compare=False)

    @property
    def email_key(self) -> str:
        return key_of(self.email)


class InvitationStore(PersonalStore, Protocol):
    def add(self, invitation: Invitation) -> None:
        """Raise Stale when the address has an invitation to the team, or when team or inviter is deleted."""

    def in_team(self, team_id: UUID, id: UUID) -> Invitation | None: ...

    def find(self, token_hash: str, now: datetime) -> Invitation | None:
        """None when the token is unknown, used, expired, revoked or replaced."""

    def consume(self, token_hash: str, now: datetime) -> bool:
        """Delete a valid invitation. True for exactly one caller."""

    def of(self, team_id: UUID, now: datetime, after: UUID | None, limit: int) -> Page[Invitation]:
        """The valid invitations of the team, newest first."""

    def drop(self, team_id: UUID, email: str) -> None:
        """Delete the invitation of the address to the team, if there is one."""

    def drop_by(self, inviter_id: UUID, team_id: UUID | None = None) -> None:
        """Delete the invitations that the user has sent, to one team or (None) to all teams."""

    def purge(self, now: datetime, limit: int) -> int:
        """Delete at most `limit` expired invitations. Return the number."""

    def exported(self, user_id: UUID, after: UUID | None) -> Page[dict[str, object]]:
        """The invitations that the user sent, and those sent to the address of the user."""

    def forget(self, user_id: UUID) -> None:
        """Delete the invitations that the user sent, and those sent to the address of the user."""
