"""Users by the keys of their addresses, over every store."""

import pytest

from adapters.emails import email_syntax
from domain.users import EmailTaken, user_search
from tests.samples import a_user


def add(store, *users):
    with store.transaction() as work:
        for user in users:
            work.users.add(user)
        work.commit()


def found(store, term):
    search = user_search(term, email_syntax)
    with store.look() as stored:
        return [user.username for user in stored.users.page(search, None, 10).items]


def test_an_address_is_stored_as_it_was_typed(store):
    user = a_user("Straße@example.org", username="ada")
    add(store, user)

    with store.look() as stored:
        assert stored.users.get(user.id).email == "Straße@example.org"


@pytest.mark.parametrize("spelling", ["Straße@example.org", "straße@example.org", "STRASSE@example.org"])
def test_a_user_is_found_by_any_spelling_of_the_address(store, spelling):
    user = a_user("Straße@example.org", username="ada")
    add(store, user)

    with store.look() as stored:
        assert stored.users.by_email(spelling) == user


def test_an_address_belongs_to_one_user_in_any_spelling(store):
    add(store, a_user("Straße@example.org", username="ada"))

    with pytest.raises(EmailTaken):
        add(store, a_user("strasse@example.org", username="eve"))


def test_an_account_changes_the_spelling_of_its_own_address(store):
    user = a_user("ada@example.org")
    add(store, user)
    user.email = "Ada@example.org"
    with store.transaction() as work:
        work.users.save(user)
        work.commit()

    with store.look() as stored:
        assert stored.users.by_email("ada@example.org").email == "Ada@example.org"


def test_an_address_of_another_account_is_taken_in_any_spelling(store):
    eve = a_user("eve@example.org")
    add(store, a_user("Ada@example.org", username="ada"), eve)
    eve.email = "aDA@example.org"

    with pytest.raises(EmailTaken), store.transaction() as work:
        work.users.save(eve)


def test_two_addresses_may_differ_in_an_accent_only(store):
    add(store, a_user("jose@example.org"), a_user("jos\u00e9@example.org", username="other"))

    with store.look() as stored:
        assert stored.users.by_email("JOS\u00c9@example.org").username == "other"


def test_users_are_found_by_key_and_by_domain(store):
    add(store, a_user("User@xn--mller-kva.example"), a_user("Müller@example.org", username="mueller"))

    assert found(store, "user@") == found(store, "user@müller") == ["User"]
    assert found(store, "@müller") == ["User"]
    assert found(store, "müller") == ["mueller", "User"]


def test_a_key_as_long_as_its_column_is_stored(store):
    user = a_user("\ufb03" * 64 + "@" + "x" * 57 + ".com", username="ada")
    assert len(user.email_key) == len(user.email.encode()) == 254
    add(store, user)

    with store.look() as stored:
        assert stored.users.by_email(user.email) == user
