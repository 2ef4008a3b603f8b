"""The stream of events over the real server of Starlette: what arrives, what ends it, and what it costs."""

import contextlib
import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from application.streams import MOST_STREAMS
from tests.databases import migrated_database
from tests.integration.test_processes import a_person
from tests.servers import Server, running, until

URL = "/api/events/stream"
SECONDS = 5  # until an event arrives, at most


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("db")
    with migrated_database("sqlite", folder) as url, running(url, ENTRYPOINT="starlette") as server:
        yield server


class Stream:
    """A client of the stream. It reads when it is asked."""

    def __init__(self, server: Server, cookie: str, **headers: str) -> None:
        self.connection = server.client(timeout=SECONDS)
        sent = {"Cookie": cookie} | {name.replace("_", "-"): value for name, value in headers.items()}
        self.connection.request("GET", URL, headers=sent)
        self.response = self.connection.getresponse()

    def next(self) -> dict[str, str] | None:
        """The fields of the next message. None at the end."""
        fields = {}
        while line := self.response.readline().decode().rstrip("\n"):
            name, _, value = line.partition(":")
            fields[name] = value.strip()
        return fields or None

    def event(self) -> str:
        """The tag of the next event."""
        told = self.next()
        assert told and told["id"] == json.loads(told["data"])["id"]
        tag: str = json.loads(told["data"])["tag"]
        return tag

    def close(self) -> None:
        self.response.close()
        self.connection.close()


@contextlib.contextmanager
def streaming(server: Server, cookie: str, **headers: str) -> Iterator[Stream]:
    stream = Stream(server, cookie, **headers)
    try:
        assert stream.response.status == 200, stream.response.read()
        assert stream.response.headers["Content-Type"] == "text/event-stream"
        assert stream.response.headers["Cache-Control"] == "no-store"
        assert stream.next() == {"retry": "5000"}
        yield stream
    finally:
        stream.close()


def registered(server: Server) -> tuple[dict[str, str], str]:
    person = a_person()
    return person, server.ask("POST", "/api/register", person).cookie


def rename(server: Server, cookie: str) -> None:
    assert server.ask("PATCH", "/api/user", {"username": a_person()["username"]}, cookie).status == 200


def log_in(server: Server, person: dict[str, str]) -> str:
    credentials = {name: person[name] for name in ("email", "password")}
    return server.ask("POST", "/api/login", credentials).cookie


def test_an_event_arrives_as_the_history_shows_it(server):
    person, cookie = registered(server)
    with streaming(server, cookie) as stream:
        log_in(server, person)
        told = stream.next()
    [event, *_] = server.ask("GET", "/api/user/events", cookie=cookie).json["data"]
    assert told == {"id": event["id"], "data": json.dumps(event, separators=(",", ":"))}
    assert event["tag"] == "logged_in"


def test_a_user_gets_no_event_of_another_one(server):
    (_, cookie), (_, other) = registered(server), registered(server)
    with streaming(server, cookie) as stream:
        rename(server, other)
        rename(server, cookie)
        assert stream.event() == "username_changed"
        assert server.ask("POST", "/api/logout", cookie=cookie).status == 200
        assert stream.next() == {"event": "end", "data": "{}"}


@pytest.mark.parametrize("by", ["itself", "another"])
def test_a_stream_ends_with_its_session(server, by):
    person, cookie = registered(server)
    other = log_in(server, person)
    ended, ender = (cookie, cookie) if by == "itself" else (other, cookie)
    with streaming(server, ended) as stream:
        method, url = ("POST", "/api/logout") if by == "itself" else ("DELETE", "/api/sessions")
        assert server.ask(method, url, cookie=ender).status == 200
        assert stream.next() == {"event": "end", "data": "{}"}
        assert stream.next() is None


def test_a_client_that_comes_back_gets_what_it_missed(server):
    _, cookie = registered(server)
    with streaming(server, cookie) as stream:
        rename(server, cookie)
        told = stream.next()
    rename(server, cookie)
    with streaming(server, cookie, Last_Event_ID=told["id"]) as stream:
        assert stream.event() == "username_changed"
    with streaming(server, cookie) as stream:
        rename(server, cookie)
        assert stream.event() == "username_changed"


@pytest.mark.parametrize(
    "headers, code",
    [
        ({}, 40102),
        ({"X_User": "0" * 32}, 40906),
        ({"Last_Event_ID": "7"}, 42201),
        ({"Host": "evil.test"}, 40002),
    ],
)
def test_a_stream_is_refused_like_any_request(server, headers, code):
    _, cookie = registered(server)
    answer = server.ask("GET", URL, cookie=cookie if headers else "", **headers)
    assert answer.code == code


def test_the_stream_has_one_method(server):
    _, cookie = registered(server)
    answer = server.ask("POST", URL, {}, cookie)
    assert (answer.code, set(answer.headers["Allow"].split(", "))) == (40501, {"GET", "HEAD"})
    assert server.ask("HEAD", URL, cookie=cookie).status == 200


def test_a_user_has_few_streams_and_gets_a_place_back(tmp_path):
    with (
        migrated_database("sqlite", tmp_path) as url,
        running(url, ENTRYPOINT="starlette", WORKERS="1") as server,
        contextlib.ExitStack() as stack,
    ):
        _, cookie = registered(server)
        streams = [stack.enter_context(streaming(server, cookie)) for _ in range(MOST_STREAMS)]
        answer = server.ask("GET", URL, cookie=cookie)
        assert (answer.code, answer.headers["Retry-After"]) == (42901, "60")

        streams[0].close()
        until(lambda: again(server, cookie), "the place of a client that left is not free")


def again(server: Server, cookie: str) -> bool:
    stream = Stream(server, cookie)
    stream.close()
    return stream.response.status == 200


def test_a_stream_that_waits_is_kept_alive(server):
    """The time is that of `KEEP_ALIVE_SECONDS`, which a proxy must not undercut."""
    _, cookie = registered(server)
    with streaming(server, cookie) as stream:
        stream.connection.sock.settimeout(20)
        began = time.monotonic()
        assert stream.response.readline() == b": keep-alive\n"
    assert 14 < time.monotonic() - began < 17


def test_open_streams_do_not_delay_the_end_of_the_server(tmp_path):
    with migrated_database("sqlite", tmp_path) as url, running(url, ENTRYPOINT="starlette") as server:
        people = [registered(server)[1] for _ in range(4)]
        with contextlib.ExitStack() as stack:
            streams = [stack.enter_context(streaming(server, cookie)) for cookie in people]
            began = time.monotonic()
            server.process.send_signal(signal.SIGTERM)
            assert [stream.next() for stream in streams] == [None] * 4  # no "end": the browser comes back
            server.process.wait(10)
    assert server.process.returncode == 0
    assert time.monotonic() - began < 5


def test_flask_has_no_stream(tmp_path):
    with migrated_database("sqlite", tmp_path) as url, running(url, WORKERS="1") as server:
        _, cookie = registered(server)
        assert server.ask("GET", URL, cookie=cookie).code == 40404


def threads(server: Server) -> int:
    return sum(len(os.listdir(f"/proc/{worker}/task")) for worker in server.workers())


@pytest.mark.alone
@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="no /proc to count threads with")
def test_500_streams_hold_no_thread_and_no_connection(tmp_path):
    with migrated_database("postgresql", tmp_path) as url:
        engine = sa.create_engine(url, isolation_level="AUTOCOMMIT")

        def connections() -> int:
            with engine.connect() as connection:
                busy = sa.text("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()")
                return int(connection.scalar(busy))

        with running(url, ENTRYPOINT="starlette") as server, contextlib.ExitStack() as stack:
            people = [registered(server)[1] for _ in range(100)]
            streams = [stack.enter_context(streaming(server, cookie)) for cookie in people]
            time.sleep(3)
            before = threads(server), connections()

            more = people * (MOST_STREAMS - 1)
            streams += [stack.enter_context(streaming(server, cookie)) for cookie in more]
            time.sleep(3)
            after = threads(server), connections()
            print("threads and connections with 100 streams:", before, "with 500:", after)
            # The pools of two workers grow to what their busiest moment needs.
            assert after[0] - before[0] <= 4
            assert after[1] - before[1] <= 4

            rename(server, people[7])
            assert [stream.event() for stream in streams[7::100]] == ["username_changed"] * MOST_STREAMS
        engine.dispose()
