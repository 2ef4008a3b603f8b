"""Events: use cases record them, and users read their own."""

from dataclasses import dataclass
from uuid import UUID

from application.ports import Clock, Ids, Look, UnitOfWork
from domain.access import Actor, UserActor
from domain.events import Event, EventFilter, Tag
from domain.paging import Page, page_size
from domain.sessions import Client


@dataclass(frozen=True, slots=True)
class Events:
    look: Look
    now: Clock
    new_id: Ids

    def record(
        self,
        work: UnitOfWork,
        tag: Tag,
        user_id: UUID | None,
        by: Actor | Client,
        detail: str = "",
        team_id: UUID | None = None,
    ) -> None:
        """Add the event to `work`, with the change that it records. `by` is a Client without an actor."""
        client = by.client if isinstance(by, Actor) else by
        work.events.add(
            Event(
                id=self.new_id(),
                tag=tag,
                user_id=user_id,
                actor_id=by.person_id if isinstance(by, Actor) else None,
                ip=client.ip,
                user_agent=client.user_agent,
                detail=detail,
                created_at=self.now(),
                team_id=team_id,
                operator=by.operator if isinstance(by, Actor) else "",
            )
        )

    def mine(self, actor: UserActor, after: UUID | None, limit: int) -> Page[Event]:
        """The actor's own events, newest first. At most 100."""
        with self.look() as stored:
            page = stored.events.about(actor.id, after, page_size(limit))
        return Page([event.for_user() for event in page.items], page.next)

    def count_mine(self, actor: UserActor) -> int:
        """The number of the actor's own events, at most MOST_COUNTED + 1."""
        with self.look() as stored:
            return stored.events.count(EventFilter(user_id=actor.id))
