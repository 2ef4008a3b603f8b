"""Every limiter keeps the same promises: memory, Redis, SQL."""

import logging
import socket
from uuid import uuid4

import pytest
from redis import Redis
from redis.exceptions import RedisError

from adapters.memory.limits import MemoryLimiter
from adapters.redis_limits import RedisLimiter
from adapters.sql.engines import connect
from adapters.sql.limits import SqlLimiter
from domain.errors import TooManyAttempts
from domain.limits import Limit
from tests.databases import KINDS, migrated_database, unavailable
from tests.fakes import FakeClock
from tests.races import racing

REDIS = "redis://127.0.0.1:6379/0"


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture(scope="module", params=["memory", "redis", *KINDS])
def make(request, tmp_path_factory):
    """Makes a limiter with the given clock."""
    if request.param == "memory":
        yield MemoryLimiter
    elif request.param == "redis":
        try:
            Redis.from_url(REDIS).ping()
        except RedisError:
            unavailable("Redis does not answer on this machine")
        yield lambda clock: RedisLimiter(REDIS, fallback=MemoryLimiter(clock))
    else:
        with migrated_database(request.param, tmp_path_factory.mktemp("db")) as url:
            engines = connect(url)
            yield lambda clock: SqlLimiter(engines, clock)
            engines.dispose()


@pytest.fixture
def limiter(make, clock):
    return make(clock)


@pytest.fixture
def subject():
    return f"test:{uuid4()}"


LIMIT = Limit("test", 3, 60)


def allowed(limiter, subject, limit=LIMIT):
    try:
        limiter.count(limit, subject)
    except TooManyAttempts as refused:
        assert 1 <= refused.retry_after <= limit.seconds
        return False
    return True


def test_one_attempt_too_many_is_refused(limiter, subject):
    assert [allowed(limiter, subject) for _ in range(5)] == [True, True, True, False, False]


def test_each_subject_and_each_limit_has_its_own_count(limiter, subject):
    for _ in range(3):
        limiter.count(LIMIT, subject)

    assert allowed(limiter, subject + "x")
    assert allowed(limiter, subject, Limit("other", 3, 60))
    assert not allowed(limiter, subject)


def test_a_count_restarts_when_its_time_is_over(limiter, clock, subject):
    if isinstance(limiter, RedisLimiter):
        pytest.skip("Redis has a clock of its own")
    for _ in range(4):
        allowed(limiter, subject)
    clock.advance(seconds=59)
    assert not allowed(limiter, subject)
    clock.advance(seconds=1)

    assert [allowed(limiter, subject) for _ in range(4)] == [True, True, True, False]


def test_a_forgotten_count_restarts(limiter, subject):
    for _ in range(4):
        allowed(limiter, subject)
    limiter.forget(LIMIT, subject)
    limiter.forget(LIMIT, subject + "unknown")

    assert allowed(limiter, subject)


def test_racing_attempts_never_exceed_the_limit(limiter, subject):
    assert sum(racing(lambda number: allowed(limiter, subject), times=20)) == 3


def test_expired_counts_are_purged_in_batches(limiter, clock, subject):
    if isinstance(limiter, RedisLimiter):
        pytest.skip("Redis deletes expired counts itself")
    clock.advance(days=400)
    while limiter.purge(1000):
        pass
    for number in range(3):
        limiter.count(LIMIT, f"{subject}{number}")
    assert limiter.purge(2) == 0
    clock.advance(seconds=60)

    assert [limiter.purge(2), limiter.purge(2), limiter.purge(2)] == [2, 1, 0]


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
