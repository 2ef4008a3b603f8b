"""The rules of addresses and names."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.emails import email_syntax
from domain.errors import FieldErrors, Invalid
from domain.users import LONGEST_EMAIL, RESERVED_USERNAMES, acceptable_username, key_of, normal_email
from tests.fakes import plain_syntax


@pytest.mark.parametrize(
    "typed, normal",
    [
        (" Ada@Example.ORG\n", "Ada@example.org"),
        ("a&b+c@x.com", "a&b+c@x.com"),
        ("ada@M\u00dcNCHEN.de", "ada@xn--mnchen-3ya.de"),
        ("ada@xn--mnchen-3ya.de", "ada@xn--mnchen-3ya.de"),
        ("ada@\uff25\uff38\uff21\uff2d\uff30\uff2c\uff25.com", "ada@example.com"),
        ("\u00c9mile@x.com", "\u00c9mile@x.com"),
        ("E\u0301mile@x.com", "\u00c9mile@x.com"),
        ("x" * 64 + "@x.com", "x" * 64 + "@x.com"),
    ],
)
def test_an_address_is_normalized_and_keeps_the_case_of_its_local_part(typed, normal):
    assert normal_email(typed, email_syntax) == normal


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "ada",
        "ada@",
        "@example.org",
        "ada@localhost",
        "ada@[127.0.0.1]",
        '"a b"@x.com',
        "Ada <ada@example.org>",
        "ada@example.org, eve@example.org",
        "a\nb@x.com",
        "a\0@x.com",
        "a\ud800@x.com",
        "x" * 65 + "@x.com",
        "x" * 64 + "@" + ".".join(["y" * 60] * 4) + ".com",
        "\u00e9" * 64 + "@" + ".".join(["y" * 50] * 3) + ".com",
    ],
)
def test_an_invalid_address_is_refused(typed):
    with pytest.raises(Invalid) as caught:
        normal_email(typed, email_syntax)

    assert caught.value.fields.keys() == {"email"}
    assert str(caught.value) == caught.value.message


@given(
    st.one_of(
        st.emails(),
        st.builds("{}@{}".format, st.text(min_size=1, max_size=20), st.sampled_from(["x.com", "ß.de"])),
    )
)
def test_normalizing_an_address_twice_changes_nothing(typed):
    try:
        normal = normal_email(typed, email_syntax)
    except Invalid:
        return
    assert normal_email(normal, email_syntax) == normal
    assert key_of(key_of(normal)) == key_of(normal)
    assert len(key_of(normal)) <= LONGEST_EMAIL


def test_a_domain_with_sharp_s_is_not_folded():
    """For IDNA 2008 faß.de and fass.de are two domains, of two owners (RFC 5894, 7.2)."""
    forms = [
        normal_email(f"Straße@{domain}", email_syntax) for domain in ("faß.de", "XN--FA-hia.de", "FASS.de")
    ]
    assert forms == ["Straße@xn--fa-hia.de", "Straße@xn--fa-hia.de", "Straße@fass.de"]
    assert [key_of(form) for form in forms] == [
        "strasse@xn--fa-hia.de",
        "strasse@xn--fa-hia.de",
        "strasse@fass.de",
    ]


@pytest.mark.parametrize("name", ["a", "Ada", "a_1", "x" * 30])
def test_a_username_stays_as_it_was_typed(name):
    assert acceptable_username(name) == name


@pytest.mark.parametrize(
    "name",
    ["", "1a", "_a", "a b", " a", "a\n", "a-b", "\u00e4da", "x" * 31, "\uff41da", "a\u0301", "Admin", "NULL"],
)
def test_an_invalid_username_is_refused(name):
    with pytest.raises(Invalid):
        acceptable_username(name)


def test_common_administrative_usernames_are_reserved():
    assert {
        "admin",
        "administrator",
        "root",
        "support",
        "api",
        "system",
        "null",
        "undefined",
    } <= RESERVED_USERNAMES
    assert all(name == name.lower() for name in RESERVED_USERNAMES)


def test_field_errors_are_collected_and_other_errors_are_raised():
    problems = FieldErrors()
    with problems:
        raise Invalid("a", "one")
    with problems:
        raise Invalid("b", "two")
    with pytest.raises(ZeroDivisionError), problems:
        1 / 0  # noqa: B018

    with pytest.raises(Invalid) as caught:
        problems.raise_any()
    assert caught.value.fields == {"a": ["one"], "b": ["two"]}


def test_no_field_errors_raise_nothing():
    FieldErrors().raise_any()


def test_a_long_address_is_refused():
    with pytest.raises(Invalid):
        normal_email("ada@" + "x" * 250 + ".com", plain_syntax)
