from dataclasses import replace
from uuid import UUID

from adapters.memory.rows import PersonalRows, newest
from domain.events import Event, EventStore
from domain.paging import Page


class MemoryEvents(PersonalRows, EventStore):
    table = "events"

    def about(self, user_id: UUID, after: UUID | None, limit: int) -> Page[Event]:
        return newest(self.rows.where(user_id=user_id), after, limit)

    def forget(self, user_id: UUID) -> None:
        self._blank(self.rows.where(user_id=user_id))

    def forget_some(self, user_id: UUID, limit: int) -> bool:
        not_blank = [event for event in self.rows.where(user_id=user_id) if event.ip or event.user_agent]
        more = len(not_blank) > limit
        if more:
            self._blank(not_blank[:limit])
        return more

    def _blank(self, events: list[Event]) -> None:
        for event in events:
            self.rows.put(replace(event, ip="", user_agent=""))
