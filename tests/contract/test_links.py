from dataclasses import replace
from datetime import timedelta

import pytest
from uuid_utils.compat import uuid7

from domain.errors import Stale
from domain.links import Purpose
from domain.personal import exported
from tests.fakes import NOON
from tests.races import racing
from tests.samples import a_link

VERIFY, RESET = Purpose.VERIFY_EMAIL, Purpose.RESET_PASSWORD


@pytest.fixture
def link(store):
    return put(store, a_link(uuid7()))


def put(store, link):
    with store.transaction() as work:
        work.links.drop(link.user_id, link.purpose)
        work.links.add(link)
        work.commit()
    return link


def find(store, link, purpose=VERIFY, now=NOON):
    with store.look() as stored:
        return stored.links.find(purpose, link.token_hash, now)


def consume(store, link, now=NOON):
    with store.transaction() as work:
        consumed = work.links.consume(link.purpose, link.token_hash, now)
        work.commit()
    return consumed


def test_a_link_comes_back_equal(store, link):
    assert find(store, link) == link


def test_a_link_is_for_one_purpose(store, link):
    assert find(store, link, RESET) is None


def test_a_link_is_valid_until_it_expires(store, link):
    assert find(store, link, now=link.expires_at - timedelta(microseconds=1))
    assert find(store, link, now=link.expires_at) is None
    assert not consume(store, link, now=link.expires_at)


def test_a_link_is_consumed_once(store, link):
    assert consume(store, link)
    assert not consume(store, link)
    assert find(store, link) is None


def test_a_link_consumed_without_a_commit_stays_valid(store, link):
    with store.transaction() as work:
        assert work.links.consume(link.purpose, link.token_hash, NOON)

    assert find(store, link) == link


def test_a_newer_link_replaces_the_older_one_for_its_purpose(store, link):
    newer = put(store, replace(link, id=uuid7(), token_hash="d" * 64))
    other = put(store, replace(link, id=uuid7(), token_hash="e" * 64, purpose=RESET))

    assert find(store, link) is None
    assert find(store, newer) == newer
    assert find(store, other, RESET) == other


def test_a_link_is_dropped_for_one_purpose(store, link):
    other = put(store, replace(link, id=uuid7(), token_hash="d" * 64, purpose=RESET))
    with store.transaction() as work:
        work.links.drop(link.user_id, VERIFY)
        work.links.drop(uuid7(), RESET)
        work.commit()

    assert find(store, link) is None
    assert find(store, other, RESET) == other


def test_the_links_of_a_user_are_exported_newest_first(store, link):
    other = put(store, replace(link, id=uuid7(), token_hash="d" * 64, purpose=RESET))
    put(store, a_link(uuid7(), token_hash="e" * 64))

    with store.look() as stored:
        assert stored.links.exported(link.user_id, None).items == [exported(other), exported(link)]


def test_a_second_link_for_one_purpose_is_refused(store, link):
    with pytest.raises(Stale), store.transaction() as work:
        work.links.add(replace(link, id=uuid7(), token_hash="d" * 64))
        work.commit()


def test_a_token_belongs_to_one_link(store, link):
    with pytest.raises(Stale), store.transaction() as work:
        work.links.add(a_link(uuid7(), token_hash=link.token_hash))
        work.commit()


def test_all_links_of_a_user_are_forgotten(store, link):
    other = put(store, a_link(uuid7(), token_hash="d" * 64))
    with store.transaction() as work:
        work.links.forget(link.user_id)
        work.commit()

    assert find(store, link) is None
    assert find(store, other) == other


def test_one_of_twenty_racing_clients_consumes_the_link(store, link):
    assert sum(racing(lambda number: consume(store, link), times=20)) == 1


def test_one_of_many_racing_links_is_valid(store):
    user_id = uuid7()
    links = [a_link(user_id, token_hash=str(number) * 64) for number in range(8)]

    def attempt(number):
        try:
            put(store, links[number])
        except Stale:
            return False
        return True

    assert any(racing(attempt))
    assert sum(find(store, link) is not None for link in links) == 1


def test_expired_links_are_purged_in_batches(store, link):
    for number in range(3):
        put(store, a_link(uuid7(), token_hash=str(number) * 64, expires_at=NOON))
    with store.transaction() as work:
        assert work.links.purge(NOON, 2) == 2
        assert work.links.purge(NOON, 2) == 1
        assert work.links.purge(NOON, 2) == 0
        work.commit()

    assert find(store, link) == link
