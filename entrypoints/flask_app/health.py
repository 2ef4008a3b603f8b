"""For whoever watches over the processes."""

from dataclasses import dataclass

from flask.typing import ResponseReturnValue

from application.outbox import Delivery


@dataclass(frozen=True, slots=True)
class HealthViews:
    delivery: Delivery

    def live(self) -> ResponseReturnValue:
        return {"data": {"status": "live"}}

    def ready(self) -> ResponseReturnValue:
        """Asks the database, so that it is not ready while that does not answer."""
        backlog = self.delivery.backlog()
        return {"data": {"status": "ready", "mail": {"waiting": backlog.waiting, "parked": backlog.parked}}}
