"""Server-sent events, without a framework: the row of a stream, and the bytes that it sends."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextvars import Context
from dataclasses import dataclass
from typing import Any, ClassVar

from application.streams import Stream, Streams, Tell
from domain.errors import Unavailable
from domain.events import Event
from entrypoints.api.events import show_event
from entrypoints.api.http import Request, to_json

# Sent after this time without an event. The shipped nginx waits 30 seconds.
KEEP_ALIVE_SECONDS = 15
# A new event is told after this time at most, and so is the end of a session.
POLL_SECONDS = 1.0

# A browser whose connection was lost connects again after this time, in milliseconds.
BEGINNING = b"retry: 5000\n\n"
KEEP_ALIVE = b": keep-alive\n\n"
ENDED = b"event: end\ndata: {}\n\n"
CLOSED = b""
# Events that wait for a client that does not read. With one more, its stream ends.
LONGEST_QUEUE = 100
# The last header keeps nginx from collecting the answer.
HEADERS = {"Content-Type": "text/event-stream", "X-Accel-Buffering": "no"}


log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class StreamRoute:
    """A row whose answer does not end. It needs a session: no API token reaches it."""

    method: ClassVar = "GET"
    public: ClassVar = False
    tokens: ClassVar = False

    url: str
    view: Callable[[Request, Tell], Stream]
    shows: Any


@dataclass(frozen=True, slots=True)
class StreamViews:
    streams: Streams

    def own(self, request: Request, tell: Tell) -> Stream:
        """`?after=` goes on after this event. A binding puts the header Last-Event-ID there."""
        return self.streams.begin(request.signed_in(), request.after(), tell)


def to_text(event: Event) -> bytes:
    return b"id: %s\ndata: %s\n\n" % (str(event.id).encode(), to_json(show_event(event)))


class OpenStream(AsyncIterator[bytes]):
    """The bytes of one stream. While it waits it holds no thread."""

    def __init__(self) -> None:
        self.loop, self.queue = asyncio.get_running_loop(), asyncio.Queue[bytes]()
        self.queue.put_nowait(BEGINNING)
        self.stream: Stream | None = None

    def tell(self, event: Event | None) -> None:
        """To be called by any thread."""
        for piece in [to_text(event)] if event else [ENDED, CLOSED]:
            self.loop.call_soon_threadsafe(self.queue.put_nowait, piece)

    def close(self) -> None:
        """End the stream, so that the browser connects again. To be called by any thread."""
        self.loop.call_soon_threadsafe(self.queue.put_nowait, CLOSED)

    async def __anext__(self) -> bytes:
        if self.queue.qsize() > LONGEST_QUEUE:
            raise StopAsyncIteration
        try:
            piece = await asyncio.wait_for(self.queue.get(), KEEP_ALIVE_SECONDS)
        except TimeoutError:
            return KEEP_ALIVE
        if piece == CLOSED:
            raise StopAsyncIteration
        return piece


class OpenStreams:
    """The streams of this process, and the task that polls while there are any."""

    def __init__(self, streams: Streams, in_thread: Callable[..., Awaitable[Any]]) -> None:
        self.streams, self.in_thread = streams, in_thread
        self.open = set[OpenStream]()
        self.poller: asyncio.Task[None] | None = None
        self.closed = False

    async def begin(self, view: Callable[[Tell], Stream]) -> OpenStream:
        """Raise what the view raises. Call `end` in any case that follows."""
        opened = OpenStream()
        opened.stream = await self.in_thread(view, opened.tell)
        self.open.add(opened)
        if self.closed:
            opened.close()
        if self.poller is None or self.poller.done():
            # In a context of its own: its log lines belong to no request.
            self.poller = opened.loop.create_task(self._poll(), context=Context())
        return opened

    def end(self, opened: OpenStream) -> None:
        self.open.discard(opened)
        if opened.stream:
            self.streams.end(opened.stream)

    def close(self) -> None:
        """End all streams, and those that begin later. For the end of the process, by any thread."""
        self.closed = True
        for opened in [*self.open]:
            opened.close()

    async def _poll(self) -> None:
        while self.open:
            pause = POLL_SECONDS
            try:
                await self.in_thread(self.streams.poll)
            except Unavailable as error:
                pause = error.retry_after
            except Exception:
                log.exception("the streams were not told")
            await asyncio.sleep(pause)
