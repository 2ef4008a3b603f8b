"""A mail whose next try was stored before the clock was set back."""

from datetime import timedelta

import pytest

from domain.mails import LEASE, latest_try
from tests.contract.test_mails import claim, ids, put
from tests.fakes import NOON
from tests.samples import a_mail

JUST = timedelta(microseconds=1)


@pytest.mark.parametrize("attempts", [0, 1, 4, 5, 8, 9, 30])
def test_a_mail_due_later_than_its_longest_pause_is_claimed(store, attempts):
    latest = latest_try(NOON, attempts)
    waiting = a_mail(attempts=attempts, next_try_at=latest)
    stuck = a_mail(attempts=attempts, next_try_at=latest + JUST)
    far = a_mail(attempts=attempts, next_try_at=NOON + timedelta(days=2))
    put(store, waiting, stuck, far, a_mail(attempts=attempts, next_try_at=None))

    assert ids(claim(store)) == [stuck.id, far.id]


def test_a_mail_from_the_future_is_claimed_once(store):
    put(store, a_mail(next_try_at=NOON + timedelta(days=2)))

    assert len(claim(store, until=NOON + LEASE)) == 1
    assert claim(store, until=NOON + LEASE) == []


def test_due_mail_is_claimed_before_mail_from_the_future(store):
    future, due = a_mail(next_try_at=NOON + timedelta(days=2)), a_mail()
    put(store, future, due)

    assert ids(claim(store)) == [due.id, future.id]
