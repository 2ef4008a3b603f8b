from datetime import timedelta

import pytest
from uuid_utils.compat import uuid7

from domain.errors import Stale
from domain.users import Role
from tests.fakes import NOON
from tests.races import racing
from tests.samples import a_session, a_user


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
