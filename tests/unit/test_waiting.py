"""The account changes while a password hash is computed. The use case then checks the account again."""

from dataclasses import replace

import pytest

from domain.errors import Stale
from domain.events import Tag
from domain.links import LinkGone
from domain.mails import MailKind
from domain.sessions import NotLoggedIn, WrongCredentials
from domain.users import EmailTaken, UsernameTaken
from tests.samples import CLIENT, GOOD_PASSWORD

ANOTHER = "another horse battery"


@pytest.fixture
def reset(world, ada):
    """The owner resets the password by a link that was sent before."""
    world.passwords.forgot(ada.user.email, CLIENT)
    token = world.token(MailKind.RESET_PASSWORD)
    return lambda: world.passwords.reset(token, "the owner's own battery", CLIENT)


def moved(world, actor, email):
    """The account moves to another address."""
    world.emails.ask_to_change(actor, email, GOOD_PASSWORD)
    world.emails.verify(world.token(MailKind.VERIFY_EMAIL), CLIENT)


INTRUDER = {
    "ask_to_change": lambda world, ada: world.emails.ask_to_change(ada, "mine@evil.example", GOOD_PASSWORD),
    "delete": lambda world, ada: world.accounts.delete(ada, GOOD_PASSWORD),
    "change": lambda world, ada: world.passwords.change(ada, GOOD_PASSWORD, ANOTHER),
}


@pytest.mark.parametrize("act", INTRUDER.values(), ids=INTRUDER)
def test_a_reset_during_the_hash_stops_an_intruder(world, ada, reset, act):
    world.hasher.meanwhile = reset

    with pytest.raises(NotLoggedIn):
        act(world, ada)
    assert world.rows("links") == []
    assert world.tags[-1] == Tag.PASSWORD_RESET
    assert world.login(password="the owner's own battery")


SESSION_ENDED = {
    "rename": lambda world, ada: world.accounts.rename(ada, "lovelace"),
    "send_again": lambda world, ada: world.emails.send_again(ada),
    "export": lambda world, ada: next(world.accounts.export(ada)),
}


@pytest.mark.parametrize("act", SESSION_ENDED.values(), ids=SESSION_ENDED)
def test_a_session_that_has_ended_changes_and_reads_nothing(world, ada, act):
    world.sessions.logout(ada)

    with pytest.raises(NotLoggedIn):
        act(world, ada)


def test_no_link_is_sent_to_an_address_that_the_account_has_left(world, ada):
    moved(world, ada, "new@example.org")

    with pytest.raises(Stale):
        world.emails.send_again(ada)
    world.passwords.forgot("ada@example.org", CLIENT)
    assert [mail.recipient for mail in world.waiting if mail.kind == MailKind.RESET_PASSWORD] == []


def test_a_reset_link_is_valid_for_the_current_address_only(world, ada):
    world.passwords.forgot("ada@example.org", CLIENT)
    token = world.token(MailKind.RESET_PASSWORD)
    stored = world.memory.tables["users"].get(ada.id)
    world.memory.tables["users"].put(replace(stored, email="new@example.org"))

    with pytest.raises(LinkGone):
        world.passwords.reset(token, ANOTHER, CLIENT)


def test_an_account_that_changes_its_address_before_the_lock_gets_no_link(world, ada, monkeypatch):
    def elsewhere(self, id):
        return replace(ada.user, email="new@example.org") if id == ada.id else None

    monkeypatch.setattr("adapters.memory.users.MemoryUsers.lock", elsewhere)
    world.passwords.forgot("ada@example.org", CLIENT)

    assert all(mail.kind != MailKind.RESET_PASSWORD for mail in world.waiting)


def test_two_logins_with_an_old_hash_both_succeed(world, ada):
    world.memory.tables["users"].put(replace(ada.user, password_hash=f"old hash of {GOOD_PASSWORD}"))
    world.hasher.meanwhile = world.login

    assert world.login()
    assert world.memory.tables["users"].get(ada.id).password_hash == f"hash of {GOOD_PASSWORD}"


def test_a_login_fails_when_a_reset_happens_during_the_hash(world, ada, reset):
    world.hasher.meanwhile = reset

    with pytest.raises(WrongCredentials):
        world.login()
    assert world.rows("sessions") == []


def test_a_login_gives_up_after_three_changes_of_the_hash(world, ada, monkeypatch):
    def changed(self, id):
        return replace(ada.user, password_hash="hash of another")

    monkeypatch.setattr("adapters.memory.users.MemoryUsers.lock", changed)
    with pytest.raises(WrongCredentials):
        world.login()
    assert len(world.hasher.verified) == 3


def test_an_account_deleted_while_the_hash_is_computed_is_not_reset(world, ada, reset):
    world.hasher.meanwhile = world.memory.tables["users"].stored.clear

    with pytest.raises(LinkGone):
        reset()


def test_a_reset_verifies_the_address(world, ada, reset):
    reset()

    assert world.memory.tables["users"].get(ada.id).email_verified_at == world.clock.now


def test_a_refused_registration_names_the_taken_username_too(world, ada):
    with pytest.raises(EmailTaken) as caught:
        world.register()
    assert caught.value.message == f"{EmailTaken.message} {UsernameTaken.message}"
    assert len(world.rows("users")) == 1

    with pytest.raises(EmailTaken) as caught:
        world.accounts.register("other", "ada@example.org", GOOD_PASSWORD, replacing=None, client=CLIENT)
    assert caught.value.message == EmailTaken.message


def test_a_new_username_is_mailed_to_the_user(world, ada):
    world.accounts.rename(ada, "lovelace")

    assert (world.waiting[-1].kind, world.waiting[-1].recipient) == (
        MailKind.USERNAME_CHANGED,
        "ada@example.org",
    )


def test_a_link_that_another_request_used_first_is_gone(world, ada, monkeypatch):
    monkeypatch.setattr("adapters.memory.links.MemoryLinks.consume", lambda *_: False)

    with pytest.raises(LinkGone):
        world.emails.verify(world.token(MailKind.VERIFY_EMAIL), CLIENT)
