from dataclasses import replace
from uuid import UUID

from adapters.memory.rows import PersonalRows, newest
from domain.events import Event, EventStore, Tag
from domain.paging import Page


class MemoryEvents(PersonalRows, EventStore):
    table = "events"

    def about(self, user_id: UUID, after: UUID | None, limit: int) -> Page[Event]:
        return newest(self.rows.where(user_id=user_id), after, limit)

    def user_agents(self, user_id: UUID) -> set[str]:
        mine = self.rows.where(user_id=user_id)
        return {event.user_agent for event in mine if event.tag in {Tag.REGISTERED, Tag.LOGGED_IN}}

    def forget(self, user_id: UUID) -> None:
        for event in self.rows.where(user_id=user_id):
            self.rows.put(replace(event, ip="", user_agent=""))
