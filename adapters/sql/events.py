from uuid import UUID

from sqlalchemy import Column, Index, String, Table, bindparam, or_, select

from adapters.sql.mapping import PersonalRows, Rows
from adapters.sql.tables import metadata
from adapters.sql.types import Id, Utc, Word
from domain.events import LONGEST_OPERATOR, Event, EventStore, Tag
from domain.paging import Page
from domain.sessions import LONGEST_USER_AGENT

# No foreign keys: events stay when their users are deleted.
events = Table(
    "events",
    metadata,
    Column("id", Id, primary_key=True),
    Column("tag", Word(Tag), nullable=False),
    Column("user_id", Id),
    Column("actor_id", Id),
    Column("ip", String(45), nullable=False),
    Column("user_agent", String(LONGEST_USER_AGENT), nullable=False),
    Column("detail", String(255), nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("team_id", Id),
    Column("operator", String(LONGEST_OPERATOR), nullable=False),
    Index(None, "user_id", "id"),
    Index(None, "team_id", "id"),
    Index(None, "tag", "id"),
)

EVENTS = Rows(Event, events)
NOT_BLANK = (events.c.user_id == bindparam("its_user_id"), or_(events.c.ip != "", events.c.user_agent != ""))
FORGET = events.update().where(*NOT_BLANK).values(ip="", user_agent="")
FIRST_LEFT = select(events.c.id).where(*NOT_BLANK).order_by(events.c.id).limit(1).offset(bindparam("limit"))
FORGET_SOME = FORGET.where(events.c.id < bindparam("its_id"))


class SqlEvents(PersonalRows, EventStore):
    rows = EVENTS

    def about(self, user_id: UUID, after: UUID | None, limit: int) -> Page[Event]:
        return EVENTS.of_user.page(self.execute, after, limit, its_user_id=user_id)

    def forget(self, user_id: UUID) -> None:
        self.execute(FORGET, {"its_user_id": user_id})

    def forget_some(self, user_id: UUID, limit: int) -> bool:
        left = self.execute(FIRST_LEFT, {"its_user_id": user_id, "limit": limit}).scalar()
        if left is not None:
            self.execute(FORGET_SOME, {"its_user_id": user_id, "its_id": left})
        return left is not None
