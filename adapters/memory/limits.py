"""Rate limits counted in memory, for tests."""

from datetime import datetime, timedelta
from math import ceil
from threading import RLock

from application.ports import Clock, RateLimiter
from domain.errors import TooManyAttempts
from domain.limits import Limit


class MemoryLimiter(RateLimiter):
    def __init__(self, now: Clock) -> None:
        self.now = now
        self.lock = RLock()
        self.counters: dict[tuple[str, str], tuple[int, datetime]] = {}

    def count(self, limit: Limit, subject: str) -> None:
        with self.lock:
            now, key = self.now(), (limit.name, subject)
            count, end = self.counters.get(key, (0, now))
            if end <= now:
                count, end = 0, now + timedelta(seconds=limit.seconds)
            if count >= limit.times:
                raise TooManyAttempts(ceil((end - now).total_seconds()))
            self.counters[key] = count + 1, end

    def forget(self, limit: Limit, subject: str) -> None:
        self.counters.pop((limit.name, subject), None)

    def purge(self, limit: int) -> int:
        with self.lock:
            ended = [key for key, (_, end) in self.counters.items() if end <= self.now()][:limit]
            for key in ended:
                del self.counters[key]
        return len(ended)
