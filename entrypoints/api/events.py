from dataclasses import dataclass
from datetime import datetime
from typing import TypedDict
from uuid import UUID

from application.events import Events
from domain.events import Event
from entrypoints.api.http import Request, Response


class EventShape(TypedDict):
    id: UUID
    tag: str
    sentence: str
    created_at: datetime
    ip: str
    user_agent: str
    device: str


def show_event(event: Event) -> EventShape:
    return {
        "id": event.id,
        "tag": event.tag,
        "sentence": event.sentence,
        "created_at": event.created_at,
        "ip": event.ip,
        "user_agent": event.user_agent,
        "device": event.device,
    }


@dataclass(frozen=True, slots=True)
class EventViews:
    events: Events

    def list(self, request: Request) -> Response:
        page = self.events.mine(request.signed_in(), request.after(), request.limit())
        return Response({"data": [show_event(event) for event in page.items], "next": page.next})
