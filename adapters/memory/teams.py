from collections.abc import Iterator
from typing import Any
from uuid import UUID

from adapters.memory.tables import Tables
from domain.teams import Membership, Team, TeamStore, exported_team


class MemoryTeams(TeamStore):
    def __init__(self, tables: Tables) -> None:
        self.rows, self.memberships = tables["teams"], tables["memberships"]

    def add(self, team: Team) -> None:
        self.rows.add(team)

    def get(self, id: UUID) -> Team | None:
        found: Team | None = self.rows.get(id)
        return found

    def save(self, team: Team) -> None:
        self.rows.save(team)

    def add_member(self, membership: Membership) -> None:
        self.memberships.add(membership)

    def membership(self, team_id: UUID, user_id: UUID) -> Membership | None:
        found: Membership | None = self.memberships.get(team_id, user_id)
        return found

    def of(self, user_id: UUID) -> list[tuple[Team, Membership]]:
        mine = self.memberships.where(user_id=user_id)
        return [(self.rows.get(membership.team_id), membership) for membership in mine]

    def exported(self, user_id: UUID) -> Iterator[dict[str, Any]]:
        return (exported_team(*mine) for mine in self.of(user_id))

    def forget(self, user_id: UUID) -> None:
        self.rows.delete_all([team for team, _ in self.of(user_id) if team.personal])
        self.memberships.delete_all(self.memberships.where(user_id=user_id))
