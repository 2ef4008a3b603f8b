"""Writing the audit log: every use case that matters adds its event to its own unit of work."""

from dataclasses import dataclass
from uuid import UUID

from application.ports import Clock, Ids, UnitOfWork
from domain.access import Actor
from domain.audit import Event, Tag
from domain.sessions import Client


@dataclass(frozen=True, slots=True)
class Audit:
    now: Clock
    new_id: Ids

    def note(
        self, work: UnitOfWork, tag: Tag, user_id: UUID | None, by: Actor | Client, detail: str = ""
    ) -> None:
        """Add the event to `work`, so that it is stored together with the change or not at all.

        `by` is a mere Client while nobody is logged in yet.
        """
        client = by.client if isinstance(by, Actor) else by
        work.events.add(
            Event(
                id=self.new_id(),
                tag=tag,
                user_id=user_id,
                actor_id=by.id if isinstance(by, Actor) else None,
                ip=client.ip,
                user_agent=client.user_agent,
                detail=detail,
                created_at=self.now(),
            )
        )
