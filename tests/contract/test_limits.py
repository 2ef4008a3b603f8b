"""Every limiter keeps the same promises."""

from uuid import uuid4

import pytest

from adapters.memory.limits import MemoryLimiter
from adapters.sql.engines import connect
from adapters.sql.limits import SqlLimiter
from domain.errors import TooManyAttempts
from domain.limits import Limit
from tests.databases import KINDS, migrated_database
from tests.fakes import FakeClock
from tests.races import racing


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture(scope="module", params=["memory", *KINDS])
def make(request, tmp_path_factory):
    """Makes a limiter with the given clock."""
    if request.param == "memory":
        yield MemoryLimiter
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
    clock.advance(days=400)
    while limiter.purge(1000):
        pass
    for number in range(3):
        limiter.count(LIMIT, f"{subject}{number}")
    assert limiter.purge(2) == 0
    clock.advance(seconds=60)

    assert [limiter.purge(2), limiter.purge(2), limiter.purge(2)] == [2, 1, 0]
