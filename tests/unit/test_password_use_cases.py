"""Changing and resetting a password. The rules of passwords are in test_passwords.py."""

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


def test_a_change_ends_all_sessions_and_renews_the_current_one(world):
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


def test_a_remembered_session_stays_remembered(world, ada):
    remembered, _ = world.login(remember=True)
    renewed, _ = world.passwords.change(remembered, GOOD_PASSWORD, ANOTHER)

    assert renewed.session.remembered


def test_a_change_needs_the_current_password(world, ada):
    with pytest.raises(WrongPassword):
        world.passwords.change(ada, "wrong horse battery", ANOTHER)
    assert world.login()


def test_a_weak_password_is_refused_with_the_name_of_its_field(world, ada):
    with pytest.raises(Invalid) as caught:
        world.passwords.change(ada, GOOD_PASSWORD, "short")
    assert caught.value.fields.keys() == {"new_password"}


def test_a_session_that_a_change_has_ended_changes_nothing(world, ada):
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


def test_forgot_writes_as_many_rows_for_an_unknown_address(world, ada):
    before = len(world.rows("mails")), len(world.rows("links")), len(world.recorded)
    world.passwords.forgot("unknown@example.org", CLIENT)

    after = len(world.rows("mails")), len(world.rows("links")), len(world.recorded)
    assert after == tuple(count + 1 for count in before)
    assert [mail.recipient for mail in world.waiting] == ["ada@example.org"]


def test_a_request_for_a_link_that_lost_a_race_succeeds(world, ada, monkeypatch):
    def overtaken(self, link):
        raise Stale

    monkeypatch.setattr("adapters.memory.links.MemoryLinks.add", overtaken)
    world.passwords.forgot("ada@example.org", CLIENT)


def test_an_invalid_address_is_refused(world):
    with pytest.raises(Invalid):
        world.passwords.forgot("nonsense", CLIENT)


def test_five_links_an_hour_are_allowed_for_an_unknown_address(world):
    for number in range(5):
        world.passwords.forgot("unknown@example.org", Client(f"192.0.2.{number}"))
    with pytest.raises(TooManyAttempts):
        world.passwords.forgot("unknown@example.org", CLIENT)


def test_no_answer_shows_how_many_mails_an_address_has_got(world, ada):
    """The registration sent one mail. The fifth link would be the sixth mail, so it is silently not sent."""
    for number in range(5):
        world.passwords.forgot("ada@example.org", Client(f"192.0.2.{number}"))
    with pytest.raises(TooManyAttempts):
        world.passwords.forgot("ada@example.org", CLIENT)

    sent = [mail.kind for mail in world.waiting if mail.recipient == "ada@example.org"]
    assert sent.count(MailKind.RESET_PASSWORD) == 4


def test_an_ip_requests_thirty_links_an_hour(world):
    for number in range(30):
        world.passwords.forgot(f"unknown{number}@example.org", CLIENT)
    with pytest.raises(TooManyAttempts):
        world.passwords.forgot("unknown@example.org", CLIENT)


@pytest.mark.parametrize("case", ["unknown", "used", "expired", "replaced", "changed", "left", "verify"])
def test_an_invalid_link_is_gone(world, ada, case):
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


def test_a_refused_password_leaves_the_link_valid(world, ada):
    token = forgot(world)
    with pytest.raises(Invalid) as caught:
        world.passwords.reset(token, "short", CLIENT)

    assert caught.value.fields.keys() == {"new_password"}
    world.passwords.reset(token, ANOTHER, CLIENT)


def test_a_reset_unlocks_a_locked_out_address(world, ada):
    for number in range(10):
        with pytest.raises(WrongCredentials):
            world.login(password="wrong horse battery", client=Client(f"192.0.2.{number}"))
    world.passwords.reset(forgot(world), ANOTHER, CLIENT)

    assert world.login(password=ANOTHER)
