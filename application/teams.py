"""Teams: so far the personal team that every user owns from the start."""

from dataclasses import dataclass
from uuid import UUID

from application.ports import Look, Sanitizer, Transaction
from domain.access import SignedIn, TeamPermission, require_in_team
from domain.errors import NotFound
from domain.teams import Membership, Team, acceptable_team_name


@dataclass(frozen=True, slots=True)
class Teams:
    look: Look
    transaction: Transaction
    sanitizer: Sanitizer

    def mine(self, actor: SignedIn) -> list[tuple[Team, Membership]]:
        with self.look() as stored:
            return stored.teams.of(actor.id)

    def rename(self, actor: SignedIn, team_id: UUID, unsafe_name: str) -> tuple[Team, Membership]:
        """Raise NotFound for a team that is not the actor's, PermissionDenied, Invalid or Stale."""
        with self.transaction() as work:
            membership = work.teams.membership(team_id, actor.id)
            require_in_team(membership, TeamPermission.RENAME)
            team = work.teams.get(team_id)
            if team is None or membership is None:
                raise NotFound
            team.name = acceptable_team_name(unsafe_name, self.sanitizer.plain)
            work.teams.save(team)
            work.commit()
        return team, membership
