"""For whoever watches over the processes."""

from dataclasses import dataclass

from flask.typing import ResponseReturnValue

from application.ports import Ping


@dataclass(frozen=True, slots=True)
class HealthViews:
    ping: Ping

    def live(self) -> ResponseReturnValue:
        return {"data": {"status": "live"}}

    def ready(self) -> ResponseReturnValue:
        self.ping()
        return {"data": {"status": "ready"}}
