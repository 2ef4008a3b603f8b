from dataclasses import replace
from typing import Any
from uuid import UUID

from adapters.memory.rows import MemoryStore, Rows, newest, number_of
from domain.access import TeamRole
from domain.paging import Page
from domain.teams import Membership, Team, TeamStore, exported_team


class MemoryTeams(MemoryStore, TeamStore):
    table = "teams"

    @property
    def memberships(self) -> Rows:
        return self.tables["memberships"]

    def page(self, after: UUID | None, limit: int) -> Page[Team]:
        return newest(self.rows.where(), after, limit)

    def lock(self, id: UUID) -> Team | None:
        found: Team | None = self.rows.get(id)
        return found

    def delete(self, id: UUID) -> None:
        self.rows.delete_all(self.rows.where(id=id))

    def add_member(self, membership: Membership) -> None:
        self.memberships.add(membership)

    def membership(self, team_id: UUID, user_id: UUID) -> Membership | None:
        return next(iter(self._memberships(team_id=team_id, user_id=user_id)), None)

    def members(self, team_id: UUID, after: UUID | None, limit: int) -> Page[Membership]:
        found = [
            member for member in self._memberships(team_id=team_id) if after is None or member.user_id > after
        ]
        return Page(found[:limit], found[limit - 1].user_id if len(found) > limit else None)

    def count_members(self, team_id: UUID) -> int:
        return number_of(self.memberships.where(team_id=team_id))

    def owners(self, team_id: UUID) -> set[UUID]:
        return {owner.user_id for owner in self.memberships.where(team_id=team_id, role=TeamRole.OWNER)}

    def change_role(self, team_id: UUID, user_id: UUID, role: TeamRole) -> None:
        for member in self.memberships.where(team_id=team_id, user_id=user_id):
            self.memberships.put(replace(member, role=role))

    def remove_member(self, team_id: UUID, user_id: UUID) -> None:
        self.memberships.delete_all(self.memberships.where(team_id=team_id, user_id=user_id))

    def of(self, user_id: UUID) -> list[tuple[Team, Membership]]:
        mine = self._memberships(user_id=user_id)
        return [(self.rows.get(membership.team_id), membership) for membership in mine]

    def exported(self, user_id: UUID, after: UUID | None) -> Page[dict[str, Any]]:
        return Page([exported_team(*mine) for mine in self.of(user_id)], None)

    def forget(self, user_id: UUID) -> None:
        mine = [team for team, _ in self.of(user_id)]
        alone = [team for team in mine if len(self.memberships.where(team_id=team.id)) == 1]
        self.rows.delete_all(alone)
        self.memberships.delete_all(self.memberships.where(user_id=user_id))

    def _memberships(self, **values: Any) -> list[Membership]:
        """Ordered by the ids of teams and users, with the current usernames."""
        users = self.tables["users"]
        return [
            replace(member, username=users.get(member.user_id).username, barred=self._barred(member))
            for member in self.memberships.where(**values)
        ]

    def _barred(self, member: Membership) -> bool:
        factor = self.tables["two_factors"].get(member.user_id)
        needed: bool = self.rows.get(member.team_id).needs_two_factor
        return needed and not (factor and factor.on)
