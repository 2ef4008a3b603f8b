from datetime import timedelta

import pytest
from uuid_utils.compat import uuid7

from domain.errors import Stale
from domain.personal import exported
from tests.fakes import NOON
from tests.races import racing
from tests.samples import a_token, a_user

SOON = NOON + timedelta(hours=1)


@pytest.fixture
def users(store):
    users = [a_user(), a_user("eve@example.org")]
    with store.transaction() as work:
        for user in users:
            work.users.add(user)
        work.commit()
    return users


def add(store, *tokens):
    with store.transaction() as work:
        for token in tokens:
            work.tokens.add(token)
        work.commit()


def test_a_token_is_found_with_its_user_until_it_expires(store, users):
    ada, eve = users
    endless, short = a_token(ada.id), a_token(eve.id, "f" * 64, expires_at=SOON)
    add(store, endless, short)

    with store.look() as stored:
        assert stored.tokens.find(endless.token_hash, NOON) == (endless, ada)
        assert stored.tokens.find(short.token_hash, NOON) == (short, eve)
        assert stored.tokens.find(short.token_hash, SOON) is None
        assert stored.tokens.find("0" * 64, NOON) is None
        assert stored.tokens.of(eve.id, NOON, None, 5).items == [short]
        assert stored.tokens.of(eve.id, SOON, None, 5).items == []


def test_a_token_needs_its_user_and_a_hash_of_its_own(store, users):
    add(store, a_token(users[0].id))
    for token in (a_token(users[0].id), a_token(uuid7(), "f" * 64)):
        with pytest.raises(Stale):
            add(store, token)


def test_the_tokens_of_a_user_are_paged_and_counted(store, users):
    ada, eve = users
    tokens = [a_token(ada.id, f"{number:064}") for number in range(3)]
    add(store, *tokens, a_token(eve.id))

    with store.look() as stored:
        assert (stored.tokens.count(ada.id, NOON), stored.tokens.count(uuid7(), NOON)) == (3, 0)
        page = stored.tokens.of(ada.id, NOON, None, 2)
        assert (page.items, page.next) == ([tokens[2], tokens[1]], tokens[1].id)
        assert stored.tokens.of(ada.id, NOON, page.next, 2).items == [tokens[0]]
        assert stored.tokens.exported(ada.id, None).items == [exported(token) for token in reversed(tokens)]


def test_the_use_of_a_token_is_stored(store, users):
    token = a_token(users[0].id)
    add(store, token)
    with store.transaction() as work:
        work.tokens.touch(token.id, SOON)
        work.tokens.touch(uuid7(), SOON)
        work.commit()
    with store.look() as stored:
        [found] = stored.tokens.of(users[0].id, NOON, None, 5).items
    assert (found.last_used_at, found.name) == (SOON, token.name)


def test_the_use_of_a_token_is_stored_when_it_is_due(store, users):
    token = a_token(users[0].id, last_used_at=SOON)
    add(store, token)
    for after, stored_at in (
        (timedelta(seconds=59, microseconds=999_999), SOON),
        (timedelta(minutes=-1, microseconds=1), SOON),
        (timedelta(minutes=1), SOON + timedelta(minutes=1)),
        (timedelta(0), SOON),  # the clock was set back
    ):
        with store.transaction() as work:
            work.tokens.touch(token.id, SOON + after)
            work.commit()
        with store.look() as stored:
            [found] = stored.tokens.of(users[0].id, NOON, None, 5).items
        assert found.last_used_at == stored_at, after


def test_one_of_twenty_revocations_revokes(store, users):
    ada, eve = users
    token = a_token(ada.id)
    add(store, token)

    def revoke(_):
        with store.transaction() as work:
            done = work.tokens.revoke(ada.id, token.id)
            work.commit()
        return done

    with store.transaction() as work:
        assert not work.tokens.revoke(eve.id, token.id)
    assert sorted(racing(revoke, 20)) == [False] * 19 + [True]


def test_expired_tokens_are_deleted_and_endless_ones_stay(store, users):
    ada = users[0]
    kept = [a_token(ada.id), a_token(ada.id, "1" * 64, expires_at=SOON + timedelta(seconds=1))]
    add(store, *kept, *[a_token(ada.id, f"{number:064}", expires_at=SOON) for number in (2, 3, 4)])
    with store.transaction() as work:
        assert [work.tokens.purge(SOON, 2), work.tokens.purge(SOON, 2), work.tokens.purge(SOON, 2)] == [
            2,
            1,
            0,
        ]
        work.commit()
    with store.look() as stored:
        assert stored.tokens.of(ada.id, NOON, None, 9).items == kept[::-1]


def test_tokens_are_forgotten_with_their_user(store, users):
    ada, eve = users
    add(store, a_token(ada.id), a_token(eve.id, "f" * 64))
    with store.transaction() as work:
        work.tokens.forget(ada.id)
        work.users.forget(eve.id)
        work.commit()
    with store.look() as stored:
        assert [stored.tokens.count(user.id, NOON) for user in users] == [0, 0]
