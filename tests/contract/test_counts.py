"""How long a list is, over every store. A list of more than MOST_COUNTED rows has no exact count."""

from datetime import timedelta

import pytest
from uuid_utils.compat import uuid7

from adapters.emails import email_syntax
from domain.events import EventFilter, Tag
from domain.paging import MOST_COUNTED
from domain.users import user_search
from tests.fakes import NOON
from tests.samples import a_membership, a_team, a_user, an_event


def add(store, users=(), teams=(), members=(), events=()):
    with store.transaction() as work:
        for user in users:
            work.users.add(user)
        for team in teams:
            work.teams.add(team)
        for member in members:
            work.teams.add_member(member)
        for event in events:
            work.events.add(event)
        work.commit()


def number_found(store, term):
    """The number, which is also that of the rows of the list."""
    search = user_search(term, email_syntax)
    with store.look() as stored:
        number = stored.users.count(search)
        assert number == len(stored.users.page(search, None, 9).items)
    return number


@pytest.mark.parametrize(
    "term, number",
    [("", 4), ("exa", 3), ("EXA", 3), ("exam", 2), ("exa@", 1), ("@exam", 2), ("other", 1), ("nothing", 0)],
)
def test_a_user_is_counted_once_however_a_search_finds_it(store, term, number):
    add(store, map(a_user, ["x@exam.org", "exa@b.org", "exam@exam.net", "eve@other.org"]))

    assert number_found(store, term) == number


def test_a_user_is_counted_by_the_beginning_of_the_username(store):
    add(store, [a_user("ada@example.org", username="zoe"), a_user("zora@example.org", username="bob")])

    assert [number_found(store, term) for term in ("zo", "zoe", "bob", "ada")] == [2, 1, 1, 1]


def test_the_members_of_one_team_are_counted(store):
    ada, bob, team, other = a_user(), a_user("bob@example.org"), a_team(), a_team("Other")
    both = [a_membership(team, ada), a_membership(team, bob)]
    add(store, [ada, bob], [team, other], [*both, a_membership(other, ada)])

    with store.look() as stored:
        assert [stored.teams.count_members(id) for id in (team.id, other.id, uuid7())] == [2, 1, 0]


def test_events_are_counted_as_they_are_filtered(store):
    user_id, team_id = uuid7(), uuid7()
    renamed = [an_event(user_id, Tag.TEAM_RENAMED, team_id=team_id) for _ in range(3)]
    add(store, events=[*renamed, an_event(user_id), an_event(None, Tag.LOGIN_FAILED)])

    def number(**asked):
        with store.look() as stored:
            return stored.events.count(EventFilter(**asked))

    assert number() == 5
    assert number(user_id=user_id) == 4
    assert number(user_id=user_id, tag=Tag.TEAM_RENAMED) == number(team_id=team_id) == 3
    assert number(tag=Tag.LOGGED_OUT) == number(user_id=uuid7()) == 0
    # The ids of the samples are of today.
    assert number(since=NOON - timedelta(days=3650), until=NOON + timedelta(days=3650)) == 5
    assert number(until=NOON - timedelta(days=3650)) == 0


def test_a_count_ends_after_the_first_row_beyond_a_thousand(store):
    half = MOST_COUNTED // 2 + 5
    by_address = [a_user(f"x{number}@example.org") for number in range(half)]
    by_domain = [a_user(f"n{number}@x.example.org") for number in range(half)]
    users, team = by_address + by_domain, a_team()
    events = [an_event(users[0].id) for _ in users]
    add(store, users, [team], [a_membership(team, user) for user in users], events)

    with store.look() as stored:
        counts = [
            stored.users.count(None),
            stored.users.count(user_search("x", email_syntax)),
            stored.teams.count_members(team.id),
            stored.events.count(EventFilter()),
            stored.events.count(EventFilter(user_id=users[0].id)),
        ]
    assert counts == [MOST_COUNTED + 1] * 5
