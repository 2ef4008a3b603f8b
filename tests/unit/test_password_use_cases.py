"""Choosing another password (the rules of what it must be are in test_passwords)."""

from dataclasses import replace

import pytest

from domain.errors import Invalid, Stale, TooManyAttempts
from domain.events import Tag
from domain.links import LinkGone
from domain.mails import MailKind
from domain.passwords import WrongPassword
from domain.sessions import Client, NotLoggedIn, WrongCredentials
from tests.samples import CLIENT, GOOD_PASSWORD

ANOTHER = "another horse battery"


def forgot(world, email="ada@example.org"):
    world.passwords.forgot(email, CLIENT)
    return world.token(MailKind.RESET_PASSWORD)


def test_changing_the_password_ends_all_sessions_and_renews_this_one(world):
    ada, secret = world.register()
    _, other = world.login(remember=True)
    renewed, new = world.passwords.change(ada, GOOD_PASSWORD, ANOTHER)

    assert world.sessions.authenticate(secret, CLIENT) is None
    assert world.sessions.authenticate(other, CLIENT) is None
    assert world.sessions.authenticate(new, CLIENT) == (renewed, False)
    assert world.login(password=ANOTHER)
    with pytest.raises(WrongCredentials):
        world.login()


def test_a_changed_password_is_mailed_and_recorded(world, ada):
    world.passwords.change(ada, GOOD_PASSWORD, ANOTHER)

    assert (world.waiting[-1].kind, world.waiting[-1].recipient) == (
        MailKind.PASSWORD_CHANGED,
        ada.user.email,
    )
    assert world.tags[-1] == Tag.PASSWORD_CHANGED


def test_a_remembered_session_is_remembered_still(world, ada):
    remembered, _ = world.login(remember=True)
    renewed, _ = world.passwords.change(remembered, GOOD_PASSWORD, ANOTHER)

    assert renewed.session.remembered


def test_changing_takes_the_current_password(world, ada):
    with pytest.raises(WrongPassword):
        world.passwords.change(ada, "wrong horse battery", ANOTHER)
    assert world.login()


def test_a_weak_password_is_refused_by_the_name_of_its_field(world, ada):
    with pytest.raises(Invalid) as caught:
        world.passwords.change(ada, GOOD_PASSWORD, "short")
    assert caught.value.fields.keys() == {"new_password"}


def test_a_session_that_ended_by_a_change_changes_nothing_again(world, ada):
    world.passwords.change(ada, GOOD_PASSWORD, ANOTHER)

    with pytest.raises(NotLoggedIn):
        world.passwords.change(ada, GOOD_PASSWORD, "yet another battery")


def test_a_deleted_user_changes_nothing(world, ada):
    world.memory.tables["users"].stored.clear()

    with pytest.raises(NotLoggedIn):
        world.passwords.change(ada, GOOD_PASSWORD, ANOTHER)


def test_a_forgotten_password_is_reset_by_a_link(world):
    _, secret = world.register()
    world.passwords.reset(forgot(world, " ADA@example.org"), ANOTHER, CLIENT)

    assert world.sessions.authenticate(secret, CLIENT) is None
    assert world.login(password=ANOTHER)
    assert world.waiting[-1].kind is MailKind.PASSWORD_CHANGED
    assert Tag.PASSWORD_RESET in world.tags


def test_forgot_writes_as_much_for_an_address_without_an_account(world, ada):
    before = len(world.rows("mails")), len(world.rows("links")), len(world.recorded)
    world.passwords.forgot("unknown@example.org", CLIENT)

    after = len(world.rows("mails")), len(world.rows("links")), len(world.recorded)
    assert after == tuple(count + 1 for count in before)
    assert [mail.recipient for mail in world.waiting] == ["ada@example.org"]


def test_a_request_that_was_overtaken_by_another_is_answered_alike(world, ada, monkeypatch):
    def overtaken(self, link):
        raise Stale

    monkeypatch.setattr("adapters.memory.links.MemoryLinks.add", overtaken)
    world.passwords.forgot("ada@example.org", CLIENT)


def test_an_invalid_address_is_refused(world):
    with pytest.raises(Invalid):
        world.passwords.forgot("nonsense", CLIENT)


def test_links_to_one_address_are_few_whether_it_is_known_or_not(world):
    for number in range(5):
        world.passwords.forgot("unknown@example.org", Client(f"192.0.2.{number}"))
    with pytest.raises(TooManyAttempts):
        world.passwords.forgot("unknown@example.org", CLIENT)


def test_how_many_mails_an_address_has_had_shows_in_no_answer(world, ada):
    """Registering has sent one: a fifth link would be a sixth mail, and is kept back without a word."""
    for number in range(5):
        world.passwords.forgot("ada@example.org", Client(f"192.0.2.{number}"))
    with pytest.raises(TooManyAttempts):
        world.passwords.forgot("ada@example.org", CLIENT)

    sent = [mail.kind for mail in world.waiting if mail.recipient == "ada@example.org"]
    assert sent.count(MailKind.RESET_PASSWORD) == 4


def test_one_place_asks_for_so_many_links(world):
    for number in range(30):
        world.passwords.forgot(f"unknown{number}@example.org", CLIENT)
    with pytest.raises(TooManyAttempts):
        world.passwords.forgot("unknown@example.org", CLIENT)


@pytest.mark.parametrize("case", ["unknown", "used", "expired", "replaced", "changed", "left", "verify"])
def test_a_link_that_is_not_good_is_answered_alike(world, ada, case):
    token = forgot(world)
    match case:
        case "unknown":
            token = "guess"
        case "used":
            world.passwords.reset(token, ANOTHER, CLIENT)
        case "expired":
            world.clock.advance(minutes=30)
        case "replaced":
            forgot(world)
        case "changed":
            world.passwords.change(ada, GOOD_PASSWORD, ANOTHER)
        case "left":
            world.memory.tables["users"].stored.clear()
        case "verify":
            token = world.token(MailKind.VERIFY_EMAIL)

    with pytest.raises(LinkGone):
        world.passwords.reset(token, "yet another battery", CLIENT)


def test_a_user_deleted_while_the_hash_is_computed_resets_nothing(world, ada):
    class Slow(type(world.hasher)):
        def hash(self, password):
            world.memory.tables["users"].stored.clear()
            return super().hash(password)

    token = forgot(world)
    with pytest.raises(LinkGone):
        replace(world.passwords, hasher=Slow()).reset(token, ANOTHER, CLIENT)


def test_a_refused_password_leaves_the_link_good(world, ada):
    token = forgot(world)
    with pytest.raises(Invalid) as caught:
        world.passwords.reset(token, "short", CLIENT)

    assert caught.value.fields.keys() == {"new_password"}
    world.passwords.reset(token, ANOTHER, CLIENT)


def test_the_link_works_for_a_locked_out_address_and_opens_it_again(world, ada):
    for number in range(10):
        with pytest.raises(WrongCredentials):
            world.login(password="wrong horse battery", client=Client(f"192.0.2.{number}"))
    world.passwords.reset(forgot(world), ANOTHER, CLIENT)

    assert world.login(password=ANOTHER)
