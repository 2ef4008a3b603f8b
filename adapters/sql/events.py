from collections.abc import Collection
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Index, String, Table, bindparam, or_, select

from adapters.sql.mapping import Newest, PersonalRows, Rows
from adapters.sql.tables import metadata
from adapters.sql.teams import teams
from adapters.sql.types import Id, Utc, Word
from adapters.sql.users import users
from domain.events import LONGEST_OPERATOR, Event, EventFilter, EventStore, Tag
from domain.paging import Page
from domain.personal import EXPORT_BATCH, exported
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

ACTORS = users.alias("actors")
EVENTS = Rows(
    Event,
    events,
    username=select(users.c.username).where(users.c.id == events.c.user_id).scalar_subquery(),
    actor=select(ACTORS.c.username).where(ACTORS.c.id == events.c.actor_id).scalar_subquery(),
    team=select(teams.c.name).where(teams.c.id == events.c.team_id).scalar_subquery(),
)
ASKED = {
    "user_id": events.c.user_id == bindparam("user_id"),
    "team_id": events.c.team_id == bindparam("team_id"),
    "tag": events.c.tag == bindparam("tag"),
    "since": events.c.id >= bindparam("since"),
    "until": events.c.id < bindparam("until"),
}
INDEXES = {name: f"ix_events_{name}_id" for name in ("user_id", "team_id", "tag")}
FOLLOWING = (
    EVENTS.select.where(
        events.c.user_id.in_(bindparam("user_ids", expanding=True)), events.c.id > bindparam("after")
    )
    .order_by(events.c.id)
    .limit(bindparam("limit"))
    .with_hint(events, f"FORCE INDEX ({INDEXES['user_id']})", "mysql")
)
NOT_BLANK = (events.c.user_id == bindparam("its_user_id"), or_(events.c.ip != "", events.c.user_agent != ""))
FORGET = events.update().where(*NOT_BLANK).values(ip="", user_agent="")
FIRST_LEFT = select(events.c.id).where(*NOT_BLANK).order_by(events.c.id).limit(1).offset(bindparam("limit"))
FORGET_SOME = FORGET.where(events.c.id < bindparam("its_id"))


@lru_cache
def found_by(*names: str) -> Newest[Event]:
    """The list that these parts of a filter ask for."""
    index = next((index for name, index in INDEXES.items() if name in names), None)
    return Newest(EVENTS, *(ASKED[name] for name in names), index=index)


class SqlEvents(PersonalRows, EventStore):
    rows = EVENTS

    def about(self, user_id: UUID, after: UUID | None, limit: int) -> Page[Event]:
        return EVENTS.of_user.page(self.execute, after, limit, its_user_id=user_id)

    def page(self, filter: EventFilter, after: UUID | None, limit: int) -> Page[Event]:
        values = filter.values()
        return found_by(*values).page(self.execute, after, limit, **values)

    def count(self, filter: EventFilter) -> int:
        values = filter.values()
        return found_by(*values).count(self.execute, **values)

    def following(self, user_ids: Collection[UUID], after: UUID, limit: int) -> list[Event]:
        values = {"user_ids": list(user_ids), "after": after, "limit": limit}
        return [EVENTS.read(row) for row in self.execute(FOLLOWING, values)]

    def exported(self, user_id: UUID, after: UUID | None) -> Page[dict[str, Any]]:
        page = EVENTS.of_user.page(self.execute, after, EXPORT_BATCH, its_user_id=user_id)
        return Page([exported(event.for_user()) for event in page.items], page.next)

    def forget(self, user_id: UUID) -> None:
        self.execute(FORGET, {"its_user_id": user_id})

    def forget_some(self, user_id: UUID, limit: int) -> bool:
        left = self.execute(FIRST_LEFT, {"its_user_id": user_id, "limit": limit}).scalar()
        if left is not None:
            self.execute(FORGET_SOME, {"its_user_id": user_id, "its_id": left})
        return left is not None
