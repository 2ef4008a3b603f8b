# ruff: noqa: F401, F811  # fixtures of another file
"""Every limiter can take back an attempt that it has counted."""

import pytest

from adapters.no_limits import NoLimits
from domain.errors import TooManyAttempts
from domain.limits import Limit
from tests.contract.test_limits import LIMIT, allowed, clock, limiter, make, subject
from tests.races import racing


def fill(limiter, subject):
    return [limiter.count(LIMIT, subject) for _ in range(LIMIT.times)]


def test_an_attempt_that_is_taken_back_makes_room_for_another(limiter, subject):
    first, *_ = fill(limiter, subject)
    assert not allowed(limiter, subject)
    first()

    assert [allowed(limiter, subject) for _ in range(2)] == [True, False]


def test_a_refused_attempt_is_not_counted(limiter, subject):
    counted = fill(limiter, subject)
    assert [allowed(limiter, subject) for _ in range(5)] == [False] * 5
    for take_back in counted:
        take_back()

    assert [allowed(limiter, subject) for _ in range(4)] == [True, True, True, False]


def test_a_count_is_never_below_zero(limiter, subject):
    take_back = limiter.count(LIMIT, subject)
    for _ in range(5):
        take_back()

    assert [allowed(limiter, subject) for _ in range(4)] == [True, True, True, False]


def test_nothing_is_taken_back_from_a_count_that_was_forgotten(limiter, subject):
    take_back = limiter.count(LIMIT, subject)
    limiter.forget(LIMIT, subject)
    take_back()

    assert [allowed(limiter, subject) for _ in range(4)] == [True, True, True, False]


@pytest.mark.parametrize("later", [59.999999, 60, 90])
def test_nothing_is_taken_back_from_a_later_count(limiter, clock, subject, later):
    limiter.count(LIMIT, subject)
    clock.advance(seconds=59.999998)
    take_back = limiter.count(LIMIT, subject)
    clock.advance(seconds=later - 59.999998)
    before = [allowed(limiter, subject) for _ in range(4)]
    take_back()

    # One microsecond before the end it is still the same count.
    assert before == ([True, False, False, False] if later < 60 else [True, True, True, False])
    assert allowed(limiter, subject) == (later < 60)


def test_at_most_three_of_thirty_racing_attempts_are_allowed(limiter, subject):
    allowed_numbers = []

    def attempt(number):
        try:
            take_back = limiter.count(LIMIT, subject)
        except TooManyAttempts:
            return
        allowed_numbers.append(number)
        if number % 2:
            allowed_numbers.remove(number)
            take_back()

    racing(attempt, times=30)
    assert len(allowed_numbers) <= LIMIT.times

    # The attempts that were taken back are allowed again, and no more.
    assert sum(allowed(limiter, subject) for _ in range(10)) == LIMIT.times - len(allowed_numbers)


def test_racing_attempts_that_are_taken_back_leave_no_count(limiter, subject):
    wide = Limit("wide", 20, 60)
    racing(lambda number: limiter.count(wide, subject)(), times=20)

    assert sum(allowed(limiter, subject, wide) for _ in range(25)) == 20


def test_a_clock_that_is_five_seconds_behind_ends_no_count(make, clock, subject):
    limiter = make(clock)
    clock.advance(seconds=5)
    first, *_ = fill(limiter, subject)
    clock.advance(seconds=-5)

    assert not allowed(limiter, subject)
    first()
    assert [allowed(limiter, subject) for _ in range(2)] == [True, False]


@pytest.mark.parametrize("back", [{"minutes": -2}, {"hours": -1}, {"days": -2}])
def test_a_count_restarts_after_the_clock_was_set_back(limiter, clock, subject, back):
    taken, *_ = fill(limiter, subject)
    clock.advance(**back)

    assert [allowed(limiter, subject) for _ in range(4)] == [True, True, True, False]
    taken()
    assert not allowed(limiter, subject)
    clock.advance(seconds=60)
    assert allowed(limiter, subject)


def test_without_limits_taking_back_does_nothing(subject):
    NoLimits().count(LIMIT, subject)()
