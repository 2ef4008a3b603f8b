from typing import Any
from uuid import UUID

from sqlalchemy import Boolean, Column, ForeignKey, Integer, String, Table, bindparam, select

from adapters.sql.mapping import Rows, SqlStore
from adapters.sql.tables import metadata, user_id
from adapters.sql.types import Id, Utc, Word
from domain.paging import Page
from domain.teams import LONGEST_TEAM_NAME, Membership, Team, TeamRole, TeamStore, exported_team

teams = Table(
    "teams",
    metadata,
    Column("id", Id, primary_key=True),
    Column("name", String(LONGEST_TEAM_NAME), nullable=False),
    Column("personal", Boolean(create_constraint=False), nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("version", Integer, nullable=False),
)
memberships = Table(
    "memberships",
    metadata,
    Column("team_id", Id, ForeignKey("teams.id", ondelete="CASCADE"), primary_key=True),
    user_id(primary_key=True, index=True),
    Column("role", Word(TeamRole), nullable=False),
    Column("joined_at", Utc, nullable=False),
)

TEAMS = Rows(Team, teams)
MEMBERSHIPS = Rows(Membership, memberships)
OF_USER = (
    select(*TEAMS.columns, *MEMBERSHIPS.columns)
    .join_from(memberships, teams, teams.c.id == memberships.c.team_id)
    .where(memberships.c.user_id == bindparam("user_id"))
    .order_by(teams.c.id)
)
MEMBERSHIP = MEMBERSHIPS.select.where(
    memberships.c.team_id == bindparam("team_id"), memberships.c.user_id == bindparam("user_id")
)
FORGET_PERSONAL = teams.delete().where(
    teams.c.personal.is_(True),
    teams.c.id.in_(select(memberships.c.team_id).where(memberships.c.user_id == bindparam("user_id"))),
)
FORGET_MEMBERSHIPS = memberships.delete().where(memberships.c.user_id == bindparam("its_user_id"))
WIDTH = len(TEAMS.columns)


class SqlTeams(SqlStore, TeamStore):
    rows = TEAMS

    def add_member(self, membership: Membership) -> None:
        self.execute(MEMBERSHIPS.insert, MEMBERSHIPS.write(membership))

    def membership(self, team_id: UUID, user_id: UUID) -> Membership | None:
        return MEMBERSHIPS.one(self.execute(MEMBERSHIP, {"team_id": team_id, "user_id": user_id}))

    def of(self, user_id: UUID) -> list[tuple[Team, Membership]]:
        rows = self.execute(OF_USER, {"user_id": user_id})
        return [(TEAMS.read(row[:WIDTH]), MEMBERSHIPS.read(row[WIDTH:])) for row in rows]

    def exported(self, user_id: UUID, after: UUID | None) -> Page[dict[str, Any]]:
        return Page([exported_team(*mine) for mine in self.of(user_id)], None)

    def forget(self, user_id: UUID) -> None:
        self.execute(FORGET_PERSONAL, {"user_id": user_id})
        self.execute(FORGET_MEMBERSHIPS, {"its_user_id": user_id})
