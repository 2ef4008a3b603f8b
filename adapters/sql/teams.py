from uuid import UUID

from sqlalchemy import bindparam, select

from adapters.sql.mapping import Execute, Rows
from adapters.sql.tables import memberships, teams
from application.ports import Teams
from domain.teams import Membership, Team

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
DELETE_PERSONAL = teams.delete().where(
    teams.c.personal.is_(True),
    teams.c.id.in_(select(memberships.c.team_id).where(memberships.c.user_id == bindparam("user_id"))),
)
WIDTH = len(TEAMS.columns)


class SqlTeams(Teams):
    def __init__(self, execute: Execute) -> None:
        self.execute = execute

    def add(self, team: Team) -> None:
        self.execute(TEAMS.insert, TEAMS.write(team))

    def get(self, id: UUID) -> Team | None:
        return TEAMS.one(self.execute(TEAMS.by_id, {"id": id}))

    def save(self, team: Team) -> None:
        TEAMS.save(self.execute, team)

    def add_member(self, membership: Membership) -> None:
        self.execute(MEMBERSHIPS.insert, MEMBERSHIPS.write(membership))

    def membership(self, team_id: UUID, user_id: UUID) -> Membership | None:
        return MEMBERSHIPS.one(self.execute(MEMBERSHIP, {"team_id": team_id, "user_id": user_id}))

    def of(self, user_id: UUID) -> list[tuple[Team, Membership]]:
        rows = self.execute(OF_USER, {"user_id": user_id})
        return [(TEAMS.read(row[:WIDTH]), MEMBERSHIPS.read(row[WIDTH:])) for row in rows]

    def delete_personal(self, user_id: UUID) -> None:
        self.execute(DELETE_PERSONAL, {"user_id": user_id})
