from dataclasses import dataclass
from datetime import datetime
from typing import cast
from uuid import UUID

from typing_extensions import TypedDict

from application.events import Events
from domain.events import Event, Tag
from domain.personal import exported
from entrypoints.api.http import Request, Response


class EventShape(TypedDict):
    id: UUID
    tag: Tag
    sentence: str
    by: str
    created_at: datetime
    ip: str
    user_agent: str
    device: str


def show_event(event: Event) -> EventShape:
    return cast(EventShape, exported(event))


@dataclass(frozen=True, slots=True)
class EventViews:
    events: Events

    def list(self, request: Request) -> Response:
        page = self.events.mine(request.user_actor(), request.after(), request.limit())
        return Response({"data": [show_event(event) for event in page.items], "next": page.next})
