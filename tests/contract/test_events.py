from datetime import timedelta

from uuid_utils.compat import uuid7

from domain.audit import Tag
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
