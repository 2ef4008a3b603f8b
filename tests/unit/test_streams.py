from uuid import UUID

import pytest

from application.streams import MOST_STREAMS, Streams, TooManyStreams
from domain.events import Tag, first_id
from domain.users import Role
from tests.samples import CLIENT, an_event


@pytest.fixture
def streams(world):
    return Streams(world.look, world.clock)


@pytest.fixture
def ids(world):
    """A function: an id that is ordered by the clock, as a UUIDv7 is. The ids of `world` are not."""
    return lambda: UUID(int=first_id(world.clock.now).int + world.count.id().int)


@pytest.fixture
def happens(world, ids):
    """A function: an event of the user is stored."""

    def happens(actor, tag=Tag.USERNAME_CHANGED, **fields):
        event = an_event(actor.id, tag, **{"id": ids()} | fields)
        with world.transaction() as work:
            work.events.add(event)
            work.commit()
        return event

    return happens


@pytest.fixture
def told():
    return []


def tags(told):
    return [event and event.tag for event in told]


def test_a_stream_tells_what_happens_after_its_beginning(world, ada, streams, happens, told):
    happens(ada, Tag.EXPORTED)
    streams.begin(ada, None, told.append)
    streams.poll()
    assert told == []

    happens(ada)
    streams.poll()
    streams.poll()
    assert tags(told) == [Tag.USERNAME_CHANGED]


def test_a_stream_tells_nothing_of_other_users(world, ada, streams, happens, told):
    eve, _ = world.register("eve")
    streams.begin(ada, None, told.append)
    happens(eve)
    streams.poll()
    assert told == []


def test_an_event_whose_commit_came_late_is_told(world, ada, streams, happens, told, ids):
    early = ids()
    streams.begin(ada, None, told.append)
    world.clock.advance(seconds=1)
    happens(ada)
    streams.poll()
    world.clock.advance(seconds=8)
    happens(ada, Tag.EXPORTED, id=early)
    streams.poll()
    streams.poll()
    assert tags(told) == [Tag.USERNAME_CHANGED, Tag.EXPORTED]


def test_an_event_is_told_once_over_many_polls(world, ada, streams, happens, told):
    streams.begin(ada, None, told.append)
    for _ in range(30):
        happens(ada)
        streams.poll()
        world.clock.advance(seconds=1)
    assert len({event.id for event in told}) == len(told) == 30


def test_a_stream_goes_on_after_the_last_event(world, ada, streams, happens, told):
    first, *missed = [happens(ada) for _ in range(3)]
    world.clock.advance(hours=1)
    streams.begin(ada, first.id, told.append)
    assert [event.id for event in told] == [event.id for event in missed]
    streams.poll()
    assert len(told) == 2


def test_what_happens_between_two_polls_far_apart_is_told(world, ada, streams, happens, told):
    """The database was away, for example."""
    streams.begin(ada, None, told.append)
    streams.poll()
    happens(ada)
    world.clock.advance(minutes=10)
    streams.poll()
    assert tags(told) == [Tag.USERNAME_CHANGED]


def test_more_news_than_one_poll_can_take_come_with_the_next(world, ada, streams, happens, told, monkeypatch):
    monkeypatch.setattr("application.streams.MOST_NEWS", 2)
    streams.begin(ada, None, told.append)
    events = [happens(ada) for _ in range(5)]
    for _ in range(4):
        streams.poll()
    assert [event.id for event in told] == [event.id for event in events]


def test_a_stream_ends_with_its_session(world, ada, streams, happens, told):
    streams.begin(ada, None, told.append)
    world.sessions.logout(ada)
    streams.poll()
    streams.poll()
    assert (told, streams.open) == ([None], [])


def test_a_stream_ends_when_its_session_expires(world, ada, streams, told):
    streams.begin(ada, None, told.append)
    world.clock.advance(hours=12)
    streams.poll()
    assert told == [None]


def test_a_stream_ends_when_its_session_acts_as_another_user(world, ada, streams, told):
    eve, secret = world.register("eve")
    with world.transaction() as work:
        work.users.grant(eve.id, Role.ADMIN)
        work.commit()
    eve = world.sessions.authenticate(secret, CLIENT)[0]
    streams.begin(eve, None, told.append)
    world.impersonation.begin(eve, ada.id, "Ticket 7")
    streams.poll()
    assert told == [None]

    acting = world.sessions.authenticate(secret, CLIENT)[0]
    streams.begin(acting, None, told.append)
    streams.poll()
    assert len(told) == 1
    world.clock.advance(minutes=30)
    streams.poll()
    assert told == [None, None]


def test_what_an_administrator_does_is_told_without_its_address(world, ada, streams, happens, told):
    eve, _ = world.register("eve")
    streams.begin(ada, None, told.append)
    happens(ada, Tag.DISABLED, actor_id=eve.id)
    streams.poll()
    [event] = told
    assert (event.by, event.ip, event.user_agent) == ("eve", "", "")


def test_a_user_has_few_streams_at_a_time(world, ada, streams, told):
    eve, _ = world.register("eve")
    opened = [streams.begin(ada, None, told.append) for _ in range(MOST_STREAMS)]
    with pytest.raises(TooManyStreams) as refused:
        streams.begin(ada, None, told.append)
    assert refused.value.retry_after == 60
    streams.begin(eve, None, told.append)

    streams.end(opened[0])
    streams.end(opened[0])
    streams.begin(ada, None, told.append)


def test_without_streams_nothing_is_read():
    Streams(None, None).poll()
