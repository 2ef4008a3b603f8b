"""The clock of the system is set back. Stored times in the future then block nothing."""

from datetime import timedelta

import pytest

from domain.errors import TooManyAttempts
from domain.mails import LEASE, PAUSES, latest_try
from domain.sessions import WrongCredentials
from tests.fakes import NOON
from tests.samples import CLIENT, a_mail

BACK = pytest.mark.parametrize("back", [{"hours": -1}, {"days": -2}])


@BACK
def test_wrong_passwords_counted_in_the_future_lock_out_no_user(world, ada, back):
    for _ in range(10):
        with pytest.raises(WrongCredentials):
            world.login(password="wrong horse battery")
    with pytest.raises(TooManyAttempts):
        world.login()
    world.clock.advance(**back)

    world.login()


@BACK
def test_mails_counted_in_the_future_leave_the_limit_of_today(world, ada, back):
    for _ in range(4):
        world.emails.send_again(ada)
    world.clock.advance(days=1, hours=1)
    world.emails.send_again(world.login()[0])
    world.clock.advance(**back)

    world.emails.send_again(world.login()[0])


@BACK
@pytest.mark.parametrize("tries", [0, 1, 6, 9])
def test_a_mail_due_in_the_future_is_sent(world, ada, back, tries):
    """The clock is set back after `tries` tries that failed."""
    world.mailer.broken = True
    for _ in range(tries):
        world.clock.now = max(world.clock.now, world.waiting[0].next_try_at)
        world.delivery.deliver()
    world.mailer.broken = False
    world.clock.advance(**back)
    world.delivery.deliver()

    assert len(world.mailer.sent) == 1


def test_a_mail_that_was_claimed_in_the_future_is_sent(world, ada):
    with world.transaction() as work:
        work.mails.claim(world.clock.now, world.clock.now + LEASE, 10)
        work.commit()
    world.clock.advance(hours=-1)

    assert world.delivery.deliver() == 1


def test_each_pause_and_lease_ends_before_the_latest_try():
    for tried in range(12):
        mail = a_mail(attempts=tried)
        mail.failed(NOON, "the mail server answered 451")
        assert NOON < mail.next_try_at < latest_try(NOON, mail.attempts)
        assert latest_try(NOON, tried) > NOON + LEASE
    assert latest_try(NOON, 99) < NOON + PAUSES[-1] + timedelta(minutes=1)


@BACK
def test_a_session_used_in_the_future_continues_and_expires_in_time(world, back):
    _, secret = world.register()
    world.clock.advance(**back)
    (actor, due), (_, again) = (world.sessions.authenticate(secret, CLIENT) for _ in range(2))

    assert (due, again) == (True, False)
    assert actor.session.last_seen_at == world.clock.now
    world.clock.advance(hours=12)
    assert world.sessions.authenticate(secret, CLIENT) is None
