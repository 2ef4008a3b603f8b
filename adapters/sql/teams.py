from typing import Any
from uuid import UUID

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Integer,
    PrimaryKeyConstraint,
    String,
    Table,
    bindparam,
    false,
    func,
    select,
)

from adapters.sql.mapping import Newest, Rows, SqlStore, counting
from adapters.sql.tables import metadata, user_id
from adapters.sql.two_factor import two_factors
from adapters.sql.types import Id, Utc, Word
from adapters.sql.users import users
from domain.access import TeamRole
from domain.paging import Page
from domain.teams import LONGEST_TEAM_NAME, AlreadyMember, Membership, Team, TeamStore, exported_team

teams = Table(
    "teams",
    metadata,
    Column("id", Id, primary_key=True),
    Column("name", String(LONGEST_TEAM_NAME), nullable=False),
    Column("personal", Boolean(create_constraint=False), nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("needs_two_factor", Boolean(create_constraint=False), nullable=False),
    Column("version", Integer, nullable=False),
)
memberships = Table(
    "memberships",
    metadata,
    Column("team_id", Id, ForeignKey("teams.id", ondelete="CASCADE"), nullable=False),
    user_id(index=True),
    Column("role", Word(TeamRole), nullable=False),
    Column("joined_at", Utc, nullable=False),
    PrimaryKeyConstraint("team_id", "user_id", info={"raises": AlreadyMember}),
)

USERNAME = select(users.c.username).where(users.c.id == memberships.c.user_id).scalar_subquery()
ITS_TEAM = teams.alias("its_team")
BARRED = (
    select(ITS_TEAM.c.needs_two_factor)
    .where(ITS_TEAM.c.id == memberships.c.team_id)
    .where(
        ~select(two_factors.c.user_id)
        .where(two_factors.c.user_id == memberships.c.user_id, two_factors.c.confirmed_at.is_not(None))
        .correlate(memberships)
        .exists()
    )
    .scalar_subquery()
)
TEAMS = Rows(Team, teams)
MEMBERSHIPS = Rows(Membership, memberships, username=USERNAME, barred=func.coalesce(BARRED, false()))
ALL = Newest(TEAMS)
LOCK = TEAMS.by_id.with_for_update()
DELETE = teams.delete().where(teams.c.id == bindparam("its_id"))
OF_USER = (
    select(*TEAMS.columns, *MEMBERSHIPS.columns)
    .join_from(memberships, teams, teams.c.id == memberships.c.team_id)
    .where(memberships.c.user_id == bindparam("user_id"))
    .order_by(teams.c.id)
)
OF_TEAM = (
    MEMBERSHIPS.select.where(memberships.c.team_id == bindparam("team_id"))
    .order_by(memberships.c.user_id)
    .limit(bindparam("limit"))
)
OF_TEAM_ONWARD = OF_TEAM.where(memberships.c.user_id > bindparam("after"))
COUNT_MEMBERS = counting(OF_TEAM)
OWNERS = select(memberships.c.user_id).where(
    memberships.c.team_id == bindparam("team_id"), memberships.c.role == TeamRole.OWNER
)
MEMBERSHIP = MEMBERSHIPS.select.where(
    memberships.c.team_id == bindparam("team_id"), memberships.c.user_id == bindparam("user_id")
)
ITS = (memberships.c.team_id == bindparam("its_team_id"), memberships.c.user_id == bindparam("its_user_id"))
CHANGE_ROLE = memberships.update().where(*ITS).values(role=bindparam("role"))
REMOVE = memberships.delete().where(*ITS)
OTHERS = memberships.alias("others")
ALONE_IN = (
    select(memberships.c.team_id)
    .where(memberships.c.user_id == bindparam("user_id"))
    .where(
        ~select(OTHERS.c.user_id)
        .where(OTHERS.c.team_id == memberships.c.team_id, OTHERS.c.user_id != bindparam("user_id"))
        .exists()
    )
)
FORGET_TEAMS = teams.delete().where(teams.c.id.in_(bindparam("ids", expanding=True)))
FORGET_MEMBERSHIPS = memberships.delete().where(memberships.c.user_id == bindparam("its_user_id"))
WIDTH = len(TEAMS.columns)


class SqlTeams(SqlStore, TeamStore):
    rows = TEAMS

    def page(self, after: UUID | None, limit: int) -> Page[Team]:
        return ALL.page(self.execute, after, limit)

    def lock(self, id: UUID) -> Team | None:
        return TEAMS.one(self.execute(LOCK, {"id": id}))

    def delete(self, id: UUID) -> None:
        self.execute(DELETE, {"its_id": id})

    def add_member(self, membership: Membership) -> None:
        self.execute(MEMBERSHIPS.insert, MEMBERSHIPS.write(membership))

    def membership(self, team_id: UUID, user_id: UUID) -> Membership | None:
        return MEMBERSHIPS.one(self.execute(MEMBERSHIP, {"team_id": team_id, "user_id": user_id}))

    def members(self, team_id: UUID, after: UUID | None, limit: int) -> Page[Membership]:
        values = {"team_id": team_id, "limit": limit + 1}
        if after is None:
            result = self.execute(OF_TEAM, values)
        else:
            result = self.execute(OF_TEAM_ONWARD, values | {"after": after})
        found = [MEMBERSHIPS.read(row) for row in result]
        return Page(found[:limit], found[limit - 1].user_id if len(found) > limit else None)

    def count_members(self, team_id: UUID) -> int:
        found: int = self.execute(COUNT_MEMBERS, {"team_id": team_id}).scalar_one()
        return found

    def owners(self, team_id: UUID) -> set[UUID]:
        return set(self.execute(OWNERS, {"team_id": team_id}).scalars())

    def change_role(self, team_id: UUID, user_id: UUID, role: TeamRole) -> None:
        self.execute(CHANGE_ROLE, {"its_team_id": team_id, "its_user_id": user_id, "role": role})

    def remove_member(self, team_id: UUID, user_id: UUID) -> None:
        self.execute(REMOVE, {"its_team_id": team_id, "its_user_id": user_id})

    def of(self, user_id: UUID) -> list[tuple[Team, Membership]]:
        rows = self.execute(OF_USER, {"user_id": user_id})
        return [(TEAMS.read(row[:WIDTH]), MEMBERSHIPS.read(row[WIDTH:])) for row in rows]

    def exported(self, user_id: UUID, after: UUID | None) -> Page[dict[str, Any]]:
        return Page([exported_team(*mine) for mine in self.of(user_id)], None)

    def forget(self, user_id: UUID) -> None:
        # Two statements, because MySQL cannot delete from a table that a subquery reads.
        alone = list(self.execute(ALONE_IN, {"user_id": user_id}).scalars())
        if alone:
            self.execute(FORGET_TEAMS, {"ids": alone})
        self.execute(FORGET_MEMBERSHIPS, {"its_user_id": user_id})
