from dataclasses import replace
from datetime import timedelta

from uuid_utils.compat import uuid7

from domain.events import Tag
from tests.fakes import NOON
from tests.samples import an_event


def test_events_about_somebody_come_back_equal_the_newest_first(store):
    somebody = uuid7()
    events = [an_event(somebody, tag, created_at=NOON + timedelta(microseconds=1)) for tag in Tag]
    with store.transaction() as work:
        for event in [*events, an_event(uuid7()), an_event(None, Tag.LOGIN_FAILED, actor_id=None)]:
            work.events.add(event)
        work.commit()

    with store.look() as stored:
        first = stored.events.about(somebody, None, 3)
        second = stored.events.about(somebody, first.next, 100)
    assert first.items + second.items == events[::-1]
    assert second.next is None


def test_an_event_outside_a_commit_never_happened(store):
    somebody = uuid7()
    with store.transaction() as work:
        work.events.add(an_event(somebody))

    with store.look() as stored:
        assert stored.events.about(somebody, None, 10).items == []


def test_what_somebody_logged_in_from_is_known(store):
    somebody = uuid7()
    with store.transaction() as work:
        work.events.add(an_event(somebody, Tag.REGISTERED, user_agent="one"))
        work.events.add(an_event(somebody, Tag.LOGGED_IN, user_agent="two"))
        work.events.add(an_event(somebody, Tag.LOGIN_FAILED, user_agent="three"))
        work.events.add(an_event(uuid7(), Tag.LOGGED_IN, user_agent="four"))
        work.commit()

    with store.look() as stored:
        assert stored.events.user_agents(somebody) == {"one", "two"}


def test_where_somebody_was_is_forgotten_and_that_they_were_is_not(store):
    event, other = an_event(uuid7()), an_event(uuid7())
    with store.transaction() as work:
        work.events.add(event)
        work.events.add(other)
        work.events.forget(event.user_id)
        work.commit()

    with store.look() as stored:
        assert stored.events.about(event.user_id, None, 9).items == [replace(event, ip="", user_agent="")]
        assert stored.events.about(other.user_id, None, 9).items == [other]
