"""Addresses: stored and mailed as typed, compared by a key."""

from dataclasses import replace

import pytest

from adapters.emails import email_syntax
from domain.access import Operator
from domain.errors import Invalid, TooManyAttempts
from domain.links import LinkGone
from domain.mails import MailKind
from domain.users import EmailTaken, UserSearch, key_of, normal_email, user_search
from tests.fakes import NOON
from tests.samples import CLIENT, GOOD_PASSWORD, a_mail


def normal(typed):
    return normal_email(typed, email_syntax)


def register(world, email, name="ada"):
    return world.accounts.register(name, email, GOOD_PASSWORD, replacing=None, client=CLIENT)


@pytest.mark.parametrize(
    "one, other",
    [
        ("Ada@example.org", "ada@EXAMPLE.org"),
        ("straße@example.org", "STRASSE@example.org"),
        ("jose\u0301@example.org", "Jos\u00e9@example.org"),
        ("\u03c3\u03c2@example.org", "\u03a3\u03a3@example.org"),
        ("\u212aate@example.org", "kate@example.org"),  # the sign for Kelvin
        ("ada@müller.example", "ada@XN--mller-kva.example"),
    ],
)
def test_two_spellings_of_an_address_have_the_same_key(one, other):
    assert key_of(normal(one)) == key_of(normal(other))


@pytest.mark.parametrize(
    "one, other",
    [
        ("jose@example.org", "jos\u00e9@example.org"),
        ("mike@example.org", "m\u0131ke@example.org"),  # dotless i
        ("ada@fass.de", "ada@faß.de"),
        ("ada.l@example.org", "adal@example.org"),
        ("ada@example.org", "ada+shop@example.org"),
    ],
)
def test_two_addresses_have_different_keys(one, other):
    assert key_of(normal(one)) != key_of(normal(other))


@pytest.mark.parametrize("typed", ["straße@example.org", "Ada@example.org", "\u017fam@example.org"])
def test_an_address_is_stored_as_typed(typed):
    assert normal(typed) == typed


@pytest.mark.parametrize(
    "typed",
    [
        "=?utf-8?q?victim=40corp.example=2c?=@example.org",
        "=?utf-8?q?a=0d=0abcc:eve?=@example.org",
        "=?utf-8?b?dmljdGlt?=@example.org",
        "=?unknown?q?victim?=@example.org",
        "x=?utf-8?q?victim?=@example.org",
        "ada(comment)@example.org",
        "ada@example.org(comment)",
        '"ada"@example.org',
        '"a\\"da"@example.org',
        "@a.example,@b.example:ada@example.org",
        "<ada@example.org>",
        "Ada <ada@example.org>",
        "team: ada@example.org;",
        "ada@example.org, eve@example.org",
        "ada @example.org",
        "ada\r\nBcc: eve@example.org",
        "ada@example.org\r\n bcc",
        "ada@[192.0.2.1]",
    ],
)
def test_an_ambiguous_address_is_refused(typed):
    with pytest.raises(Invalid):
        normal(typed)


def test_a_login_with_another_case_finds_the_account(world):
    register(world, "Ada@example.org")

    assert world.login("aDA@example.org")[0].user.email == "Ada@example.org"


def test_an_address_in_another_case_is_taken(world):
    register(world, "straße@example.org")

    with pytest.raises(EmailTaken):
        register(world, "STRASSE@example.org", "eve")


def test_a_link_goes_to_the_stored_spelling_of_the_address(world):
    register(world, "straße@example.org")
    world.passwords.forgot("strasse@example.org", CLIENT)

    assert {mail.recipient for mail in world.waiting} == {"straße@example.org"}
    assert {link.email for link in world.rows("links")} == {"straße@example.org"}


def test_a_user_can_change_the_case_of_the_address(world):
    ada, _ = register(world, "ada@example.org")
    world.emails.ask_to_change(ada, "Ada@example.org", GOOD_PASSWORD)
    # By RFC 5321 the case makes it another mailbox: both addresses get a mail.
    assert [mail.recipient for mail in world.waiting[-2:]] == ["Ada@example.org", "ada@example.org"]
    world.emails.verify(world.token(MailKind.VERIFY_EMAIL), CLIENT)

    assert [user.email for user in world.rows("users")] == ["Ada@example.org"]
    assert world.waiting[-1].kind is MailKind.EMAIL_CHANGED
    assert world.waiting[-1].recipient == "ada@example.org"
    assert world.login("ada@example.org")


def test_a_link_to_the_old_spelling_is_gone_after_a_change(world):
    ada, _ = register(world, "straße@example.org")
    world.passwords.forgot("straße@example.org", CLIENT)
    world.emails.ask_to_change(ada, "strasse@example.org", GOOD_PASSWORD)
    world.emails.verify(world.token(MailKind.VERIFY_EMAIL), CLIENT)

    with pytest.raises(LinkGone):
        world.passwords.reset(world.token(MailKind.RESET_PASSWORD), "another horse battery", CLIENT)


def test_attempts_are_counted_for_all_spellings_together(world):
    with pytest.raises(TooManyAttempts):
        for number in range(40):
            with world.limits.mail(["Ada@example.org", "ADA@example.org"][number % 2]):
                pass
    with world.limits.try_mail("ada@example.org") as allowed:
        assert not allowed


@pytest.mark.parametrize(
    "search, username, email, domain",
    [
        (" ADA ", "ada", "ada", "ada"),
        ("müller", "müller", "müller", "xn--mller-kva"),
        ("MU\u0308LLER.example", "müller.example", "müller.example", "xn--mller-kva.example"),
        ("User@Müller", "user@müller", "user@xn--mller-kva", ""),
        ("@Müller", "@müller", "@xn--mller-kva", "xn--mller-kva"),
        ("jose\u0301", "jos\u00e9", "jos\u00e9", "xn--jos-dma"),
        ("faß", "fass", "fass", "xn--fa-hia"),
        ("a_b%", "a_b%", "a_b%", "a_b%"),
        ("Ada@Exam-", "ada@exam-", "ada@exam-", ""),
        ("@", "@", "@", ""),
        ("a\0b\udcff", "a\ufffdb\ufffd", "a\ufffdb\ufffd", "a\ufffdb\ufffd"),
    ],
)
def test_a_search_is_normalized_like_the_keys(search, username, email, domain):
    assert user_search(search, email_syntax) == UserSearch(username, email, domain)


def test_a_search_without_a_term_is_no_search():
    assert user_search("  ", email_syntax) is None


def test_users_are_found_by_any_spelling_of_the_address(world):
    administration = replace(world.administration, syntax=email_syntax)
    register(world, "user@xn--mller-kva.example", "one")
    register(world, "Jos\u00e9@example.org", "two")

    def found(search):
        return [user.username for user in administration.users(Operator(CLIENT), search, None, 9).items]

    assert found("müller") == found("user@MÜLLER") == found("müller.example") == ["one"]
    assert found("jose\u0301") == found("JOS\u00c9@") == ["two"]


def test_a_permanent_failure_parks_a_mail_at_once():
    mail = a_mail()
    mail.failed(NOON, "the mail server does not know such addresses", for_good=True)

    assert (mail.parked_at, mail.next_try_at, mail.attempts) == (NOON, None, 1)
