"""Rate limits counted in Redis, for more than one machine."""

import logging
from collections.abc import Callable
from hashlib import sha256
from math import ceil
from time import monotonic, time
from typing import TypeVar

from limits import RateLimitItem, RateLimitItemPerSecond
from limits.storage import RedisStorage
from limits.strategies import FixedWindowRateLimiter
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from application.ports import RateLimiter
from domain.errors import TooManyAttempts
from domain.limits import Limit

log = logging.getLogger(__name__)
R = TypeVar("R")

SOCKET_SECONDS = 0.3
# After a failure Redis is not asked for so long: each request would wait for the timeout.
REST_SECONDS = 5


class RedisLimiter(RateLimiter):
    """While Redis does not answer, the fallback counts: there is always a limit."""

    def __init__(self, url: str, fallback: RateLimiter) -> None:
        self.fallback = fallback
        self.resting_until = 0.0
        self.storage = RedisStorage(
            url,
            key_prefix="hexstart",
            socket_timeout=SOCKET_SECONDS,
            socket_connect_timeout=SOCKET_SECONDS,
            retry=Retry(NoBackoff(), 0),  # type: ignore[arg-type]  # handed on to redis-py
        )
        self.windows = FixedWindowRateLimiter(self.storage)

    def count(self, limit: Limit, subject: str) -> None:
        item, key = _counted(limit, subject)

        def in_redis() -> float | None:
            if self.windows.hit(item, key):
                return None
            return self.windows.get_window_stats(item, key).reset_time

        def elsewhere() -> None:
            self.fallback.count(limit, subject)

        end = self._try(in_redis, elsewhere)
        if end is not None:
            raise TooManyAttempts(max(1, ceil(end - time())))

    def forget(self, limit: Limit, subject: str) -> None:
        item, key = _counted(limit, subject)
        self._try(lambda: self.windows.clear(item, key), lambda: None)
        self.fallback.forget(limit, subject)

    def purge(self, limit: int) -> int:
        return self.fallback.purge(limit)  # Redis deletes its own

    def _try(self, in_redis: Callable[[], R], elsewhere: Callable[[], R]) -> R:
        if monotonic() < self.resting_until:
            return elsewhere()
        try:
            return in_redis()
        except (RedisError, OSError) as error:
            self.resting_until = monotonic() + REST_SECONDS
            log.warning("Redis does not answer (%s): counting in the database", type(error).__name__)
            return elsewhere()


def _counted(limit: Limit, subject: str) -> tuple[RateLimitItem, str]:
    """The subject as a hash: a reader of Redis learns no addresses."""
    return (
        RateLimitItemPerSecond(limit.times, limit.seconds, namespace=limit.name),
        sha256(subject.encode("utf-8", "surrogatepass")).hexdigest(),
    )
