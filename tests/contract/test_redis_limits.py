# ruff: noqa: F401, F811  # fixtures of another file
"""Redis keeps the promises of every limiter, and some of its own."""

import logging
import socket
from inspect import signature
from time import sleep

import pytest
from redis import Redis
from redis.exceptions import RedisError

from adapters.memory.limits import MemoryLimiter
from adapters.redis_limits import RedisLimiter
from tests.contract import test_limits, test_take_back
from tests.contract.test_limits import LIMIT, allowed, clock, limiter, subject
from tests.contract.test_take_back import fill
from tests.databases import unavailable

REDIS = "redis://127.0.0.1:6379/0"

# Redis has a clock of its own, so the tests that move the clock are left out.
for module in (test_limits, test_take_back):
    for name, promise in vars(module).items():
        needed = signature(promise).parameters if name.startswith("test_") else {}
        if "limiter" in needed and "clock" not in needed:
            globals()[name] = promise


@pytest.fixture(scope="module")
def make():
    try:
        Redis.from_url(REDIS).ping()
    except RedisError:
        unavailable("Redis does not answer on this machine")
    return lambda clock: RedisLimiter(REDIS, fallback=MemoryLimiter(clock))


@pytest.fixture
def redis(limiter, subject):
    """Redis itself. Its keys of this test begin with the subject."""
    limiter.storage.key_prefix = subject
    return Redis.from_url(REDIS)


def key(redis, subject):
    return next(redis.scan_iter(f"{subject}:*"))


def silent_port():
    """Accepts connections and never answers."""
    server = socket.create_server(("127.0.0.1", 0))
    return server, server.getsockname()[1]


@pytest.mark.parametrize("state", ["refused", "hanging"])
def test_without_redis_the_fallback_counts_and_the_log_says_so(clock, subject, caplog, state):
    server, port = silent_port()
    if state == "refused":
        server.close()
    limiter = RedisLimiter(f"redis://127.0.0.1:{port}/0", fallback=MemoryLimiter(clock))

    with caplog.at_level(logging.WARNING):
        assert [allowed(limiter, subject) for _ in range(5)] == [True, True, True, False, False]
        limiter.forget(LIMIT, subject)
        assert allowed(limiter, subject)
    server.close()
    # One line, and none during the pause.
    assert [record.getMessage()[:22] for record in caplog.records] == ["Redis does not answer "]


def test_redis_takes_nothing_back_from_a_later_count(limiter, redis, subject):
    take_back = limiter.count(LIMIT, subject)
    sleep(0.02)  # Redis tells windows apart by their ends, in milliseconds
    redis.delete(key(redis, subject))  # as at its end
    fill(limiter, subject)
    take_back()

    assert not allowed(limiter, subject)


def test_a_count_in_redis_restarts_after_the_clock_was_set_back(limiter, redis, subject):
    fill(limiter, subject)
    redis.expire(key(redis, subject), 3600)

    assert [allowed(limiter, subject) for _ in range(4)] == [True, True, True, False]
    assert redis.ttl(key(redis, subject)) <= LIMIT.seconds


def test_a_count_of_the_fallback_is_taken_back_from_the_fallback(clock, subject):
    server, port = silent_port()
    server.close()
    limiter = RedisLimiter(f"redis://127.0.0.1:{port}/0", fallback=MemoryLimiter(clock))
    first, *_ = fill(limiter, subject)
    first()

    assert [allowed(limiter, subject) for _ in range(2)] == [True, False]


def test_nothing_is_taken_back_while_redis_is_away(limiter, subject):
    first, *_ = fill(limiter, subject)
    limiter.paused_until = float("inf")
    first()
    limiter.paused_until = 0

    assert not allowed(limiter, subject)
