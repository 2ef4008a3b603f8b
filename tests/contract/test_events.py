from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from uuid_utils.compat import uuid7

from domain.errors import Stale
from domain.events import EventFilter, Tag, first_id
from domain.personal import exported
from tests.fakes import NOON
from tests.samples import a_team, a_user, an_event


def test_events_about_a_user_come_back_equal_and_newest_first(store):
    user_id = uuid7()
    events = [an_event(user_id, tag, created_at=NOON + timedelta(microseconds=1)) for tag in Tag]
    with store.transaction() as work:
        for event in [*events, an_event(uuid7()), an_event(None, Tag.LOGIN_FAILED, actor_id=None)]:
            work.events.add(event)
        work.commit()

    with store.look() as stored:
        first = stored.events.about(user_id, None, 3)
        second = stored.events.about(user_id, first.next, 100)
    assert first.items + second.items == events[::-1]
    assert second.next is None


def test_an_event_is_stored_once(store):
    event = an_event(uuid7())
    with store.transaction() as work:
        work.events.add(event)
        work.commit()

    with pytest.raises(Stale), store.transaction() as work:
        work.events.add(an_event(uuid7(), id=event.id))
        work.commit()
    with store.look() as stored:
        assert stored.events.about(event.user_id, None, 9).items == [event]


def test_the_events_about_a_user_are_exported_newest_first(store):
    user_id = uuid7()
    events = [an_event(user_id), an_event(user_id, Tag.ROLE_GRANTED, detail="admin")]
    with store.transaction() as work:
        for event in [*events, an_event(uuid7(), actor_id=user_id)]:
            work.events.add(event)
        work.commit()

    with store.look() as stored:
        assert stored.events.exported(user_id, None).items == [exported(event) for event in events[::-1]]


def test_an_event_without_a_commit_is_not_stored(store):
    user_id = uuid7()
    with store.transaction() as work:
        work.events.add(an_event(user_id))

    with store.look() as stored:
        assert stored.events.about(user_id, None, 10).items == []


def test_forgetting_blanks_ip_and_user_agent_and_keeps_the_events(store):
    event, other = an_event(uuid7()), an_event(uuid7())
    with store.transaction() as work:
        work.events.add(event)
        work.events.add(other)
        work.events.forget(event.user_id)
        work.commit()

    with store.look() as stored:
        assert stored.events.about(event.user_id, None, 9).items == [replace(event, ip="", user_agent="")]
        assert stored.events.about(other.user_id, None, 9).items == [other]


def test_events_are_forgotten_in_batches_oldest_first(store):
    user_id, other = uuid7(), an_event(uuid7())
    events = [an_event(user_id, **blank) for blank in ({}, {"ip": ""}, {"user_agent": ""}, {}, {})]
    with store.transaction() as work:
        for event in [other, *events]:
            work.events.add(event)
        work.commit()

    def written():
        with store.look() as stored:
            kept = stored.events.about(user_id, None, 9).items[::-1]
        return [bool(event.ip or event.user_agent) for event in kept]

    with store.transaction() as work:
        assert work.events.forget_some(user_id, 2)
        work.commit()
    assert written() == [False, False, True, True, True]

    with store.transaction() as work:
        assert work.events.forget_some(user_id, 2)
        assert not work.events.forget_some(user_id, 2)
        assert not work.events.forget_some(uuid7(), 2)
        work.commit()
    assert written() == [False] * 4 + [True]

    with store.transaction() as work:
        work.events.forget(user_id)
        work.commit()
    assert written() == [False] * 5
    with store.look() as stored:
        assert stored.events.about(other.user_id, None, 9).items == [other]


def test_events_are_filtered_newest_first_by_the_page(store):
    ada, team = a_user(), a_team()
    before, after = NOON - timedelta(days=1), NOON + timedelta(days=1)
    mine = [an_event(ada.id, id=UUID(int=first_id(moment).int + 1)) for moment in (before, NOON, after)]
    of_team = an_event(ada.id, Tag.TEAM_RENAMED, team_id=team.id, actor_id=None)
    stray = an_event(None, Tag.LOGIN_FAILED)
    with store.transaction() as work:
        work.users.add(ada)
        work.teams.add(team)
        for event in (*mine, of_team, stray):
            work.events.add(event)
        work.commit()

    def found(cursor=None, limit=10, **asked):
        with store.look() as stored:
            return stored.events.page(EventFilter(**asked), cursor, limit)

    assert found().items == [stray, of_team, *mine[::-1]]
    assert found(user_id=ada.id).items == [of_team, *mine[::-1]]
    assert found(team_id=team.id).items == found(tag=Tag.TEAM_RENAMED).items == [of_team]
    assert found(team_id=team.id, user_id=uuid7()).items == []
    assert found(user_id=ada.id, since=NOON, until=after).items == [mine[1]]
    assert found(tag=Tag.LOGGED_IN, until=NOON).items == [mine[0]]
    first = found(user_id=ada.id, limit=3)
    assert found(first.next, 3, user_id=ada.id).items == [mine[0]]
    [event] = found(team_id=team.id).items
    assert (event.username, event.actor, event.team) == ("ada", None, team.name)


def test_an_event_has_the_names_of_existing_users_only(store):
    ada, eve = a_user(), a_user("eve@example.org")
    event = an_event(ada.id, actor_id=eve.id)
    with store.transaction() as work:
        for user in (ada, eve):
            work.users.add(user)
        work.events.add(event)
        work.users.forget(eve.id)
        work.commit()

    with store.look() as stored:
        [found] = stored.events.about(ada.id, None, 10).items
        [exported] = stored.events.exported(ada.id, None).items
    assert (found.username, found.actor, found.team) == ("ada", None, None)
    assert (exported["by"], exported["ip"]) == ("a deleted user", "")


def test_the_events_that_follow_are_those_of_the_users_oldest_first(store):
    ada, eve, bob = uuid7(), uuid7(), uuid7()
    events = [an_event(user_id) for user_id in (ada, eve, bob, ada, None, eve)]
    with store.transaction() as work:
        for event in events:
            work.events.add(event)
        work.commit()

    def following(users, after, limit=9):
        with store.look() as stored:
            return stored.events.following(users, after, limit)

    first, second, _, fourth, _, sixth = events
    assert following({ada, eve}, UUID(int=0)) == [first, second, fourth, sixth]
    assert following({ada, eve}, UUID(int=0), 3) == [first, second, fourth]
    assert following({ada, eve}, first.id) == [second, fourth, sixth]
    assert following({ada}, fourth.id) == following({uuid7()}, UUID(int=0)) == []
    assert following(set(), UUID(int=0)) == []


def test_the_events_that_follow_have_names(store):
    ada, eve = a_user(), a_user("eve@example.org")
    with store.transaction() as work:
        work.users.add(ada)
        work.users.add(eve)
        work.events.add(an_event(ada.id, actor_id=eve.id))
        work.commit()

    with store.look() as stored:
        [found] = stored.events.following({ada.id}, UUID(int=0), 9)
    assert (found.username, found.by) == ("ada", "eve")
