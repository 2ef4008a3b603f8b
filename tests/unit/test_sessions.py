from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from domain.access import Operator
from domain.devices import device_of
from domain.errors import Invalid, NotFound, TooManyAttempts, Unavailable
from domain.events import Tag
from domain.mails import MailKind
from domain.paging import Page
from domain.secrets import hash_of
from domain.sessions import MOST_SESSIONS, Client, WrongCredentials
from tests.samples import CLIENT, GOOD_PASSWORD, a_session
from tests.unit.conftest import LIFE


def test_a_login_begins_a_session(world, ada):
    actor, secret = world.login(" ADA@example.org")

    assert actor.user == ada.user
    assert actor.session.id != ada.session.id
    assert world.sessions.authenticate(secret, CLIENT) == (actor, False)
    assert world.tags == [Tag.REGISTERED, Tag.LOGGED_IN]


def test_the_secret_itself_is_not_stored(world, ada):
    _, secret = world.login()

    assert secret not in str([world.rows(name) for name in world.memory.tables])
    assert hash_of(secret) in [session.secret_hash for session in world.rows("sessions")]


def test_a_wrong_password_is_refused_and_recorded(world, ada):
    with pytest.raises(WrongCredentials):
        world.login(password="wrong horse battery")

    failed = world.recorded[-1]
    assert (failed.tag, failed.user_id, failed.actor_id) == (Tag.LOGIN_FAILED, ada.id, None)
    assert len(world.rows("sessions")) == 1


@pytest.mark.parametrize("email", ["unknown@example.org", "not an address"])
def test_an_unknown_address_takes_a_hash_and_gets_the_same_error(world, email):
    with pytest.raises(WrongCredentials):
        world.login(email)

    assert world.hasher.verified == [None]
    assert [(event.tag, event.user_id) for event in world.recorded] == [(Tag.LOGIN_FAILED, None)]


@pytest.mark.parametrize("password", ["nul \0 in it", "lone \ud800 surrogate", "x" * 1025, "\ufdfa" * 100])
def test_an_impossible_password_is_invalid(world, password):
    with pytest.raises(Invalid):
        world.login(password=password)


def test_a_password_is_the_same_in_every_unicode_form(world):
    world.accounts.register(
        "ada", "ada@example.org", "caf\u00e9 au lait \u2460", replacing=None, client=CLIENT
    )

    assert world.login(password="cafe\u0301 au lait 1")


def test_a_login_replaces_an_outdated_hash(world, ada):
    world.memory.tables["users"].put(replace(ada.user, password_hash=f"old hash of {GOOD_PASSWORD}"))

    actor, _ = world.login()

    assert world.memory.tables["users"].get(ada.id).password_hash == f"hash of {GOOD_PASSWORD}"
    assert actor.user.version == 2


def test_a_login_ends_the_earlier_session_of_the_client(world):
    _, old = world.register()
    _, new = world.login(replacing=old)

    assert world.sessions.authenticate(old, CLIENT) is None
    assert world.sessions.authenticate(new, CLIENT)


def test_logging_out_ends_the_session_on_the_server(world):
    actor, secret = world.register()
    world.sessions.logout(actor)

    assert world.sessions.authenticate(secret, CLIENT) is None
    assert world.tags[-1] == Tag.LOGGED_OUT


def test_a_second_logout_is_not_recorded(world, ada):
    world.sessions.logout(ada)
    world.sessions.logout(ada)

    assert world.tags.count(Tag.LOGGED_OUT) == 1


def test_an_unknown_secret_has_no_session(world, ada):
    assert world.sessions.authenticate("guess", CLIENT) is None


@pytest.mark.parametrize("remember, hours", [(False, 12), (True, 14 * 24)])
def test_an_unused_session_ends(world, ada, remember, hours):
    _, secret = world.login(remember=remember)

    world.clock.advance(hours=hours, seconds=-1)
    assert world.sessions.authenticate(secret, CLIENT)
    world.clock.advance(hours=hours)
    assert world.sessions.authenticate(secret, CLIENT) is None


def test_a_used_session_ends_after_ninety_days(world, ada):
    _, secret = world.login(remember=True)

    for _ in range(9):
        world.clock.advance(days=9.99)
        assert world.sessions.authenticate(secret, CLIENT)
    world.clock.advance(days=0.1)
    assert world.sessions.authenticate(secret, CLIENT) is None


def test_the_use_of_a_session_is_stored_once_a_minute_with_its_ip(world):
    actor, secret = world.register()
    elsewhere = Client("198.51.100.1")

    world.clock.advance(seconds=59)
    found, renewed = world.sessions.authenticate(secret, elsewhere)
    assert not renewed
    assert found.session == actor.session

    world.clock.advance(seconds=1)
    found, renewed = world.sessions.authenticate(secret, elsewhere)
    [stored] = world.memory.tables["sessions"].where(secret_hash=hash_of(secret))
    assert renewed
    assert stored == found.session
    assert (stored.last_seen_at, stored.ip) == (world.clock.now, elsewhere.ip)


def test_the_use_of_a_short_session_is_stored_more_often(world):
    short = replace(LIFE, idle=timedelta(seconds=4))
    sessions = replace(world.sessions, session_life=short)
    world.register()
    _, secret = sessions.login(
        "ada@example.org", GOOD_PASSWORD, remember=False, replacing=None, client=CLIENT
    )

    for _ in range(5):
        world.clock.advance(seconds=3)
        assert sessions.authenticate(secret, CLIENT)
    world.clock.advance(seconds=4)
    assert sessions.authenticate(secret, CLIENT) is None


def test_an_address_has_ten_attempts_from_all_ips_together(world, ada):
    for number in range(10):
        with pytest.raises(WrongCredentials):
            world.login(password="wrong horse battery", client=Client(f"192.0.2.{number}"))

    with pytest.raises(TooManyAttempts) as caught:
        world.login(client=Client("192.0.2.99"))
    assert caught.value.retry_after == 300
    assert len(world.hasher.verified) == 10


def test_a_network_has_a_hundred_attempts_for_all_addresses_together(world):
    for number in range(100):
        with pytest.raises(WrongCredentials):
            world.login(f"unknown{number}@example.org", client=Client(f"2001:db8::{number}"))

    with pytest.raises(TooManyAttempts):
        world.login("not an address", client=Client("2001:db8::ffff:1"))
    with pytest.raises(WrongCredentials):
        world.login("unknown@example.org", client=Client("2001:db8:0:1::1"))


def test_a_locked_out_address_keeps_its_sessions(world):
    _, secret = world.register()
    for number in range(10):
        with pytest.raises(WrongCredentials):
            world.login(password="wrong horse battery", client=Client(f"192.0.2.{number}"))

    assert world.sessions.authenticate(secret, CLIENT)


def test_the_sessions_of_a_user_are_listed_by_the_page_newest_first(world, ada):
    world.register("eve")
    world.clock.advance(minutes=1)
    later, _ = world.login()

    assert world.sessions.of(ada, None, 1000) == Page([later.session, ada.session], None)
    assert world.sessions.of(ada, None, 1) == Page([later.session], later.session.id)
    assert world.sessions.of(ada, later.session.id, 1) == Page([ada.session], None)


def test_one_session_is_ended(world, ada):
    other, secret = world.login()
    world.sessions.end(ada, other.session.id)

    assert world.sessions.authenticate(secret, CLIENT) is None
    assert world.tags[-1] == Tag.SESSION_ENDED
    with pytest.raises(NotFound):
        world.sessions.end(ada, other.session.id)


def test_a_session_of_another_user_is_not_found(world, ada):
    eve, secret = world.register("eve")

    with pytest.raises(NotFound):
        world.sessions.end(ada, eve.session.id)
    assert world.sessions.authenticate(secret, CLIENT)


def test_all_other_sessions_are_ended(world):
    ada, secret = world.register()
    _, other = world.login()
    _, eves = world.register("eve")
    world.sessions.end_others(ada)
    world.sessions.end_others(ada)

    assert world.sessions.authenticate(other, CLIENT) is None
    assert world.sessions.authenticate(secret, CLIENT)
    assert world.sessions.authenticate(eves, CLIENT)
    assert world.tags.count(Tag.SESSIONS_ENDED) == 1


FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


def test_a_login_from_a_new_device_is_mailed_to_the_user(world, ada):
    world.login(client=Client("198.51.100.1", FIREFOX))
    world.login(client=Client("198.51.100.2", FIREFOX.replace("140", "141")))

    [notice] = [mail for mail in world.waiting if mail.kind is MailKind.NEW_DEVICE]
    assert notice.recipient == "ada@example.org"
    assert notice.facts == {"username": "ada", "device": "Firefox on Linux", "ip": "198.51.100.1"}


def test_the_first_known_device_of_a_user_is_not_mailed(world, ada):
    world.memory.tables["devices"].stored.clear()
    world.login(client=Client("198.51.100.1", FIREFOX))

    assert MailKind.NEW_DEVICE not in {mail.kind for mail in world.waiting}
    world.login()
    assert MailKind.NEW_DEVICE in {mail.kind for mail in world.waiting}


def test_a_user_that_the_operator_created_gets_no_mail_about_the_first_device(world):
    operator = Operator(Client("", "command line"))
    world.accounts.create(operator, "ada", "ada@example.org", GOOD_PASSWORD)
    world.login(client=Client("198.51.100.1", FIREFOX))

    assert MailKind.NEW_DEVICE not in {mail.kind for mail in world.waiting}


def test_a_device_stays_known_for_months(world, ada):
    for _ in range(3):
        world.login(client=Client("198.51.100.1", FIREFOX))
        world.login()
        world.clock.advance(days=100)

    assert [device.name for device in world.rows("devices")] == ["Firefox on Linux", "Unknown device"]
    assert [mail.kind for mail in world.waiting].count(MailKind.NEW_DEVICE) == 1


def begin(world, actor, seconds=0):
    """Begin a session without a login, which has a rate limit."""
    world.clock.advance(seconds=seconds and 1)
    with world.transaction() as work:
        _, secret = world.sessions.begin(work, actor.user, remember=False, replacing=None, client=CLIENT)
        work.commit()
    return secret


def test_a_login_beyond_the_limit_ends_the_session_that_was_least_recently_used(world, ada):
    secrets = [begin(world, ada, number) for number in range(1, MOST_SESSIONS)]
    world.clock.advance(minutes=2)
    oldest, unused, *others = secrets
    assert world.sessions.authenticate(oldest, CLIENT)

    for number in range(2):
        secrets.append(world.login()[1])
        assert len(world.rows("sessions")) == MOST_SESSIONS
        left = {session.secret_hash for session in world.rows("sessions")}
        assert (hash_of(unused) in left) == (number == 0)
    assert ada.session not in world.rows("sessions")
    assert all(world.sessions.authenticate(secret, CLIENT) for secret in [oldest, *others])


def test_a_login_that_replaces_a_session_ends_no_other(world, ada):
    secrets = [begin(world, ada) for _ in range(1, MOST_SESSIONS)]
    world.login(replacing=secrets[-1])

    assert len(world.rows("sessions")) == MOST_SESSIONS
    assert ada.session in world.rows("sessions")


def test_a_new_session_does_not_end_itself_when_the_clock_was_set_back(world, ada):
    for _ in range(MOST_SESSIONS):
        begin(world, ada)
    world.clock.advance(hours=-2)
    _, secret = world.login()

    assert world.sessions.authenticate(secret, CLIENT)
    assert len(world.rows("sessions")) == MOST_SESSIONS


def test_each_login_ends_a_batch_of_surplus_sessions(world, ada, monkeypatch):
    monkeypatch.setattr("application.sessions.END_BATCH", 50)
    with world.transaction() as work:
        for number in range(200):
            work.sessions.add(a_session(ada.id, f"{number:064}", id=UUID(int=10_000 + number)))
        work.commit()

    counts = []
    for _ in range(4):
        world.login()
        counts.append(len(world.rows("sessions")))
    assert counts == [152, 103, 100, 100]


@pytest.mark.parametrize(
    "user_agent, device",
    [
        (FIREFOX, "Firefox on Linux"),
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/140.0 Safari/537.36 Edg/140.0", "Edge on Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 19_0) Version/19.0 Safari/604.1", "Safari on iPhone"),
        ("curl/8.0", "curl"),
        ("Mozilla/5.0 (X11; CrOS x86_64)", "ChromeOS"),
        ("", "Unknown device"),
    ],
)
def test_a_device_has_a_readable_name(user_agent, device):
    assert device_of(user_agent) == device
    assert a_session(UUID(int=1), user_agent=user_agent).device == device


def test_a_session_is_valid_while_the_store_refuses_writes(world):
    ada, secret = world.register()
    world.clock.advance(minutes=2)

    def away():
        raise Unavailable(1)

    found, _ = replace(world.sessions, transaction=away).authenticate(secret, CLIENT)
    assert found.user == ada.user
