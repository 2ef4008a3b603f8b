from datetime import timedelta

import pytest
from uuid_utils.compat import uuid7

from domain.errors import Stale
from domain.paging import Page
from domain.personal import exported
from domain.users import Role
from tests.fakes import NOON
from tests.races import racing
from tests.samples import a_membership, a_session, a_team, a_user


@pytest.fixture
def user(store):
    user = a_user()
    with store.transaction() as work:
        work.users.add(user)
        work.commit()
    return user


@pytest.fixture
def session(store, user):
    session = a_session(user.id, remembered=True)
    with store.transaction() as work:
        work.sessions.add(session)
        work.commit()
    return session


def find(store, session, now=NOON):
    with store.look() as stored:
        return stored.sessions.find(session.secret_hash, now)


def test_a_session_is_found_with_its_user_and_roles(store, user, session):
    assert find(store, session) == (session, user)

    with store.transaction() as work:
        work.users.grant(user.id, Role.ADMIN)
        work.commit()
    user.roles = frozenset({Role.ADMIN})
    assert find(store, session) == (session, user)


def test_a_session_is_found_until_it_expires(store, session):
    assert find(store, session, session.expires_at - timedelta(microseconds=1))
    assert find(store, session, session.expires_at) is None


def test_another_secret_finds_no_session(store, session):
    assert find(store, a_session(uuid7(), "b" * 64)) is None


def test_a_session_needs_its_user(store):
    with pytest.raises(Stale), store.transaction() as work:
        work.sessions.add(a_session(uuid7()))
        work.commit()


def test_a_secret_belongs_to_one_session(store, user, session):
    with pytest.raises(Stale), store.transaction() as work:
        work.sessions.add(a_session(user.id, session.secret_hash))
        work.commit()
    assert find(store, session) == (session, user)


def test_an_id_belongs_to_one_session(store, user, session):
    with pytest.raises(Stale), store.transaction() as work:
        work.sessions.add(a_session(user.id, "b" * 64, id=session.id))
        work.commit()
    assert find(store, session) == (session, user)


def test_touching_a_session_stores_its_use(store, user, session):
    session.last_seen_at = NOON + timedelta(hours=1)
    session.expires_at = NOON + timedelta(hours=13)
    session.ip = "2001:db8::1"
    with store.transaction() as work:
        work.sessions.touch(session)
        work.commit()

    assert find(store, session) == (session, user)


def test_touching_a_session_that_has_ended_stores_nothing(store, session):
    with store.transaction() as work:
        work.sessions.end(session.secret_hash)
        work.sessions.touch(session)
        work.commit()

    assert find(store, session) is None


def test_one_of_many_racing_logouts_ends_the_session(store, session):
    def attempt(number):
        with store.transaction() as work:
            ended = work.sessions.end(session.secret_hash)
            work.commit()
        return ended

    assert sum(racing(attempt)) == 1
    assert find(store, session) is None


def test_the_sessions_of_a_user_are_listed_by_the_page_newest_first(store, user, session):
    later = a_session(user.id, "b" * 64)
    ended = a_session(user.id, "c" * 64, expires_at=NOON)
    with store.transaction() as work:
        work.sessions.add(later)
        work.sessions.add(ended)
        work.commit()

    with store.look() as stored:
        assert stored.sessions.of(user.id, NOON, None, 2) == Page([later, session], None)
        assert stored.sessions.of(user.id, NOON, None, 1) == Page([later], later.id)
        assert stored.sessions.of(user.id, NOON, later.id, 1) == Page([session], None)
        assert stored.sessions.of(uuid7(), NOON, None, 1) == Page([], None)


def test_the_least_recently_used_sessions_are_ended(store, user, session):
    eve = a_user("eve@example.org")
    eves = a_session(eve.id, "e" * 64)
    mine = [
        a_session(user.id, letter * 64, last_seen_at=NOON - timedelta(minutes=age))
        for letter, age in (("b", 1), ("c", 9), ("d", 2), ("f", 9))
    ]
    with store.transaction() as work:
        work.users.add(eve)
        for each in [eves, *mine]:
            work.sessions.add(each)
        work.commit()

    def left():
        with store.look() as stored:
            return [each.secret_hash[0] for each in stored.sessions.of(user.id, NOON, None, 9).items][::-1]

    for kept, limit, expected in ((5, 9, "abcdf"), (4, 9, "abdf"), (1, 2, "af"), (0, 9, "")):
        with store.transaction() as work:
            work.sessions.end_oldest(user.id, kept, limit)
            work.commit()
        assert left() == list(expected)
    assert find(store, eves)


def test_the_sessions_of_a_user_are_exported_newest_first(store, user, session):
    ended = a_session(user.id, "b" * 64, expires_at=NOON)
    with store.transaction() as work:
        work.sessions.add(ended)
        work.commit()

    with store.look() as stored:
        assert stored.sessions.exported(user.id, None).items == [exported(ended), exported(session)]
        assert stored.sessions.exported(uuid7(), None).items == []


def test_one_session_of_a_user_is_ended(store, user, session):
    with store.transaction() as work:
        assert not work.sessions.end_of(uuid7(), session.id)
        assert not work.sessions.end_of(user.id, uuid7())
        assert work.sessions.end_of(user.id, session.id)
        assert not work.sessions.end_of(user.id, session.id)
        work.commit()

    assert find(store, session) is None


def test_all_sessions_of_a_user_but_one_are_ended_and_all_are_forgotten(store, user, session):
    for letter in "bcd":
        with store.transaction() as work:
            work.sessions.add(a_session(user.id, letter * 64))
            work.commit()
    with store.transaction() as work:
        assert work.sessions.end_others(user.id, session.id) == 3
        work.commit()
    assert find(store, session)

    with store.transaction() as work:
        work.sessions.forget(user.id)
        work.sessions.forget(uuid7())
        work.commit()
    assert find(store, session) is None


def test_expired_sessions_are_purged_in_batches(store, user, session):
    with store.transaction() as work:
        for letter in "bcd":
            work.sessions.add(a_session(user.id, letter * 64, expires_at=NOON))
        work.commit()
    with store.transaction() as work:
        assert [work.sessions.purge(NOON, 2) for _ in range(3)] == [2, 1, 0]
        work.commit()

    assert find(store, session)


def test_sessions_roles_and_memberships_are_deleted_with_their_user(store, user, session):
    team = a_team()
    with store.transaction() as work:
        work.users.grant(user.id, Role.ADMIN)
        work.teams.add(team)
        work.teams.add_member(a_membership(team, user))
        work.commit()
    with store.transaction() as work:
        work.users.forget(user.id)
        work.users.forget(user.id)
        work.commit()

    assert find(store, session) is None
    with store.look() as stored:
        assert stored.users.get(user.id) is None
        assert stored.users.holders(Role.ADMIN) == set()
        assert stored.teams.membership(team.id, user.id) is None
        assert stored.teams.get(team.id) == team


def test_a_session_acts_as_another_user_until_its_end(store, user, session):
    eve = a_user("eve@example.org")
    with store.transaction() as work:
        work.users.add(eve)
        work.sessions.act_as(session.id, eve.id, NOON + timedelta(minutes=30))
        work.sessions.act_as(uuid7(), eve.id, NOON)
        work.commit()

    with store.look() as stored:
        acting, found = stored.sessions.find(session.secret_hash, NOON + timedelta(minutes=29))
        assert (found, acting.user_id, acting.acting_as_id) == (eve, user.id, eve.id)
        assert stored.sessions.find(session.secret_hash, NOON + timedelta(minutes=30))[1] == user
        assert stored.sessions.of(eve.id, NOON, None, 10).items == []


@pytest.mark.parametrize("how", ["the session", "its user", "the other user", "the other user is deleted"])
def test_a_session_acts_as_its_own_user_again(store, user, session, how):
    eve, bob = a_user("eve@example.org"), a_user("bob@example.org")
    with store.transaction() as work:
        work.users.add(eve)
        work.users.add(bob)
        work.sessions.act_as(session.id, eve.id, NOON + timedelta(minutes=30))
        work.commit()
    with store.transaction() as work:
        work.sessions.end_acting(bob.id)
        if how == "the session":
            work.sessions.act_as(session.id, None, None)
        elif how == "the other user is deleted":
            work.users.forget(eve.id)
        else:
            work.sessions.end_acting(user.id if how == "its user" else eve.id)
        work.commit()

    with store.look() as stored:
        assert stored.sessions.find(session.secret_hash, NOON)[1] == user


def test_a_session_that_acts_has_two_users_one_after_the_other(store, user):
    other = a_user("eve@example.org")
    acting = a_session(user.id, "b" * 64, acting_as_id=other.id, acting_until=NOON + timedelta(minutes=1))
    with store.transaction() as work:
        work.users.add(other)
        work.sessions.add(acting)
        work.commit()

    with store.look() as stored:
        assert stored.sessions.users([acting.id], NOON) == {acting.id: other.id}
        assert stored.sessions.users([acting.id], NOON + timedelta(minutes=1)) == {acting.id: user.id}


def test_the_users_of_sessions_are_those_that_have_not_ended(store, user, session):
    with store.look() as stored:
        users = stored.sessions.users

        assert users([session.id, uuid7()], NOON) == {session.id: user.id}
        assert users([session.id], session.expires_at) == users([], NOON) == {}
