# ruff: noqa: F401, F811  # fixtures of another file
"""Logins that wait for a code of the second factor."""

import pytest

from domain.errors import TooManyAttempts
from domain.events import Tag
from domain.limits import WRONG_CODES
from domain.logins import (
    MOST_PENDING_LOGINS,
    MOST_WRONG_CODES,
    PENDING_LOGIN_LIFE,
    SecondFactorDue,
    WrongLoginCode,
)
from domain.sessions import NotLoggedIn, WrongCredentials
from domain.two_factor import WrongProof
from tests.samples import CLIENT, GOOD_PASSWORD
from tests.unit.test_two_factor import OPERATOR, answer, begin_login, codes


def test_a_login_waits_for_the_code(world, ada, codes):
    secret = begin_login(world, remember=True)
    assert world.sessions.authenticate(secret, CLIENT) is None
    assert isinstance(world.two_factor.refusal(secret), SecondFactorDue)
    assert isinstance(world.two_factor.refusal("another"), NotLoggedIn)
    assert isinstance(world.two_factor.refusal(None), NotLoggedIn)

    actor, session_secret = answer(world, secret, world.code())
    assert (actor.id, actor.session.remembered) == (ada.id, True)
    assert session_secret != secret
    assert world.sessions.authenticate(session_secret, CLIENT)[0].id == ada.id
    assert world.tags[-1] is Tag.LOGGED_IN
    with pytest.raises(NotLoggedIn):
        answer(world, secret, world.code(1))


def test_a_pending_login_ends_the_session_that_it_replaces(world, ada, codes):
    _, old = answer(world, begin_login(world), world.code())
    begin_login(world, replacing=old)
    assert world.sessions.authenticate(old, CLIENT) is None


def test_the_second_factor_is_not_asked_for_after_a_wrong_password(world, codes):
    with pytest.raises(WrongCredentials):
        world.login(password="wrong password")
    assert world.rows("logins") == []


def test_a_pending_login_ends_after_five_minutes(world, codes):
    secret = begin_login(world)
    world.clock.advance(seconds=PENDING_LOGIN_LIFE.total_seconds())
    with pytest.raises(NotLoggedIn):
        answer(world, secret, world.code())
    assert world.housekeeping.purge()["logins"] == 1


def test_a_pending_login_ends_after_ten_wrong_codes(world, ada, codes):
    secret = begin_login(world)
    for _ in range(MOST_WRONG_CODES):
        with pytest.raises(WrongLoginCode):
            answer(world, secret, "000000")
    world.limiter.forget(WRONG_CODES, f"login:{ada.id}")
    with pytest.raises(NotLoggedIn):
        answer(world, secret, world.code())


def test_the_password_does_not_reset_the_limit_of_codes(world, codes):
    secret = begin_login(world)
    for _ in range(WRONG_CODES.times):
        with pytest.raises(WrongLoginCode):
            answer(world, secret, "000000")
    with pytest.raises(TooManyAttempts):
        answer(world, begin_login(world), world.code())
    assert answer(world, begin_login(world), codes[0]), "a recovery code helps a locked user"


def test_a_session_does_not_lock_the_login(world, ada, codes):
    for _ in range(WRONG_CODES.times):
        with pytest.raises(WrongProof):
            world.two_factor.prove(ada, "000000")
    with pytest.raises(TooManyAttempts):
        world.two_factor.prove(ada, world.code())
    assert answer(world, begin_login(world), world.code())


def test_pending_logins_are_few_and_end_by_logout(world, ada, codes):
    secrets = [begin_login(world) for _ in range(MOST_PENDING_LOGINS + 1)]
    assert world.two_factor.pending_login(secrets[0]) is None
    assert len(world.rows("logins")) == MOST_PENDING_LOGINS

    begin_login(world, replacing=secrets[1])
    assert world.two_factor.pending_login(secrets[1]) is None
    world.two_factor.cancel_login(secrets[2])
    world.two_factor.cancel_login("unknown")
    assert world.two_factor.pending_login(secrets[2]) is None
    world.sessions.end_others(ada)
    assert world.rows("logins") == []
    begin_login(world)
    world.administration.end_sessions(OPERATOR, ada.id)
    assert world.rows("logins") == []


def test_right_codes_are_not_counted(world, codes):
    for _ in range(WRONG_CODES.times + 1):
        assert answer(world, begin_login(world), world.code())
        world.clock.advance(seconds=30)


def test_a_pending_login_ends_with_a_new_password_a_disabled_user_and_a_factor_that_is_off(world, ada, codes):
    secrets = []
    for end in (
        lambda: world.passwords.change(ada, GOOD_PASSWORD, "another long password"),
        lambda: world.administration.change(OPERATOR, ada.id, disabled=True),
        lambda: world.two_factor.switch_off_for(OPERATOR, ada.id),
    ):
        user = world.rows("users")[0]
        password = "another long password" if secrets else GOOD_PASSWORD
        if user.disabled:
            world.administration.change(OPERATOR, ada.id, disabled=False)
        secrets.append(begin_login(world, password=password))
        end()
    for secret in secrets:
        with pytest.raises(NotLoggedIn):
            answer(world, secret, world.code())


def test_an_account_that_is_deleted_meanwhile_is_not_logged_in(world, ada, codes):
    secret = begin_login(world)
    attempt = world.limiter.count

    def delete_first(*arguments):
        counted = attempt(*arguments)
        with world.transaction() as work:
            work.users.forget(ada.id)
            work.commit()
        return counted

    world.limiter.count = delete_first
    with pytest.raises(NotLoggedIn):
        answer(world, secret, world.code())
