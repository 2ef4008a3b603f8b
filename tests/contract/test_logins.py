from datetime import timedelta

import pytest
from uuid_utils.compat import uuid7

from domain.errors import Stale
from domain.logins import MOST_WRONG_CODES
from domain.personal import exported
from tests.fakes import NOON
from tests.races import racing
from tests.samples import a_pending_login, a_user

END = NOON + timedelta(minutes=5)


@pytest.fixture
def user(store):
    user = a_user()
    with store.transaction() as work:
        work.users.add(user)
        work.commit()
    return user


def change(store, do):
    with store.transaction() as work:
        answer = do(work)
        work.commit()
    return answer


def found(store, login, now=NOON):
    with store.look() as stored:
        return stored.logins.find(login.secret_hash, now)


def test_a_login_is_found_until_it_ends(store, user):
    login = a_pending_login(user.id)
    change(store, lambda work: work.logins.add(login))
    assert found(store, login) == login
    assert found(store, login, END) is None
    assert found(store, a_pending_login(user.id, "0" * 64)) is None
    for another in (a_pending_login(user.id), a_pending_login(uuid7(), "0" * 64)):
        with pytest.raises(Stale):
            change(store, lambda work, another=another: work.logins.add(another))


def test_a_login_ends_after_the_last_wrong_code(store, user):
    login, other = a_pending_login(user.id), a_pending_login(user.id, "0" * 64)
    change(store, lambda work: [work.logins.add(each) for each in (login, other)])
    for count in range(1, MOST_WRONG_CODES):
        change(store, lambda work: work.logins.count_wrong_code(login.id))
        assert found(store, login).wrong_codes == count
    change(store, lambda work: work.logins.count_wrong_code(login.id))
    assert found(store, login) is None
    assert not change(store, lambda work: work.logins.end(login.secret_hash, NOON))
    assert found(store, other).wrong_codes == 0


def test_one_of_twenty_ends_a_login(store, user):
    login = a_pending_login(user.id)
    change(store, lambda work: work.logins.add(login))
    assert not change(store, lambda work: work.logins.end(login.secret_hash, END))

    ended = racing(lambda _: change(store, lambda work: work.logins.end(login.secret_hash, NOON)), 20)
    assert sorted(ended) == [False] * 19 + [True]


def test_the_newest_logins_are_kept(store, user):
    eve = a_user("eve@example.org")
    logins = [a_pending_login(user.id, f"{number:064}") for number in range(3)]
    other = a_pending_login(eve.id, "f" * 64)
    change(store, lambda work: [work.users.add(eve), *map(work.logins.add, [*logins, other])])
    change(store, lambda work: work.logins.end_oldest(user.id, 2))
    assert [found(store, login) is not None for login in [*logins, other]] == [False, True, True, True]
    change(store, lambda work: work.logins.end_oldest(user.id, 2))
    assert found(store, logins[1])


def test_logins_are_exported_purged_and_forgotten(store, user):
    logins = [
        a_pending_login(user.id, f"{number:064}", expires_at=NOON + timedelta(minutes=number))
        for number in range(1, 4)
    ]
    change(store, lambda work: [work.logins.add(login) for login in logins])
    with store.look() as stored:
        assert stored.logins.exported(user.id, None).items == [exported(login) for login in reversed(logins)]
    purge = [change(store, lambda work: work.logins.purge(NOON + timedelta(minutes=2), 1)) for _ in range(3)]
    assert purge == [1, 1, 0]
    assert found(store, logins[2]) == logins[2]
    change(store, lambda work: work.logins.forget(user.id))
    assert found(store, logins[2]) is None
