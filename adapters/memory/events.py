from collections.abc import Collection
from dataclasses import replace
from typing import Any
from uuid import UUID

from adapters.memory.rows import PersonalRows, newest, number_of
from domain.events import Event, EventFilter, EventStore
from domain.paging import Page
from domain.personal import EXPORT_BATCH, exported


class MemoryEvents(PersonalRows, EventStore):
    table = "events"

    def about(self, user_id: UUID, after: UUID | None, limit: int) -> Page[Event]:
        return self._named(newest(self.rows.where(user_id=user_id), after, limit))

    def page(self, filter: EventFilter, after: UUID | None, limit: int) -> Page[Event]:
        return self._named(newest(self._found(filter), after, limit))

    def count(self, filter: EventFilter) -> int:
        return number_of(self._found(filter))

    def following(self, user_ids: Collection[UUID], after: UUID, limit: int) -> list[Event]:
        found = [event for event in self.rows.where() if event.user_id in user_ids and event.id > after]
        return self._named(Page(found[:limit], None)).items

    def exported(self, user_id: UUID, after: UUID | None) -> Page[dict[str, Any]]:
        page = self.about(user_id, after, EXPORT_BATCH)
        return Page([exported(event.for_user()) for event in page.items], page.next)

    def forget(self, user_id: UUID) -> None:
        self._blank(self.rows.where(user_id=user_id))

    def forget_some(self, user_id: UUID, limit: int) -> bool:
        not_blank = [event for event in self.rows.where(user_id=user_id) if event.ip or event.user_agent]
        more = len(not_blank) > limit
        if more:
            self._blank(not_blank[:limit])
        return more

    def _found(self, filter: EventFilter) -> list[Event]:
        values = filter.values()
        since, until = values.pop("since", None), values.pop("until", None)
        return [
            event
            for event in self.rows.where(**values)
            if (since is None or event.id >= since) and (until is None or event.id < until)
        ]

    def _blank(self, events: list[Event]) -> None:
        for event in events:
            self.rows.put(replace(event, ip="", user_agent=""))

    def _named(self, page: Page[Event]) -> Page[Event]:
        users, teams = self.tables["users"], self.tables["teams"]
        named = [
            replace(
                event,
                username=getattr(users.get(event.user_id), "username", None),
                actor=getattr(users.get(event.actor_id), "username", None),
                team=getattr(teams.get(event.team_id), "name", None),
            )
            for event in page.items
        ]
        return Page(named, page.next)
