from typing import Any
from uuid import UUID

from adapters.memory.rows import MemoryStore, Rows
from domain.paging import Page
from domain.teams import Membership, Team, TeamStore, exported_team


class MemoryTeams(MemoryStore, TeamStore):
    table = "teams"

    @property
    def memberships(self) -> Rows:
        return self.tables["memberships"]

    def add_member(self, membership: Membership) -> None:
        self.memberships.add(membership)

    def membership(self, team_id: UUID, user_id: UUID) -> Membership | None:
        found: Membership | None = self.memberships.get(team_id, user_id)
        return found

    def of(self, user_id: UUID) -> list[tuple[Team, Membership]]:
        mine = self.memberships.where(user_id=user_id)
        return [(self.rows.get(membership.team_id), membership) for membership in mine]

    def exported(self, user_id: UUID, after: UUID | None) -> Page[dict[str, Any]]:
        return Page([exported_team(*mine) for mine in self.of(user_id)], None)

    def forget(self, user_id: UUID) -> None:
        self.rows.delete_all([team for team, _ in self.of(user_id) if team.personal])
        self.memberships.delete_all(self.memberships.where(user_id=user_id))
