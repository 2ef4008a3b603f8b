from uuid import UUID

from sqlalchemy import bindparam

from adapters.sql.mapping import Execute, Rows
from adapters.sql.tables import events
from application.ports import Events, Page
from domain.audit import Event

EVENTS = Rows(Event, events)
ABOUT = (
    EVENTS.select.where(events.c.user_id == bindparam("user_id"))
    .order_by(events.c.id.desc())
    .limit(bindparam("limit"))
)
ABOUT_AFTER = ABOUT.where(events.c.id < bindparam("after"))


class SqlEvents(Events):
    def __init__(self, execute: Execute) -> None:
        self.execute = execute

    def add(self, event: Event) -> None:
        self.execute(EVENTS.insert, EVENTS.write(event))

    def about(self, user_id: UUID, after: UUID | None, limit: int) -> Page[Event]:
        values = {"user_id": user_id, "limit": limit + 1}
        if after is None:
            found = self.execute(ABOUT, values)
        else:
            found = self.execute(ABOUT_AFTER, values | {"after": after})
        return EVENTS.page(found, limit, lambda event: event.id)
