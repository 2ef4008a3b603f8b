from datetime import timedelta

import pytest
from uuid_utils.compat import uuid7

from domain.errors import Stale
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


def test_a_session_is_found_with_its_user_and_their_roles(store, user, session):
    assert find(store, session) == (session, user)

    with store.transaction() as work:
        work.users.grant(user.id, Role.ADMIN)
        work.commit()
    user.roles = frozenset({Role.ADMIN})
    assert find(store, session) == (session, user)


def test_a_session_ends_when_its_time_has_come(store, session):
    assert find(store, session, session.expires_at - timedelta(microseconds=1))
    assert find(store, session, session.expires_at) is None


def test_nobody_is_found_by_another_secret(store, session):
    assert find(store, a_session(uuid7(), "b" * 64)) is None


def test_a_session_belongs_to_somebody(store):
    with pytest.raises(Stale), store.transaction() as work:
        work.sessions.add(a_session(uuid7()))
        work.commit()


def test_touching_writes_down_the_use(store, user, session):
    session.last_seen_at = NOON + timedelta(hours=1)
    session.expires_at = NOON + timedelta(hours=13)
    session.ip = "2001:db8::1"
    with store.transaction() as work:
        work.sessions.touch(session)
        work.commit()

    assert find(store, session) == (session, user)


def test_touching_what_has_ended_brings_nothing_back(store, session):
    with store.transaction() as work:
        work.sessions.end(session.secret_hash)
        work.sessions.touch(session)
        work.commit()

    assert find(store, session) is None


def test_of_many_who_end_a_session_one_did_it(store, session):
    def attempt(number):
        with store.transaction() as work:
            ended = work.sessions.end(session.secret_hash)
            work.commit()
        return ended

    assert sum(racing(attempt)) == 1
    assert find(store, session) is None


def test_the_sessions_of_somebody_are_listed_while_they_last_the_last_seen_first(store, user, session):
    later = a_session(user.id, "b" * 64, last_seen_at=NOON + timedelta(minutes=1))
    ended = a_session(user.id, "c" * 64, expires_at=NOON)
    with store.transaction() as work:
        work.sessions.add(later)
        work.sessions.add(ended)
        work.commit()

    with store.look() as stored:
        assert stored.sessions.of(user.id, NOON) == [later, session]
        assert stored.sessions.of(uuid7(), NOON) == []


def test_one_of_somebodys_sessions_is_ended(store, user, session):
    with store.transaction() as work:
        assert not work.sessions.end_of(uuid7(), session.id)
        assert not work.sessions.end_of(user.id, uuid7())
        assert work.sessions.end_of(user.id, session.id)
        assert not work.sessions.end_of(user.id, session.id)
        work.commit()

    assert find(store, session) is None


def test_all_of_somebodys_sessions_are_ended_or_all_but_one(store, user, session):
    for letter in "bcd":
        with store.transaction() as work:
            work.sessions.add(a_session(user.id, letter * 64))
            work.commit()
    with store.transaction() as work:
        assert work.sessions.end_all(user.id, but=session.id) == 3
        work.commit()
    assert find(store, session)

    with store.transaction() as work:
        assert work.sessions.end_all(user.id) == 1
        assert work.sessions.end_all(user.id) == 0
        work.commit()
    assert find(store, session) is None


def test_sessions_that_ended_are_purged_in_batches(store, user, session):
    with store.transaction() as work:
        for letter in "bcd":
            work.sessions.add(a_session(user.id, letter * 64, expires_at=NOON))
        work.commit()
    with store.transaction() as work:
        assert [work.sessions.purge(NOON, 2) for _ in range(3)] == [2, 1, 0]
        work.commit()

    assert find(store, session)


def test_who_is_deleted_takes_sessions_roles_and_memberships_along(store, user, session):
    team = a_team()
    with store.transaction() as work:
        work.users.grant(user.id, Role.ADMIN)
        work.teams.add(team)
        work.teams.add_member(a_membership(team, user))
        work.commit()
    with store.transaction() as work:
        assert work.users.delete(user.id)
        assert not work.users.delete(user.id)
        work.commit()

    assert find(store, session) is None
    with store.look() as stored:
        assert stored.users.get(user.id) is None
        assert stored.users.holders(Role.ADMIN) == set()
        assert stored.teams.membership(team.id, user.id) is None
        assert stored.teams.get(team.id) == team
