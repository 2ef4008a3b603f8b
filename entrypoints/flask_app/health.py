"""For whoever watches over the processes."""

from dataclasses import dataclass

from flask.typing import ResponseReturnValue

from application.outbox import Delivery
from application.ports import Ping


@dataclass(frozen=True, slots=True)
class HealthViews:
    ping: Ping
    delivery: Delivery

    def live(self) -> ResponseReturnValue:
        return {"data": {"status": "live"}}

    def ready(self) -> ResponseReturnValue:
        self.ping()
        backlog = self.delivery.backlog()
        mail = {"waiting": backlog.waiting, "parked": backlog.parked}
        return {"data": {"status": "ready", "mail": mail}}
