import pytest

from domain.errors import Invalid, TooManyAttempts
from domain.events import Tag
from domain.links import LinkGone
from domain.mails import MailKind
from domain.passwords import ProofNeeded, WrongPassword
from domain.users import EmailTaken
from tests.samples import CLIENT, GOOD_PASSWORD


def stored(world, actor):
    return world.memory.tables["users"].get(actor.id)


def ask(world, actor, email="new@example.org", password=GOOD_PASSWORD):
    world.emails.ask_to_change(actor, email, password)
    return world.token(MailKind.VERIFY_EMAIL)


def test_the_link_of_the_registration_verifies_the_address(world, ada):
    world.emails.verify(world.token(MailKind.VERIFY_EMAIL), CLIENT)

    assert stored(world, ada).email_verified_at == world.clock.now
    assert world.tags[-1] == Tag.EMAIL_VERIFIED


def test_a_link_is_valid_once(world, ada):
    token = world.token(MailKind.VERIFY_EMAIL)
    world.emails.verify(token, CLIENT)

    with pytest.raises(LinkGone):
        world.emails.verify(token, CLIENT)


def test_a_link_expires_after_a_day(world, ada):
    token = world.token(MailKind.VERIFY_EMAIL)
    world.clock.advance(days=1)

    with pytest.raises(LinkGone):
        world.emails.verify(token, CLIENT)
    assert stored(world, ada).email_verified_at is None


def test_an_unknown_link_is_gone(world):
    with pytest.raises(LinkGone):
        world.emails.verify("guess", CLIENT)


def test_a_link_of_a_deleted_user_is_gone(world, ada):
    token = world.token(MailKind.VERIFY_EMAIL)
    world.memory.tables["users"].stored.clear()

    with pytest.raises(LinkGone):
        world.emails.verify(token, CLIENT)


def test_a_new_link_replaces_the_old_one(world, ada):
    old = world.token(MailKind.VERIFY_EMAIL)
    world.emails.send_again(ada)

    with pytest.raises(LinkGone):
        world.emails.verify(old, CLIENT)
    world.emails.verify(world.token(MailKind.VERIFY_EMAIL), CLIENT)


def test_a_verified_user_gets_no_more_links(world, ada):
    world.emails.verify(world.token(MailKind.VERIFY_EMAIL), CLIENT)
    ada.user.email_verified_at = world.clock.now
    before = len(world.waiting)
    world.emails.send_again(ada)

    assert len(world.waiting) == before


def test_an_address_gets_five_mails_an_hour(world, ada):
    for _ in range(4):  # the registration sent one, too
        world.emails.send_again(ada)
    with pytest.raises(TooManyAttempts):
        world.emails.send_again(ada)


def test_the_old_address_stays_until_the_new_one_is_verified(world, ada):
    ask(world, ada)

    assert stored(world, ada).email == "ada@example.org"
    recipients = {mail.kind: mail.recipient for mail in world.waiting}
    assert recipients == {
        MailKind.VERIFY_EMAIL: "new@example.org",
        MailKind.EMAIL_CHANGE_ASKED: "ada@example.org",
    }


def test_the_verified_new_address_replaces_the_old_one(world, ada):
    world.passwords.forgot("ada@example.org", CLIENT)
    reset = world.token(MailKind.RESET_PASSWORD)
    world.emails.verify(ask(world, ada, " New@Example.org"), CLIENT)

    user = stored(world, ada)
    assert (user.email, user.email_verified_at) == ("New@example.org", world.clock.now)
    assert world.waiting[-1].kind is MailKind.EMAIL_CHANGED
    assert world.waiting[-1].recipient == "ada@example.org"
    assert world.tags[-1] == Tag.EMAIL_CHANGED
    assert world.login("new@example.org")
    with pytest.raises(LinkGone):
        world.passwords.reset(reset, "another horse battery", CLIENT)


def test_the_newest_link_of_two_changes_works(world, ada):
    first = ask(world, ada, "first@example.org")
    second = ask(world, ada, "second@example.org")

    with pytest.raises(LinkGone):
        world.emails.verify(first, CLIENT)
    world.emails.verify(second, CLIENT)
    assert stored(world, ada).email == "second@example.org"


def test_a_new_address_that_another_account_took_first_is_refused(world, ada):
    token = ask(world, ada)
    eve, _ = world.register("new")

    with pytest.raises(EmailTaken):
        world.emails.verify(token, CLIENT)
    assert stored(world, ada).email == "ada@example.org"
    assert stored(world, eve).email_verified_at is None


def test_a_change_to_a_taken_address_is_refused(world, ada):
    world.register("eve")
    before = len(world.waiting)

    with pytest.raises(EmailTaken):
        ask(world, ada, "EVE@example.org")
    assert len(world.waiting) == before


def test_a_change_to_the_own_address_sends_a_link_only(world, ada):
    token = ask(world, ada, "ada@example.org")

    assert MailKind.EMAIL_CHANGE_ASKED not in {mail.kind for mail in world.waiting}
    world.emails.verify(token, CLIENT)


@pytest.mark.parametrize("password", ["", "wrong horse battery", "nul \0 in it"])
def test_a_change_of_address_needs_the_current_password(world, ada, password):
    with pytest.raises(WrongPassword if password else ProofNeeded):
        ask(world, ada, password=password)

    assert MailKind.EMAIL_CHANGE_ASKED not in {mail.kind for mail in world.waiting}
    assert (world.tags[-1] == Tag.PASSWORD_REFUSED) == bool(password)


def test_wrong_current_passwords_count_like_failed_logins(world, ada):
    for _ in range(10):
        with pytest.raises(WrongPassword):
            ask(world, ada, password="wrong horse battery")

    with pytest.raises(TooManyAttempts):
        ask(world, ada)
    with pytest.raises(TooManyAttempts):
        world.login()


def test_an_invalid_address_is_refused(world, ada):
    with pytest.raises(Invalid):
        ask(world, ada, "nonsense")
