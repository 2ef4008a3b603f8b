"""Rate limits counted in memory, for tests."""

from datetime import datetime
from functools import partial
from threading import RLock

from application.ports import Clock, RateLimiter, TakeBack
from domain.errors import TooManyAttempts
from domain.limits import Limit


class MemoryLimiter(RateLimiter):
    def __init__(self, now: Clock) -> None:
        self.now = now
        self.lock = RLock()
        self.counts: dict[tuple[str, str], tuple[int, datetime]] = {}

    def count(self, limit: Limit, subject: str) -> TakeBack:
        with self.lock:
            now, key = self.now(), (limit.name, subject)
            count, end = self.counts.get(key, (0, now))
            if not now < end <= limit.latest_end(now):
                count, end = 0, limit.end(now)
            if count >= limit.times:
                raise TooManyAttempts(limit.retry_after((end - now).total_seconds()))
            self.counts[key] = count + 1, end
        return partial(self._one_less, key, end)

    def _one_less(self, key: tuple[str, str], counted_until: datetime) -> None:
        with self.lock:
            count, end = self.counts.get(key, (0, counted_until))
            if count and end == counted_until:
                self.counts[key] = count - 1, end

    def forget(self, limit: Limit, subject: str) -> None:
        self.counts.pop((limit.name, subject), None)

    def purge(self, limit: int) -> int:
        with self.lock:
            ended = [key for key, (_, end) in self.counts.items() if end <= self.now()][:limit]
            for key in ended:
                del self.counts[key]
        return len(ended)
