from dataclasses import replace

import pytest

from domain.audit import Tag
from domain.errors import Invalid
from domain.sessions import Client, WrongCredentials, hash_of
from tests.samples import CLIENT, GOOD_PASSWORD


def test_logging_in(world, ada):
    actor, secret = world.login(" ADA@example.org")

    assert actor.user == ada.user
    assert actor.session.id != ada.session.id
    assert world.sessions.authenticate(secret, CLIENT) == (actor, False)
    assert world.tags == [Tag.REGISTERED, Tag.LOGGED_IN]


def test_the_secret_itself_is_not_stored(world, ada):
    _, secret = world.login()

    assert secret not in str(world.memory.tables)
    assert hash_of(secret) in world.memory.tables.sessions


def test_a_wrong_password_is_refused_and_audited(world, ada):
    with pytest.raises(WrongCredentials):
        world.login(password="wrong horse battery")

    failed = world.events[-1]
    assert (failed.tag, failed.user_id, failed.actor_id) == (Tag.LOGIN_FAILED, ada.id, None)
    assert len(world.memory.tables.sessions) == 1


@pytest.mark.parametrize("email", ["nobody@example.org", "not an address"])
def test_an_unknown_address_costs_a_hash_too_and_is_answered_alike(world, email):
    with pytest.raises(WrongCredentials):
        world.login(email)

    assert world.hasher.verified == [None]
    assert [(event.tag, event.user_id) for event in world.events] == [(Tag.LOGIN_FAILED, None)]


@pytest.mark.parametrize("password", ["nul \0 in it", "lone \ud800 surrogate", "x" * 1025, "\ufdfa" * 100])
def test_what_can_be_no_password_is_invalid(world, password):
    with pytest.raises(Invalid):
        world.login(password=password)


def test_a_password_typed_on_another_keyboard_is_the_same(world):
    world.accounts.register(
        "ada", "ada@example.org", "caf\u00e9 au lait \u2460", replacing=None, client=CLIENT
    )

    assert world.login(password="cafe\u0301 au lait 1")


def test_an_old_hash_is_made_anew(world, ada):
    world.memory.tables.users[ada.id] = replace(ada.user, password_hash=f"old hash of {GOOD_PASSWORD}")

    actor, _ = world.login()

    assert world.memory.tables.users[ada.id].password_hash == f"hash of {GOOD_PASSWORD}"
    assert actor.user.version == 2


def test_an_old_hash_that_somebody_else_makes_anew_meanwhile_is_left_alone(world, ada, monkeypatch):
    old = f"old hash of {GOOD_PASSWORD}"
    world.memory.tables.users[ada.id] = replace(ada.user, password_hash=old)

    # PostgreSQL lets another commit between our reading and our writing.
    def meanwhile(self, id):
        found = replace(self.rows[id])
        self.rows[id] = replace(found, version=found.version + 1)
        return found

    monkeypatch.setattr("adapters.memory.MemoryUsers.get", meanwhile)
    assert world.login()


def test_a_password_changed_while_its_hash_was_computed_does_not_log_in(world, ada):
    class Slow(type(world.hasher)):
        def verify(self, password, password_hash):
            world.memory.tables.users[ada.id] = replace(ada.user, password_hash="hash of another")
            return super().verify(password, password_hash)

    sessions = replace(world.sessions, hasher=Slow())
    with pytest.raises(WrongCredentials):
        sessions.login("ada@example.org", GOOD_PASSWORD, remember=False, replacing=None, client=CLIENT)

    assert len(world.memory.tables.sessions) == 1


def test_logging_in_ends_the_session_that_the_client_had(world):
    _, old = world.register()
    _, new = world.login(replacing=old)

    assert world.sessions.authenticate(old, CLIENT) is None
    assert world.sessions.authenticate(new, CLIENT)


def test_logging_out_ends_the_session_on_the_server(world):
    actor, secret = world.register()
    world.sessions.logout(actor)

    assert world.sessions.authenticate(secret, CLIENT) is None
    assert world.tags[-1] == Tag.LOGGED_OUT


def test_logging_out_twice_is_logging_out_once(world, ada):
    world.sessions.logout(ada)
    world.sessions.logout(ada)

    assert world.tags.count(Tag.LOGGED_OUT) == 1


def test_nobody_holds_an_unknown_secret(world, ada):
    assert world.sessions.authenticate("guess", CLIENT) is None


@pytest.mark.parametrize("remember, hours", [(False, 12), (True, 14 * 24)])
def test_an_unused_session_ends(world, ada, remember, hours):
    _, secret = world.login(remember=remember)

    world.clock.advance(hours=hours, seconds=-1)
    assert world.sessions.authenticate(secret, CLIENT)
    world.clock.advance(hours=hours)
    assert world.sessions.authenticate(secret, CLIENT) is None


def test_a_used_session_goes_on_but_not_forever(world, ada):
    _, secret = world.login(remember=True)

    for _ in range(9):
        world.clock.advance(days=9.99)
        assert world.sessions.authenticate(secret, CLIENT)
    world.clock.advance(days=0.1)
    assert world.sessions.authenticate(secret, CLIENT) is None


def test_use_is_written_down_once_a_minute_with_the_place(world):
    actor, secret = world.register()
    elsewhere = Client("198.51.100.1")

    world.clock.advance(seconds=59)
    found, renewed = world.sessions.authenticate(secret, elsewhere)
    assert not renewed
    assert found.session == actor.session

    world.clock.advance(seconds=1)
    found, renewed = world.sessions.authenticate(secret, elsewhere)
    stored = world.memory.tables.sessions[hash_of(secret)]
    assert renewed
    assert stored == found.session
    assert (stored.last_seen_at, stored.ip) == (world.clock.now, elsewhere.ip)
