"""No rate limits, for LIMITS=off in tests and load tests."""

from application.ports import RateLimiter, TakeBack
from domain.limits import Limit


class NoLimits(RateLimiter):
    def count(self, limit: Limit, subject: str) -> TakeBack:
        return lambda: None

    def forget(self, limit: Limit, subject: str) -> None: ...

    def purge(self, limit: int) -> int:
        return 0
