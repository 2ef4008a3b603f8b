"""Health checks for monitors and load balancers."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from typing_extensions import TypedDict

from application.mails import Delivery
from entrypoints.api.http import Request, Response


class LiveShape(TypedDict):
    status: Literal["live"]


class BacklogShape(TypedDict):
    """`parked` mails have failed too often, and are not tried again."""

    waiting: int
    parked: int


class ReadyShape(TypedDict):
    status: Literal["ready"]
    mail: BacklogShape


@dataclass(frozen=True, slots=True)
class HealthViews:
    delivery: Delivery
    check: Callable[[], None]

    def live(self, request: Request) -> Response:
        return Response({"data": {"status": "live"}})

    def ready(self, request: Request) -> Response:
        """Raise Unavailable while the database does not answer or is not migrated."""
        self.check()
        backlog = self.delivery.backlog()
        mail = {"waiting": backlog.waiting, "parked": backlog.parked}
        return Response({"data": {"status": "ready", "mail": mail}})
