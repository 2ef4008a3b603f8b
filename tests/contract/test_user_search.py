"""The search of administrators, over every store."""

import pytest
from uuid_utils.compat import uuid7

from adapters.emails import email_syntax
from domain.users import user_search
from tests.contract.test_users import add
from tests.samples import a_user


def search(store, term, after=None, limit=10):
    with store.look() as stored:
        return stored.users.page(user_search(term, email_syntax), after, limit)


@pytest.mark.parametrize(
    "term, found",
    [
        ("ada", ["ada@example.org"]),
        ("AD", ["ada@example.org"]),
        ("da", []),
        ("_", []),
        ("%", []),
        ("/", []),
        ("\\", []),
        ("line@", ["line@example.org"]),
        ("line@exam", ["line@example.org"]),
        ("example", ["ada@example.org", "line@example.org"]),
        ("@example.org", ["ada@example.org", "line@example.org"]),
        ("xample", []),
        ("\u00e9mile", ["\u00e9mile@x.com"]),
        ("emile@", []),
        ("\U0010ffff", []),
    ],
)
def test_a_search_finds_the_beginning_of_an_address_or_domain(store, term, found):
    add(store, a_user("ada@example.org"), a_user("line@example.org", username="with_line"))
    add(store, a_user("\u00e9mile@x.com", username="emile"))

    assert [user.email for user in search(store, term).items] == found


@pytest.mark.parametrize(
    "term, found",
    [("with_", ["With_Line"]), ("with%", []), ("emile", ["emile"]), ("mile", []), ("\u00e9mile", ["emile"])],
)
def test_a_search_finds_the_beginning_of_a_username(store, term, found):
    add(store, a_user("line@example.org", username="With_Line"))
    add(store, a_user("\u00e9mile@x.com", username="emile"))

    assert [user.username for user in search(store, term).items] == found


def test_a_search_lists_usernames_then_addresses_then_domains_on_pages_of_any_size(store):
    add(
        store,
        a_user("x@exa.org", username="zoe"),
        a_user("exalt@b.org", username="carl"),
        a_user("exa@b.org", username="dora"),
        a_user("y@exa.net", username="anna"),
        a_user("exact@b.org", username="exa2"),
        a_user("z@exa.org", username="bert"),
        a_user("w@b.org", username="Exa1"),
        a_user("exa@exa.org", username="exa3"),
    )
    expected = ["exa1", "exa2", "exa3", "dora", "carl", "anna", "zoe", "bert"]

    for limit in range(1, 9):
        found, after, more = [], None, True
        while more:
            page = search(store, "EXA", after, limit)
            found += [user.username_key for user in page.items]
            after, more = page.next, page.next is not None
        assert found == expected, limit


def test_a_page_after_a_user_that_is_not_found_is_empty(store):
    eve = a_user("eve@example.org")
    add(store, a_user("ada@example.org"), eve)

    for after in (uuid7(), eve.id):
        assert search(store, "ada", after).items == []
