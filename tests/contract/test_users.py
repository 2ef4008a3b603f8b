from dataclasses import replace
from datetime import datetime, timedelta, timezone
from threading import Barrier

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from uuid_utils.compat import uuid7

from domain.errors import Stale
from domain.personal import exported
from domain.users import EmailTaken, Role, UsernameTaken
from tests.fakes import NOON
from tests.races import racing
from tests.samples import a_user

thirty_examples = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], max_examples=30
)


def add(store, *users):
    with store.transaction() as work:
        for user in users:
            work.users.add(user)
        work.commit()


def get(store, id):
    with store.look() as stored:
        return stored.users.get(id)


def names(page):
    return [user.username for user in page.items]


def test_a_committed_user_comes_back_equal(store):
    user = a_user(email_verified_at=NOON + timedelta(microseconds=123456))
    add(store, user)

    assert get(store, user.id) == user
    with store.look() as stored:
        assert stored.users.by_email(user.email) == user


def test_an_unknown_user_is_not_found(store):
    assert get(store, uuid7()) is None
    with store.look() as stored:
        assert stored.users.by_email("ada@example.org") is None


def test_a_change_without_a_commit_is_not_stored(store):
    user = a_user()
    with store.transaction() as work:
        work.users.add(user)
        assert work.users.get(user.id) == user

    assert get(store, user.id) is None


def test_a_failed_unit_of_work_stores_nothing(store):
    user = a_user()
    with pytest.raises(ZeroDivisionError), store.transaction() as work:
        work.users.add(user)
        1 / 0  # noqa: B018

    assert get(store, user.id) is None


def test_changing_an_entity_changes_nothing_stored(store):
    user = a_user()
    add(store, user)
    user.email = "eve@example.org"

    found = get(store, user.id)
    assert found.email == "ada@example.org"
    found.email = "mallory@example.org"
    assert get(store, user.id).email == "ada@example.org"


def test_the_taken_address_is_reported_before_the_taken_username(store):
    add(store, a_user())

    with pytest.raises(EmailTaken), store.transaction() as work:
        work.users.add(a_user())


def test_an_id_belongs_to_one_user(store):
    ada = a_user()
    add(store, ada)

    with pytest.raises(Stale):
        add(store, a_user("eve@example.org", id=ada.id))
    assert get(store, ada.id) == ada


def test_a_username_belongs_to_one_user_in_any_case(store):
    add(store, a_user(username="Ada"))

    with pytest.raises(UsernameTaken), store.transaction() as work:
        work.users.add(a_user("other@example.org", username="aDA"))


@pytest.mark.parametrize(
    "other", ["\u00e9mile@example.org", "emi_e@example.org", "uq_users_username_key'@x.com"]
)
def test_each_address_finds_its_own_user(store, other):
    one, two = a_user("emile@example.org", username="one"), a_user(other, username="two")
    add(store, one, two)

    with store.look() as stored:
        assert stored.users.by_email("emile@example.org") == one
        assert stored.users.by_email(other) == two


def test_a_taken_address_that_looks_like_a_constraint_is_reported(store):
    tricky = "for.key'uq_users_username_key'@example.org"
    add(store, a_user(tricky, username="one"))

    with pytest.raises(EmailTaken), store.transaction() as work:
        work.users.add(a_user(tricky, username="two"))


def test_saving_raises_the_version(store):
    user = a_user()
    add(store, user)
    with store.transaction() as work:
        found = work.users.get(user.id)
        found.email, found.email_verified_at = "new@example.org", NOON
        work.users.save(found)
        work.commit()

    assert found.version == 2
    assert get(store, user.id) == found


def test_the_second_save_of_one_version_is_refused(store):
    user = a_user()
    add(store, user)
    first, second = get(store, user.id), get(store, user.id)
    with store.transaction() as work:
        work.users.save(first)
        work.commit()

    with pytest.raises(Stale), store.transaction() as work:
        work.users.save(second)


def test_a_user_that_does_not_exist_cannot_be_saved(store):
    with pytest.raises(Stale), store.transaction() as work:
        work.users.save(a_user())


def test_a_user_is_exported_with_roles_and_forgotten(store):
    ada, eve = a_user(), a_user("eve@example.org")
    add(store, ada, eve)
    with store.transaction() as work:
        work.users.grant(ada.id, Role.ADMIN)
        work.commit()
    with store.look() as stored:
        assert stored.users.exported(ada.id, None).items == [
            exported(replace(ada, roles=frozenset({Role.ADMIN})))
        ]
        assert stored.users.exported(uuid7(), None).items == []
    with store.transaction() as work:
        work.users.forget(ada.id)
        work.commit()

    assert get(store, ada.id) is None
    assert get(store, eve.id) == eve


def test_roles_are_granted_and_revoked(store):
    user = a_user()
    add(store, user)
    with store.transaction() as work:
        work.users.grant(user.id, Role.ADMIN)
        assert work.users.holders(Role.ADMIN) == {user.id}
        work.commit()

    assert get(store, user.id).roles == {Role.ADMIN}
    with store.transaction() as work:
        assert work.users.revoke(user.id, Role.ADMIN)
        assert not work.users.revoke(user.id, Role.ADMIN)
        work.commit()
    assert get(store, user.id).roles == frozenset()


def test_saving_a_user_keeps_the_roles(store):
    user = a_user()
    add(store, user)
    with store.transaction() as work:
        work.users.grant(user.id, Role.ADMIN)
        work.users.save(user)
        work.commit()

    assert get(store, user.id).roles == {Role.ADMIN}


def test_a_role_is_granted_once(store):
    user = a_user()
    add(store, user)

    with pytest.raises(Stale), store.transaction() as work:
        work.users.grant(user.id, Role.ADMIN)
        work.users.grant(user.id, Role.ADMIN)


def test_a_role_needs_its_user(store):
    with pytest.raises(Stale), store.transaction() as work:
        work.users.grant(uuid7(), Role.ADMIN)
        work.commit()


def test_a_list_continues_at_the_cursor(store):
    users = [a_user(f"user{number}@example.org") for number in range(5)]
    add(store, *users)

    with store.look() as stored:
        first = stored.users.page(None, None, 2)
        second = stored.users.page(None, first.next, 2)
        third = stored.users.page(None, second.next, 2)
    assert names(first) + names(second) + names(third) == ["user4", "user3", "user2", "user1", "user0"]
    assert third.next is None


def test_one_of_many_racing_registrations_wins(store):
    def attempt(number):
        try:
            add(store, a_user(username=f"ada{number}"))
        except EmailTaken:
            return False
        return True

    assert sum(racing(attempt)) == 1


def test_one_of_many_racing_saves_wins(store):
    user = a_user()
    add(store, user)

    all_have_read = Barrier(8)

    def attempt(number):
        found = get(store, user.id)
        all_have_read.wait(timeout=10)
        found.password_hash = f"hash {number}"
        try:
            with store.transaction() as work:
                work.users.save(found)
                work.commit()
        except Stale:
            return False
        return True

    assert sum(racing(attempt)) == 1
    assert get(store, user.id).version == 2


def test_two_admins_that_revoke_each_other_leave_one(store):
    admins = [a_user("ada@example.org"), a_user("eve@example.org")]
    add(store, *admins)
    with store.transaction() as work:
        for user in admins:
            work.users.grant(user.id, Role.ADMIN)
        work.commit()

    def attempt(number):
        with store.transaction() as work:
            if len(work.users.holders(Role.ADMIN)) > 1:
                work.users.revoke(admins[number].id, Role.ADMIN)
            work.commit()

    racing(attempt, times=2)
    with store.look() as stored:
        assert len(stored.users.holders(Role.ADMIN)) == 1


moments = st.datetimes(
    datetime(1970, 1, 2),
    datetime(2200, 1, 1),
    timezones=st.builds(timezone, st.timedeltas(timedelta(hours=-14), timedelta(hours=14))),
)


@thirty_examples
@given(moment=moments)
def test_a_time_comes_back_equal(store, moment):
    store.empty()
    user = a_user(created_at=moment, email_verified_at=moment)
    add(store, user)

    found = get(store, user.id)
    assert found.created_at == moment == found.email_verified_at


@thirty_examples
@given(id=st.uuids())
def test_an_id_comes_back_equal(store, id):
    store.empty()
    user = a_user(id=id)
    add(store, user)

    assert get(store, id) == user


def test_a_disabled_user_is_no_holder_of_a_role(store):
    ada = a_user(disabled_at=NOON)
    eve = a_user("eve@example.org")
    add(store, ada, eve)
    with store.transaction() as work:
        for user in (ada, eve):
            work.users.grant(user.id, Role.ADMIN)
        work.commit()

    with store.transaction() as work:
        assert work.users.get(ada.id).disabled_at == NOON
        assert work.users.holders(Role.ADMIN) == {eve.id}


def test_one_of_two_administrators_that_disable_each_other_stays(store):
    users = [a_user(), a_user("eve@example.org")]
    add(store, *users)
    with store.transaction() as work:
        for user in users:
            work.users.grant(user.id, Role.ADMIN)
        work.commit()

    def disable(number):
        with store.transaction() as work:
            admins, user = work.users.holders(Role.ADMIN), work.users.lock(users[number].id)
            if admins != {user.id}:
                user.disabled_at = NOON
                work.users.save(user)
                work.commit()

    racing(disable, times=2)
    with store.transaction() as work:
        assert len(work.users.holders(Role.ADMIN)) == 1
