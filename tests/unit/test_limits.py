"""Rate limits of the use cases: what counts, and what is taken back."""

from contextlib import suppress

import pytest

from domain.errors import Stale, TooManyAttempts, Unavailable
from domain.events import Tag
from domain.limits import LINK_REQUESTS, MAILS_PER_HOUR, WRONG_PASSWORDS_PER_IP
from domain.mails import MailKind
from domain.sessions import Client, WrongCredentials
from domain.users import EmailTaken, UsernameTaken
from tests.samples import CLIENT, GOOD_PASSWORD

WRONG = "wrong horse battery"


def count_of(world, limit, subject):
    return world.limiter.counts.get((limit.name, subject), (0, None))[0]


def mails_counted(world, email):
    return count_of(world, MAILS_PER_HOUR, f"email:{email}")


def guess(world, number):
    with pytest.raises(WrongCredentials):
        world.login(password=WRONG, client=Client(f"192.0.2.{number}"))


def test_correct_logins_from_one_ip_lock_out_no_user(world, ada):
    for _ in range(120):
        world.login()

    assert count_of(world, WRONG_PASSWORDS_PER_IP, f"ip:{CLIENT.ip}") == 0


def test_a_correct_password_takes_back_its_own_count_only(world, ada):
    for number in range(9):
        guess(world, number)
    world.login()
    guess(world, 9)

    with pytest.raises(TooManyAttempts):
        world.login()


def test_a_correct_current_password_takes_its_count_back(world, ada):
    for number in range(12):
        world.emails.ask_to_change(ada, f"ada{number}@example.org", GOOD_PASSWORD)

    assert count_of(world, WRONG_PASSWORDS_PER_IP, f"ip:{CLIENT.ip}") == 0


def test_a_password_that_was_not_verified_does_not_count(world, ada, monkeypatch):
    def busy(self, password, password_hash):
        raise Unavailable(1)

    with monkeypatch.context() as patched:
        patched.setattr("tests.fakes.PlainHasher.verify", busy)
        for _ in range(12):
            with pytest.raises(Unavailable):
                world.login()

    world.login()


def test_an_ip_that_is_locked_out_does_not_lock_out_an_address(world, ada):
    for number in range(100):
        with pytest.raises(WrongCredentials):
            world.login(f"unknown{number}@example.org", client=Client("192.0.2.1"))
    for _ in range(12):
        with pytest.raises(TooManyAttempts):
            world.login(client=Client("192.0.2.1"))

    world.login()


def test_an_address_that_is_locked_out_does_not_lock_out_an_ip(world, ada):
    for number in range(10):
        guess(world, number)
    for _ in range(120):
        with pytest.raises(TooManyAttempts):
            world.login(client=Client("198.51.100.1"))

    with pytest.raises(WrongCredentials):
        world.login("unknown@example.org", client=Client("198.51.100.1"))


def test_a_registration_with_a_taken_address_counts_no_mail(world, ada):
    before = mails_counted(world, "ada@example.org")
    for _ in range(6):
        with pytest.raises(EmailTaken):
            world.accounts.register("eve", "ada@example.org", GOOD_PASSWORD, replacing=None, client=CLIENT)

    assert mails_counted(world, "ada@example.org") == before


def test_a_registration_with_a_taken_username_counts_no_mail(world, ada):
    for _ in range(6):
        with pytest.raises(UsernameTaken):
            world.accounts.register("ada", "eve@example.org", GOOD_PASSWORD, replacing=None, client=CLIENT)

    assert mails_counted(world, "eve@example.org") == 0


def test_a_refused_change_of_address_counts_no_mail(world, ada):
    world.register("eve")
    for _ in range(6):
        with pytest.raises(EmailTaken):
            world.emails.ask_to_change(ada, "eve@example.org", GOOD_PASSWORD)

    assert mails_counted(world, "eve@example.org") == 1


def test_an_account_tries_twenty_new_addresses_a_day(world, ada):
    """The answer says whether an address is taken, so each request counts."""
    world.register("eve")
    for _ in range(20):
        with pytest.raises(EmailTaken):
            world.emails.ask_to_change(ada, "eve@example.org", GOOD_PASSWORD)

    with pytest.raises(TooManyAttempts):
        world.emails.ask_to_change(ada, "new@example.org", GOOD_PASSWORD)
    assert mails_counted(world, "new@example.org") == 0


def test_a_link_for_an_unknown_address_counts_no_mail(world):
    for number in range(5):
        world.passwords.forgot("ada@example.org", Client(f"192.0.2.{number}"))
    world.register("ada")

    assert [mail.kind for mail in world.waiting] == [MailKind.VERIFY_EMAIL]


def test_a_link_that_lost_a_race_is_not_counted(world, ada, monkeypatch):
    def overtaken(self, link):
        raise Stale

    monkeypatch.setattr("adapters.memory.links.MemoryLinks.add", overtaken)
    world.passwords.forgot("ada@example.org", CLIENT)
    with pytest.raises(Stale):
        world.emails.send_again(ada)

    assert mails_counted(world, "ada@example.org") == 1  # the mail of the registration


def test_a_refused_request_for_a_link_is_not_counted_for_the_ip(world):
    for _ in range(40):
        with suppress(TooManyAttempts):
            world.passwords.forgot("ada@example.org", CLIENT)

    assert count_of(world, LINK_REQUESTS, f"ip:{CLIENT.ip}") == 5


def test_a_mail_refused_by_the_daily_limit_does_not_count_for_the_hour(world, ada):
    for _ in range(3):
        world.clock.advance(hours=1)
        for _ in range(5):
            world.emails.send_again(ada)
    world.clock.advance(hours=1)
    for _ in range(8):
        with suppress(TooManyAttempts):
            world.emails.send_again(ada)

    assert mails_counted(world, "ada@example.org") == 4  # after 16 mails, one of them from the registration


def test_a_user_is_renamed_twenty_times_a_day(world, ada):
    for number in range(20):
        world.accounts.rename(ada, f"ada{number}")
    before = len(world.recorded), len(world.rows("mails"))

    with pytest.raises(TooManyAttempts):
        world.accounts.rename(ada, "countess")
    assert (len(world.recorded), len(world.rows("mails"))) == before
    world.clock.advance(days=1)
    world.accounts.rename(world.login()[0], "countess")


def test_a_refused_rename_is_not_counted(world, ada):
    world.register("eve")
    for _ in range(25):
        with pytest.raises(UsernameTaken):
            world.accounts.rename(ada, "eve")

    assert world.accounts.rename(ada, "countess").username == "countess"


def test_a_user_exports_ten_times_an_hour(world, ada):
    for _ in range(10):
        assert list(world.accounts.export(ada))
    with pytest.raises(TooManyAttempts):
        next(world.accounts.export(ada))

    assert world.tags.count(Tag.EXPORTED) == 10


def test_a_password_is_changed_twenty_times_a_day(world, ada):
    actor = ada
    for _ in range(20):
        actor, _ = world.passwords.change(actor, GOOD_PASSWORD, GOOD_PASSWORD)
    with pytest.raises(TooManyAttempts):
        world.passwords.change(actor, GOOD_PASSWORD, GOOD_PASSWORD)

    assert world.tags.count(Tag.PASSWORD_CHANGED) == 20
