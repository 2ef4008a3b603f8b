"""The real server while its database is cut off, refuses, is silent, or is locked by another process."""

import contextlib
import os
import select
import signal
import socket
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from uuid import uuid4

import pytest
from sqlalchemy import make_url
from sqlalchemy import select as query

from adapters.sql.engines import Engines, connect
from adapters.sql.teams import teams
from tests.databases import migrated_database
from tests.integration.test_start import refused_start
from tests.samples import GOOD_PASSWORD
from tests.servers import Answer, Server, environment, free_port, running, until

# The promise: a part that is down is noticed within five seconds. Half a second is for the machine.
BOUND = 5.5


class Proxy:
    """A TCP proxy between the server and its database. It can cut, refuse and be silent."""

    def __init__(self, target: tuple[str, int]) -> None:
        self.target = target
        self.pairs: list[tuple[socket.socket, socket.socket]] = []
        self.silent = threading.Event()
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port: int = self.listener.getsockname()[1]
        self.lock = threading.Lock()
        self.start()

    def start(self) -> None:
        threading.Thread(target=self.accept, args=(self.listener,), daemon=True).start()

    def accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):  # until it is closed
            while True:
                client, _ = listener.accept()
                pair = client, client if self.silent.is_set() else socket.create_connection(self.target, 5)
                with self.lock:
                    self.pairs.append(pair)
                if not self.silent.is_set():
                    threading.Thread(target=self.forward, args=pair, daemon=True).start()

    def forward(self, client: socket.socket, database: socket.socket) -> None:
        other = {client: database, database: client}
        with contextlib.suppress(OSError, ValueError):  # until they are closed
            while True:
                for readable in select.select([client, database], [], [])[0]:
                    data = readable.recv(65536)
                    if self.silent.is_set():
                        return
                    if not data:
                        raise OSError
                    other[readable].sendall(data)
        for end in other:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def cut(self) -> int:
        """End all connections, as a database does at a restart. Return their number."""
        with self.lock:
            pairs, self.pairs = self.pairs, []
        for end in {end for pair in pairs for end in pair}:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
        return len(pairs)

    def refuse(self) -> None:
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)  # wakes the thread in accept
        self.listener.close()
        self.cut()

    def hang(self) -> None:
        """Accept new connections, and answer on no connection."""
        self.silent.set()

    def heal(self) -> None:
        self.cut()
        self.silent.clear()
        if self.listener.fileno() < 0:
            self.listener = socket.create_server(("127.0.0.1", self.port), backlog=128)
            self.start()


class Site:
    """A server whose database is behind the proxy, and a user with a session."""

    def __init__(self, server: Server, proxy: Proxy, engines: Engines) -> None:
        self.server, self.proxy, self.engines = server, proxy, engines
        self.person = a_person()
        answer = server.ask("POST", "/api/register", self.person)
        assert answer.status == 201
        self.cookie, self.id = answer.cookie, answer.json["data"]["id"]

    def user(self) -> Answer:
        return self.server.ask("GET", "/api/user", cookie=self.cookie)

    def login(self) -> Answer:
        return self.server.ask("POST", "/api/login", credentials(self.person))

    def register(self) -> Answer:
        return self.server.ask("POST", "/api/register", a_person())

    def ready(self) -> Answer:
        return self.server.ask("GET", "/health/ready")

    def live(self) -> Answer:
        return self.server.ask("GET", "/health/live")

    def page(self) -> Answer:
        return self.server.ask("GET", "/settings", cookie=self.cookie)

    def rename(self) -> Answer:
        team = self.server.ask("GET", "/api/teams", cookie=self.cookie).json["data"][0]["id"]
        return self.server.ask("PATCH", f"/api/teams/{team}", {"name": "Analysts"}, self.cookie)


def a_person() -> dict[str, str]:
    name = "u" + uuid4().hex[:16]
    return {"username": name, "email": f"{name}@example.org", "password": GOOD_PASSWORD}


def credentials(person: dict[str, str]) -> dict[str, str]:
    return {"email": person["email"], "password": person["password"]}


def timed(request: Callable[[], Answer]) -> tuple[Answer, float]:
    began = time.monotonic()
    return request(), time.monotonic() - began


def together(*requests: Callable[[], Answer]) -> list[tuple[Answer, float]]:
    with ThreadPoolExecutor(len(requests)) as crowd:
        return list(crowd.map(timed, requests))


def assert_away(site: Site) -> None:
    """A request that needs the database gets 503 in time. /health/live gets 200."""
    asked = [site.user, site.login, site.register, site.ready, site.page]
    *answers, (live, live_seconds) = together(*asked, site.live)
    print({request.__name__: round(answer[1], 2) for request, answer in zip(asked, answers, strict=True)})
    assert [answer.status for answer, _ in answers] == [503] * len(asked)
    for answer, _ in answers:
        assert int(answer.headers["Retry-After"]) >= 1
    *programs, (page, _) = answers
    assert {answer.code for answer, _ in programs} == {50301}
    assert page.headers["Content-Type"].startswith("text/html")
    assert b"</html>" in page.body
    assert live.status == 200
    assert live_seconds < 2
    assert max(seconds for _, seconds in answers) < BOUND


def assert_works(site: Site) -> None:
    assert site.user().status == 200
    assert site.login().status == 200
    assert site.register().status == 201
    assert site.ready().status == 200
    assert site.page().status == 200


@pytest.fixture(scope="module", params=["postgresql", "mariadb"])
def module_site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with migrated_database(request.param, tmp_path_factory.mktemp("db")) as url:
        direct = make_url(url)
        proxy = Proxy((direct.host or "", direct.port or 0))
        engines = connect(url)
        try:
            with running(str(direct.set(port=proxy.port)), BCRYPT_ROUNDS="4") as server:
                yield Site(server, proxy, engines)
        finally:
            proxy.refuse()
            engines.dispose()


@pytest.fixture
def site(module_site: Site) -> Iterator[Site]:
    """Both workers have open connections. The session is new: the tests log in more than 100 times."""
    module_site.cookie = module_site.login().cookie
    together(*[module_site.user] * 30, *[module_site.login] * 10)
    yield module_site
    module_site.proxy.heal()


@pytest.mark.parametrize("first", [Site.user, Site.login, Site.register, Site.ready, Site.page])
def test_the_next_request_works_after_the_database_restarted(site, first):
    assert site.proxy.cut() >= 4
    assert first(site).status in {200, 201}


def test_all_connections_work_after_the_database_restarted(site):
    for _ in range(3):
        assert site.proxy.cut() >= 4
        answers = together(*[site.user] * 8, *[site.login] * 3, *[site.register] * 3)
        assert {answer.status for answer, _ in answers} <= {200, 201}
        assert {site.user().status for _ in range(20)} == {200}
        assert {site.login().status for _ in range(10)} == {200}


def test_a_database_that_refuses_is_a_503_until_it_recovers(site):
    site.proxy.refuse()
    assert_away(site)
    assert_away(site)
    site.proxy.heal()
    assert_works(site)


@pytest.mark.alone
def test_a_silent_database_is_a_503_until_it_recovers(site):
    site.proxy.hang()
    assert_away(site)  # on open connections
    assert_away(site)  # on new connections
    site.proxy.heal()
    assert_works(site)


@pytest.mark.alone
def test_many_clients_get_a_503_in_time_while_the_database_is_silent(site):
    """The first requests hold all connections. The later requests wait for one."""
    site.proxy.hang()

    def arriving(late: float, request: Callable[[], Answer]) -> tuple[Answer, float]:
        time.sleep(late)
        return timed(request)

    with ThreadPoolExecutor(60) as crowd:
        coming = [
            crowd.submit(arriving, late, site.login if n % 6 == 5 else site.user)
            for n, late in enumerate([0.0] * 24 + [n / 6 for n in range(30)])
        ]
        live, live_seconds = arriving(3, site.live)
        answers = [one.result(30) for one in coming]
    slowest = max(seconds for _, seconds in answers)
    print(f"slowest of a crowd: {slowest:.2f} s")
    assert {answer.status for answer, _ in answers} == {503}
    assert slowest < BOUND
    assert live.status == 200
    assert live_seconds < 2
    site.proxy.heal()
    assert_works(site)


def test_a_worker_that_started_without_the_database_works_when_it_returns(site):
    url = site.engines.writer.url.set(port=site.proxy.port).render_as_string(hide_password=False)
    with running(url, BCRYPT_ROUNDS="4") as server:
        site.proxy.refuse()
        before = server.workers()
        for worker in before:
            os.kill(worker, signal.SIGKILL)
        until(lambda: len(set(server.workers()) - set(before)) == 2, "the workers were not replaced")
        server.wait_until_live()
        assert server.ask("GET", "/health/ready").code == 50301
        site.proxy.heal()
        assert server.ask("GET", "/health/ready").status == 200
        cookie = site.cookie.replace(f"-{site.server.port}=", f"-{server.port}=")
        assert server.ask("GET", "/api/user", cookie=cookie).status == 200


def test_the_server_does_not_start_while_the_database_refuses_or_is_silent(site):
    url = site.engines.writer.url.set(port=site.proxy.port).render_as_string(hide_password=False)
    for misbehave in (site.proxy.refuse, site.proxy.hang):
        misbehave()
        code, lines = refused_start(environment(url, free_port()))
        assert code not in {0, None}
        assert len(lines) == 1, lines[-3:]
        assert "DATABASE_URL" in lines[0]
        site.proxy.heal()


def test_a_lock_that_is_held_too_long_is_a_503(site):
    mine = query(teams.c.id).with_for_update()
    with site.engines.writer.begin() as other:
        assert other.execute(mine).first()
        answer, seconds = timed(site.rename)
        print(f"lock: {seconds:.2f} s")
        assert (answer.status, answer.code) == (503, 50301)
        assert int(answer.headers["Retry-After"]) >= 1
        assert seconds < BOUND
        assert site.user().status == 200
    assert site.rename().status == 200


def test_acknowledged_registrations_are_stored_while_connections_are_cut(site):
    """Connections are cut during many registrations. Each one that was answered with success is stored."""
    done = threading.Event()
    told: list[str] = []
    statuses: set[int] = set()

    def many() -> None:
        while not done.is_set():
            answer = site.register()
            statuses.add(answer.status)
            if answer.status == 201:
                told.append(answer.cookie)

    with ThreadPoolExecutor(4) as crowd:
        running_ones = [crowd.submit(many) for _ in range(4)]
        for _ in range(20):
            time.sleep(0.05)
            site.proxy.cut()
        done.set()
        for one in running_ones:
            one.result(15)
    print(f"{len(told)} registered, {statuses}")
    assert statuses <= {201, 503}
    assert told
    for cookie in told:
        assert site.server.ask("GET", "/api/user", cookie=cookie).status == 200


@pytest.fixture(scope="module")
def on_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, str]]:
    with migrated_database("sqlite", tmp_path_factory.mktemp("db")) as url, running(url) as server:
        yield server, make_url(url).database or ""


@pytest.mark.alone
def test_sqlite_that_another_process_locks_serves_reads_and_refuses_writes(on_sqlite):
    server, path = on_sqlite
    one = a_person()
    cookie = server.ask("POST", "/api/register", one).cookie

    def user() -> Answer:
        return server.ask("GET", "/api/user", cookie=cookie)

    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        writes = [
            lambda: server.ask("POST", "/api/register", a_person()),
            lambda: server.ask("POST", "/api/login", credentials(one)),
            lambda: server.ask("POST", "/api/logout", cookie=cookie),
        ]
        answers = together(*writes, *[user] * 20)
        refused, reads = answers[: len(writes)], answers[len(writes) :]
        print("refused after", [round(seconds, 2) for _, seconds in refused])
        assert [answer.code for answer, _ in refused] == [50301] * len(writes)
        assert max(seconds for _, seconds in refused) < BOUND
        assert {answer.status for answer, _ in reads} == {200}
        assert max(seconds for _, seconds in reads) < 2
        assert server.ask("GET", "/health/ready").status == 200
        other.execute("ROLLBACK")
    assert server.ask("POST", "/api/login", credentials(one)).status == 200


def test_a_session_is_valid_while_sqlite_is_locked(on_sqlite):
    server, path = on_sqlite
    cookie = server.ask("POST", "/api/register", a_person()).cookie
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("UPDATE sessions SET last_seen_at = datetime('now', '-5 minutes')")
        other.execute("BEGIN EXCLUSIVE")
        answer, seconds = timed(lambda: server.ask("GET", "/api/user", cookie=cookie))
        other.execute("ROLLBACK")
    assert answer.status == 200
    assert seconds < BOUND
