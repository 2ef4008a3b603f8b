"""The real server as a process: parallel requests, kill -9, signals, and its log."""

import http.client
import json
import os
import signal
import statistics
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from adapters.sql.engines import Engines, connect
from adapters.sql.events import events
from adapters.sql.limits import metadata
from adapters.sql.mails import mails
from adapters.sql.sessions import sessions
from adapters.sql.teams import memberships, teams
from adapters.sql.users import users
from tests.databases import migrated_database
from tests.samples import GOOD_PASSWORD
from tests.servers import (
    ROOT,
    START_SECONDS,
    Answer,
    Server,
    alive,
    ask,
    environment,
    free_port,
    running,
    starting,
    until,
)

TABLES = metadata.sorted_tables


def a_person(**fields: str) -> dict[str, str]:
    name = "u" + uuid4().hex[:16]
    return {"username": name, "email": f"{name}@example.org", "password": GOOD_PASSWORD} | fields


@pytest.fixture(scope="module")
def stored(connected: Engines) -> Callable[[], Counter[str]]:
    """Counts the rows of every table."""
    return lambda: rows_of(connected)


def rows_of(engines: Engines) -> Counter[str]:
    with engines.reader.connect() as connection:
        return Counter({t.name: connection.scalar(select(func.count()).select_from(t)) for t in TABLES})


@pytest.fixture(scope="module")
def server(database_url: str) -> Iterator[Server]:
    with running(database_url) as server:
        yield server


@pytest.fixture(scope="module")
def sqlite_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with migrated_database("sqlite", tmp_path_factory.mktemp("db")) as url:
        yield url


def at_once(server: Server, bodies: list[dict[str, str]]) -> list[Answer]:
    """Register all users at the same moment, each on an open connection."""
    together = threading.Barrier(len(bodies))

    def one(body: dict[str, str]) -> Answer:
        with closing(server.client()) as client:
            client.connect()
            together.wait(10)
            return ask(client, "POST", "/api/register", body)

    with ThreadPoolExecutor(len(bodies)) as crowd:
        return list(crowd.map(one, bodies))


def assert_one_account(added: Counter[str]) -> None:
    """Each table of an account has one new row. No table has more."""
    assert {added[t.name] for t in (users, teams, memberships, sessions, events)} == {1}
    assert set(added.values()) == {1}


def test_one_of_twenty_racing_registrations_of_an_address_wins(server, stored):
    before, one = stored(), a_person()
    answers = at_once(server, [a_person(email=one["email"]) for _ in range(20)])
    assert Counter(a.status for a in answers) == {201: 1, 409: 19}
    assert {a.code for a in answers if a.status == 409} == {40902}
    assert_one_account(stored() - before)


def test_one_of_twenty_racing_registrations_of_a_username_wins(server, stored):
    before, one = stored(), a_person()
    spellings = [one["username"].upper() if n % 2 else one["username"] for n in range(20)]
    answers = at_once(server, [a_person(username=spelling) for spelling in spellings])
    assert Counter(a.status for a in answers) == {201: 1, 409: 19}
    assert {a.code for a in answers if a.status == 409} == {40903}
    assert_one_account(stored() - before)


def register_until_it_dies(server: Server, acknowledged: list[str]) -> None:
    with suppress(OSError, http.client.HTTPException), closing(server.client(timeout=5)) as client:
        while True:
            one = a_person()
            if ask(client, "POST", "/api/register", one).status == 201:
                acknowledged.append(one["email"])


def test_after_kill_9_each_acknowledged_registration_is_stored_and_none_is_incomplete(database_url, engines):
    acknowledged: list[str] = []
    for pause in (0.2, 0.35, 0.5):
        with running(database_url) as server:
            threads = [
                threading.Thread(target=register_until_it_dies, args=(server, acknowledged)) for _ in range(4)
            ]
            for thread in threads:
                thread.start()
            enough = time.monotonic() + 10
            while len(acknowledged) < 10 and time.monotonic() < enough:
                time.sleep(0.01)
            time.sleep(pause)
            server.kill()
            for thread in threads:
                thread.join(10)
            assert not any(thread.is_alive() for thread in threads)
    assert len(acknowledged) >= 10

    with running(database_url) as server, closing(server.client()) as client:
        for email in acknowledged:
            login = {"email": email, "password": GOOD_PASSWORD}
            assert ask(client, "POST", "/api/login", login).status == 200
    with engines.reader.connect() as connection:
        user_ids = set(connection.scalars(select(users.c.id)))
        owners = select(memberships.c.user_id).join(teams, teams.c.id == memberships.c.team_id)
        owners = owners.where(memberships.c.role == "owner", teams.c.personal.is_(True))
        registered = select(events.c.user_id).where(events.c.tag == "registered")
        for of_users in (owners, registered):
            assert Counter(connection.scalars(of_users)) == Counter(user_ids)
        members = set(connection.scalars(select(memberships.c.team_id)))
        assert members == set(connection.scalars(select(teams.c.id)))
        assert user_ids == set(connection.scalars(select(sessions.c.user_id)))


def complaints(server: Server) -> list[str]:
    return [line for line in server.log if json.loads(line)["level"] != "info"]


def test_sigterm_lets_requests_in_flight_finish(sqlite_url):
    one = a_person()
    right = {"email": one["email"], "password": one["password"]}
    wrong = right | {"password": "wrong horse battery"}
    with running(sqlite_url, BCRYPT_ROUNDS="12") as server, ExitStack() as stack:
        assert server.ask("POST", "/api/register", one).status == 201
        clients = [stack.enter_context(closing(server.client())) for _ in range(8)]
        for client in clients:
            assert ask(client, "GET", "/health/live").status == 200
        for n, client in enumerate(clients):
            body = json.dumps(wrong if n % 2 else right)
            client.request("POST", "/api/login", body, {"Content-Type": "application/json"})
        time.sleep(0.15)
        began = time.monotonic()
        server.process.terminate()
        statuses = [client.getresponse().status for client in clients]
        assert time.monotonic() - began > 0.1  # the requests were in flight
        assert statuses == [200, 401] * 4
        assert server.process.wait(15) == 0
        assert complaints(server) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["ctrl-c", "sigterm"])
def test_a_signal_to_the_process_group_ends_the_server_quickly_and_silently(sqlite_url, number):
    for _ in range(4):
        with running(sqlite_url) as server, closing(server.client()) as open_connection:
            assert ask(open_connection, "GET", "/").status == 200
            os.killpg(server.process.pid, number)
            until(lambda: server.process.poll() is not None, "it still runs")
            assert server.process.returncode == 0
            assert complaints(server) == []


def test_a_signal_while_the_workers_start_ends_the_server_quickly(sqlite_url):
    for pause in (0.0, 0.05, 0.1, 0.2, 0.4):
        with starting(sqlite_url) as server:
            until(lambda: "is running on" in server.stdout.read_text(), "it does not start", START_SECONDS)
            time.sleep(pause)
            server.process.terminate()
            until(lambda: server.process.poll() is not None, "it still runs")
            assert server.process.returncode == 0
            assert "Traceback" not in server.stderr.read_text()


def test_a_worker_that_was_killed_is_replaced(sqlite_url):
    with running(sqlite_url) as server:
        os.kill(server.workers()[0], signal.SIGKILL)
        until(lambda: len(server.workers()) == 2, "the worker was not replaced")
        server.wait_until_live()
        assert [server.ask("GET", "/api/user").code for _ in range(10)] == [40102] * 10


def test_a_worker_that_starts_after_its_master_was_killed_ends(sqlite_url):
    code = """
import multiprocessing, os, time
from entrypoints.flask_app import wsgi
master = os.getpid()
def late():
    while os.getppid() == master:
        time.sleep(0.01)
    wsgi.worker()
    time.sleep(60)
child = multiprocessing.get_context("fork").Process(target=late)
child.start()
print(child.pid, flush=True)
os._exit(0)
"""
    with subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=environment(sqlite_url, free_port()),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:
        assert process.stdout is not None
        worker = int(process.stdout.readline())
    until(lambda: not alive(worker), "it lives on without its master")


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="no /proc to count open files with")
def test_workers_start_without_a_thread_or_a_connection(database_url):
    """Forked workers would share a connection and lack a thread."""
    code = """
import os, threading
from entrypoints.flask_app import wsgi
wsgi.lock()  # the lock, which all workers share
fds = len(os.listdir("/proc/self/fd"))
app = wsgi.create()
print(threading.active_count(), len(os.listdir("/proc/self/fd")) - fds, wsgi.create() is app)
"""
    env = environment(database_url, free_port()) | {"LIMITS": "on"}
    env["REDIS_URL"] = "redis://127.0.0.1:1"  # no server listens there
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=env, capture_output=True, timeout=30)
    assert done.stdout.split() == [b"1", b"0", b"True"], done.stderr[-500:]


def test_workers_end_after_their_master_was_killed(sqlite_url):
    with running(sqlite_url) as server:
        workers = server.workers()
        os.kill(server.process.pid, signal.SIGKILL)
        server.process.wait(5)
        until(lambda: not any(map(alive, workers)), "they serve on, without a master")


def test_the_log_is_one_json_object_a_line_and_holds_no_secret(tmp_path):
    one, other = a_person(), a_person(password="violet anchor meadow sugar")
    secrets = [one["password"], other["password"], "wrong horse battery"]
    # Without MAIL_URL, mails and their links are printed to the log. This mail server never answers.
    mail = f"smtp://127.0.0.1:{free_port()}"
    with migrated_database("sqlite", tmp_path) as url, running(url, MAIL_URL=mail) as server:
        asked = []

        def trip(method: str, path: str, body: object = None, cookie: str = "") -> Answer:
            asked.append((method, path.partition("?")[0]))
            answer = server.ask(method, path, body, cookie)
            asked[-1] += (answer.status, answer.headers["X-Request-ID"])
            secrets.append(answer.cookie.partition("=")[2])
            return answer

        cookie = trip("POST", "/api/register", one).cookie
        trip("GET", "/api/user", cookie=cookie)
        trip("GET", "/settings?token=abcdefabcdef", cookie=cookie)
        secrets.append("abcdefabcdef")
        moved = {"email": other["email"], "current_password": one["password"]}
        trip("POST", "/api/email", moved, cookie)
        trip("POST", "/api/email", moved | {"current_password": "wrong horse battery"}, cookie)
        trip("POST", "/api/logout", cookie=cookie)
        trip("GET", "/api/user", cookie=cookie)
        trip("POST", "/api/login", {"email": one["email"], "password": "wrong horse battery"})
        trip("POST", "/api/login", {"email": one["email"], "password": one["password"], "remember": True})
        trip("POST", "/api/password/forgot", {"email": one["email"]})
        trip("POST", "/api/register", other | {"password": 7})
        trip("POST", "/api/register", b'{"password": "violet anchor meadow sugar"')
        trip("GET", "/api/nowhere")
        engines = connect(url)
        with engines.reader.connect() as connection:
            tokens = [
                facts["token"] for facts in connection.scalars(select(mails.c.facts)) if "token" in facts
            ]
        engines.dispose()
        until(lambda: all(a[3] in "\n".join(server.log) for a in asked), "the log is not written")
        lines = [json.loads(line) for line in server.log]
        written = "\n".join(server.log) + server.stdout.read_text()

    requests = [line for line in lines if line["message"] == "request" and line["path"] != "/health/live"]
    # Two workers write: their lines may change places.
    by_id = {line["request_id"]: line for line in requests}
    assert len(requests) == len(by_id) == len(asked)
    for method, path, status, request_id in asked:
        line = by_id[request_id]
        assert (line["method"], line["path"], line["status"]) == (method, path, status)
        assert line["ms"] >= 0
        assert {"at", "level", "logger", "user_id"} <= line.keys()
    assert len({line["user_id"] for line in requests} - {None}) == 1
    assert tokens
    assert [secret for secret in [*secrets, *tokens] if secret and secret in written] == []


@pytest.mark.alone
def test_a_login_with_an_unknown_address_takes_as_long_and_answers_the_same(sqlite_url):
    known = a_person()
    with running(sqlite_url, BCRYPT_ROUNDS="10") as server, closing(server.client()) as client:
        assert ask(client, "POST", "/api/register", known).status == 201
        seconds: dict[str, list[float]] = {"known": [], "unknown": [], "not an address": []}
        shown = set()
        for _ in range(20):
            for kind, taken in seconds.items():
                email = {"known": known["email"], "unknown": a_person()["email"]}.get(kind, "no address")
                began = time.perf_counter()
                answer = ask(
                    client, "POST", "/api/login", {"email": email, "password": "wrong horse battery"}
                )
                taken.append(time.perf_counter() - began)
                del answer.headers["X-Request-ID"], answer.headers["Date"]
                shown.add((answer.status, answer.body, str(answer.headers)))
    assert len(shown) == 1
    medians = [statistics.median(taken) for taken in seconds.values()]
    print("medians in ms:", {kind: round(m * 1000, 1) for kind, m in zip(seconds, medians, strict=True)})
    assert max(medians) / min(medians) < 1.3
