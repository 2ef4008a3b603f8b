from uuid import UUID

from sqlalchemy import bindparam, select

from adapters.sql.mapping import Execute, Newest, Rows
from adapters.sql.tables import events
from application.ports import Events, Page
from domain.audit import Event, Tag

EVENTS = Rows(Event, events)
ABOUT = Newest(EVENTS, events.c.user_id == bindparam("user_id"))
USER_AGENTS = (
    select(events.c.user_agent)
    .distinct()
    .where(events.c.user_id == bindparam("user_id"), events.c.tag.in_([Tag.REGISTERED, Tag.LOGGED_IN]))
)
FORGET = events.update().where(events.c.user_id == bindparam("its_user_id")).values(ip="", user_agent="")


class SqlEvents(Events):
    def __init__(self, execute: Execute) -> None:
        self.execute = execute

    def add(self, event: Event) -> None:
        self.execute(EVENTS.insert, EVENTS.write(event))

    def about(self, user_id: UUID, after: UUID | None, limit: int) -> Page[Event]:
        return ABOUT.page(self.execute, after, limit, user_id=user_id)

    def user_agents(self, user_id: UUID) -> set[str]:
        return set(self.execute(USER_AGENTS, {"user_id": user_id}).scalars())

    def forget(self, user_id: UUID) -> None:
        self.execute(FORGET, {"its_user_id": user_id})
