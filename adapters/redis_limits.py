"""Rate limits that Redis counts, for sites on more than one machine."""

import logging
from collections.abc import Callable
from functools import partial
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

from application.ports import RateLimiter, TakeBack
from domain.errors import TooManyAttempts
from domain.limits import CLOCK_SKEW, Limit

log = logging.getLogger(__name__)
R = TypeVar("R")

SOCKET_SECONDS = 0.3
# After a failure Redis is not asked for this time. Otherwise each request would wait for the timeout.
PAUSE_SECONDS = 5

# Takes one attempt back. (`incr` of the package `limits` by -1 would go below zero.) ARGV[1] is the time left
# in the attempt's window, in milliseconds. A key with more time left is of a newer window.
ONE_LESS = b"""
if tonumber(redis.call("get", KEYS[1]) or 0) > 0 and redis.call("pttl", KEYS[1]) <= tonumber(ARGV[1]) then
    redis.call("decr", KEYS[1])
end
"""


class RedisLimiter(RateLimiter):
    """While Redis does not answer, the fallback counts."""

    def __init__(self, url: str, fallback: RateLimiter) -> None:
        self.fallback = fallback
        self.paused_until = 0.0
        self.storage = RedisStorage(
            url,
            key_prefix="hexstart",
            socket_timeout=SOCKET_SECONDS,
            socket_connect_timeout=SOCKET_SECONDS,
            retry=Retry(NoBackoff(), 0),  # type: ignore[arg-type]  # for redis-py
        )
        self.less = self.storage.get_connection().register_script(ONE_LESS)
        self.windows = FixedWindowRateLimiter(self.storage)

    def count(self, limit: Limit, subject: str) -> TakeBack:
        item, key = _counted(limit, subject)
        return self._try(
            partial(self._in_redis, limit, item, key), partial(self.fallback.count, limit, subject)
        )

    def _in_redis(self, limit: Limit, item: RateLimitItem, key: str) -> TakeBack:
        allowed, began = self.windows.hit(item, key), monotonic()
        one_less = partial(self._one_less, item, key, began)
        if allowed:
            return partial(self._try, one_less, lambda: None)
        wait = self.windows.get_window_stats(item, key).reset_time - time()
        if wait > limit.seconds + CLOCK_SKEW.total_seconds():  # the clock of Redis was set back
            self.windows.clear(item, key)
            return self._in_redis(limit, item, key)
        one_less()  # `hit` has counted the refused attempt, too
        raise TooManyAttempts(limit.retry_after(wait))

    def _one_less(self, item: RateLimitItem, key: str, began: float) -> None:
        rest = item.get_expiry() - (monotonic() - began)
        self.less([self.storage.prefixed_key(item.key_for(key))], [ceil(rest * 1000)])

    def forget(self, limit: Limit, subject: str) -> None:
        item, key = _counted(limit, subject)
        self._try(lambda: self.windows.clear(item, key), lambda: None)
        self.fallback.forget(limit, subject)

    def purge(self, limit: int) -> int:
        return self.fallback.purge(limit)  # Redis deletes expired keys itself

    def _try(self, in_redis: Callable[[], R], elsewhere: Callable[[], R]) -> R:
        if monotonic() < self.paused_until:
            return elsewhere()
        try:
            return in_redis()
        except (RedisError, OSError) as error:
            self.paused_until = monotonic() + PAUSE_SECONDS
            log.warning("Redis does not answer (%s): counting in the database", type(error).__name__)
            return elsewhere()


def _counted(limit: Limit, subject: str) -> tuple[RateLimitItem, str]:
    """The item and the hash of the subject: a reader of Redis sees no addresses."""
    return (
        RateLimitItemPerSecond(limit.times, limit.seconds, namespace=limit.name),
        sha256(subject.encode("utf-8", "surrogatepass")).hexdigest(),
    )
