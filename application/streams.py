"""Streams: clients of a process that wait for the events of their user."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from threading import Lock
from uuid import UUID

from application.ports import Clock, Look
from domain.access import SignedIn
from domain.errors import TooManyAttempts
from domain.events import Event, first_id
from domain.paging import LARGEST_PAGE

# Of a user, in one process.
MOST_STREAMS = 5
RETRY_SECONDS = 60

# An event has its id before its commit, and the clocks of two machines differ.
LOOK_BACK = timedelta(seconds=10)

# For all streams of a process in one poll. What is left comes with the next poll.
MOST_NEWS = 1000

EARLIEST = UUID(int=0)
Tell = Callable[[Event | None], None]  # None: the session has ended


class TooManyStreams(TooManyAttempts):
    message = "This account already waits for events in too many places. Close one of them."


@dataclass(slots=True, eq=False)
class Stream:
    """`told` has the ids of the latest events, which are not told again."""

    actor: SignedIn
    tell: Tell
    told: set[UUID]


@dataclass(slots=True)
class Streams:
    """One object for each process. Its methods may run in several threads."""

    look: Look
    now: Clock
    open: list[Stream] = field(default_factory=list)
    after: UUID = EARLIEST
    lock: Lock = field(default_factory=Lock)

    def begin(self, actor: SignedIn, last: UUID | None, tell: Tell) -> Stream:
        """Open a stream, from now on or from the event `last`: at most 100 events are told again.

        Raise TooManyStreams.
        """
        began = first_id(self.now() - LOOK_BACK)
        with self.look() as stored:
            latest = stored.events.about(actor.id, None, LARGEST_PAGE).items
        stream = Stream(actor, tell, {event.id for event in latest})
        with self.lock:
            # Support that acts as a user takes no stream from the user.
            if sum(each.actor.person_id == actor.person_id for each in self.open) >= MOST_STREAMS:
                raise TooManyStreams(RETRY_SECONDS)
            if not self.open:
                self.after = began
            for event in reversed(latest):
                if last and event.id > last:
                    tell(event.for_user())
            self.open.append(stream)
        return stream

    def end(self, stream: Stream) -> None:
        with self.lock:
            if stream in self.open:
                self.open.remove(stream)

    def poll(self) -> None:
        """Tell each stream the new events of its user, and end those whose session has ended.

        To be called by one thread, about once a second. Two statements for all streams. Raise Unavailable.
        """
        with self.lock:
            streams, after = [*self.open], self.after
        if not streams:
            return
        now = self.now()
        with self.look() as stored:
            users = stored.sessions.users({stream.actor.session.id for stream in streams}, now)
            news = stored.events.following({stream.actor.id for stream in streams}, after, MOST_NEWS)
        window = first_id(now - LOOK_BACK)
        self.after = news[-1].id if len(news) == MOST_NEWS else window
        by_user = defaultdict(list)
        for event in news:
            by_user[event.user_id].append(event)
        for stream in streams:
            # The session has ended, or an administrator no longer acts as the user.
            if users.get(stream.actor.session.id) != stream.actor.id:
                self.end(stream)
                stream.tell(None)
                continue
            own = by_user[stream.actor.id]
            for event in own:
                if event.id not in stream.told:
                    stream.tell(event.for_user())
            kept = {id for id in stream.told if id > min(after, window)}
            stream.told = kept | {event.id for event in own}
