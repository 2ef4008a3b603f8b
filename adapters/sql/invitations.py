from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column, ForeignKey, String, Table, UniqueConstraint, bindparam, or_, select

from adapters.sql.mapping import Newest, Purge, Rows, SqlStore
from adapters.sql.tables import metadata
from adapters.sql.teams import teams
from adapters.sql.types import Id, Key, Utc, Word
from adapters.sql.users import users
from domain.access import TeamRole
from domain.invitations import Invitation, InvitationStore
from domain.paging import Page
from domain.personal import EXPORT_BATCH, exported
from domain.users import LONGEST_EMAIL, key_of

invitations = Table(
    "invitations",
    metadata,
    Column("id", Id, primary_key=True),
    Column("team_id", Id, ForeignKey("teams.id", ondelete="CASCADE"), nullable=False),
    Column("email", String(LONGEST_EMAIL), nullable=False),
    Column("email_key", Key(LONGEST_EMAIL), nullable=False, index=True),
    Column("role", Word(TeamRole), nullable=False),
    Column("token_hash", String(64), nullable=False),
    Column("invited_by_id", Id, ForeignKey("users.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("created_at", Utc, nullable=False),
    Column("expires_at", Utc, nullable=False, index=True),
    UniqueConstraint("token_hash"),
    UniqueConstraint("team_id", "email_key"),
)

INVITATIONS = Rows(
    Invitation,
    invitations,
    invited_by=select(users.c.username).where(users.c.id == invitations.c.invited_by_id).scalar_subquery(),
    team_name=select(teams.c.name).where(teams.c.id == invitations.c.team_id).scalar_subquery(),
)
GET = INVITATIONS.by_id.where(invitations.c.team_id == bindparam("team_id"))
VALID = (invitations.c.token_hash == bindparam("its_token_hash"), invitations.c.expires_at > bindparam("now"))
FIND = INVITATIONS.select.where(*VALID)
CONSUME = invitations.delete().where(*VALID)
OF_TEAM = Newest(
    INVITATIONS, invitations.c.team_id == bindparam("team_id"), invitations.c.expires_at > bindparam("now")
)
DROP = invitations.delete().where(
    invitations.c.team_id == bindparam("its_team_id"), invitations.c.email_key == bindparam("its_email_key")
)
DROP_BY = invitations.delete().where(invitations.c.invited_by_id == bindparam("inviter_id"))
DROP_BY_IN_TEAM = DROP_BY.where(invitations.c.team_id == bindparam("its_team_id"))
PURGE = Purge(invitations.c.expires_at)
ADDRESS = select(users.c.email_key).where(users.c.id == bindparam("its_user_id")).scalar_subquery()
PERSONAL = or_(invitations.c.invited_by_id == bindparam("its_user_id"), invitations.c.email_key == ADDRESS)
OF_USER = Newest(INVITATIONS, PERSONAL)
FORGET = invitations.delete().where(PERSONAL)


class SqlInvitations(SqlStore, InvitationStore):
    rows = INVITATIONS

    def in_team(self, team_id: UUID, id: UUID) -> Invitation | None:
        return INVITATIONS.one(self.execute(GET, {"id": id, "team_id": team_id}))

    def find(self, token_hash: str, now: datetime) -> Invitation | None:
        return INVITATIONS.one(self.execute(FIND, {"its_token_hash": token_hash, "now": now}))

    def consume(self, token_hash: str, now: datetime) -> bool:
        return self.execute(CONSUME, {"its_token_hash": token_hash, "now": now}).rowcount == 1

    def of(self, team_id: UUID, now: datetime, after: UUID | None, limit: int) -> Page[Invitation]:
        return OF_TEAM.page(self.execute, after, limit, team_id=team_id, now=now)

    def drop(self, team_id: UUID, email: str) -> None:
        self.execute(DROP, {"its_team_id": team_id, "its_email_key": key_of(email)})

    def drop_by(self, inviter_id: UUID, team_id: UUID | None = None) -> None:
        if team_id is None:
            self.execute(DROP_BY, {"inviter_id": inviter_id})
        else:
            self.execute(DROP_BY_IN_TEAM, {"inviter_id": inviter_id, "its_team_id": team_id})

    def purge(self, now: datetime, limit: int) -> int:
        return PURGE.rows(self.execute, now, limit)

    def exported(self, user_id: UUID, after: UUID | None) -> Page[dict[str, Any]]:
        page = OF_USER.page(self.execute, after, EXPORT_BATCH, its_user_id=user_id)
        return Page([exported(invitation) for invitation in page.items], page.next)

    def forget(self, user_id: UUID) -> None:
        self.execute(FORGET, {"its_user_id": user_id})
