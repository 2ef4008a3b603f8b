"""Mail from real processes to a real mail server."""

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import select

from adapters.sql.mails import mails
from adapters.sql.unit_of_work import SqlUnitOfWork
from tests.integration.test_smtp import Inbox, scripted, serving
from tests.samples import GOOD_PASSWORD, a_mail
from tests.servers import ROOT, environment, free_port, running

ON_ONE_DATABASE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
CLI = [sys.executable, "-m", "entrypoints.cli"]
PATIENCE = 60  # Seconds. A busy machine may need them; they are no promise.


class SlowInbox(Inbox):
    """Waits `seconds` before it accepts a mail. `begun` counts the offered mails."""

    def __init__(self, seconds):
        super().__init__()
        self.seconds, self.begun = seconds, 0

    async def handle_DATA(self, server, session, envelope):
        self.begun += 1
        await asyncio.sleep(self.seconds)
        return await super().handle_DATA(server, session, envelope)


def until(fact):
    """Wait until `fact()` is true. Return its last value."""
    deadline = time.monotonic() + PATIENCE
    while not (found := fact()) and time.monotonic() < deadline:
        time.sleep(0.05)
    return found


def a_person():
    name = "u" + uuid4().hex[:16]
    return {"username": name, "email": f"{name}@example.org", "password": GOOD_PASSWORD}


def register(server, count=1):
    """Register `count` new users. Return their addresses."""
    people = [a_person() for _ in range(count)]
    for person in people:
        assert server.ask("POST", "/api/register", person).status == 201
    return [person["email"] for person in people]


def rows(engines):
    with engines.reader.connect() as connection:
        return connection.execute(select(mails)).all()


def undelivered(engines):
    return [row for row in rows(engines) if row.delivered_at is None]


def make_due(engines):
    """End the pause and the lease of each undelivered mail."""
    with engines.writer.begin() as connection:
        connection.execute(
            mails.update()
            .where(mails.c.delivered_at.is_(None))
            .values(next_try_at=datetime.now(UTC) - timedelta(seconds=1))
        )


def queue(engines, count):
    now = datetime.now(UTC)
    mails = [
        a_mail(recipient=f"mail{number}@example.org", created_at=now, next_try_at=now)
        for number in range(count)
    ]
    with SqlUnitOfWork(engines) as work:
        for mail in mails:
            work.mails.add(mail)
        work.commit()
    return [mail.recipient for mail in mails]


def assert_each_arrives_once(inbox, recipients):
    """Each recipient gets a mail, and no second one in the next 1.5 seconds."""
    assert until(lambda: set(recipients) <= set(inbox.recipients)), set(recipients) - set(inbox.recipients)
    time.sleep(1.5)
    assert Counter(inbox.recipients) == Counter(recipients)


@contextmanager
def delivering(database_url, mail_url, folder):
    """A process that only delivers mail. The block begins when it has started."""
    log = Path(folder, f"deliver-{uuid4().hex}.log")
    with log.open("wb") as stderr:
        process = subprocess.Popen(
            [*CLI, "mails", "deliver", "--forever"],
            cwd=ROOT,
            env=environment(database_url, free_port(), MAIL_URL=mail_url),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=stderr,
            start_new_session=True,
        )
    try:
        assert until(lambda: "purged" in log.read_text()), log.read_text()  # the process purges first
        yield process
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        process.wait(10)


def test_the_mail_of_a_registration_arrives_once_and_its_link_works(database_url, engines):
    inbox = Inbox()
    with serving(inbox) as port, running(database_url, MAIL_URL=f"smtp://127.0.0.1:{port}") as server:
        emails = register(server, 5)
        assert until(lambda: len(inbox.messages) == 5)
        assert_each_arrives_once(inbox, emails)

        [message] = [message for message in inbox.messages if message["To"] == emails[0]]
        text = message.get_body(["plain"]).get_content()
        found = re.search(rf"{server.url}/verify-email#(\S+)", text)
        assert server.ask("POST", "/api/email/verify", {"token": found.group(1)}).status == 200
        assert undelivered(engines) == []
        log = "\n".join(server.log)
        assert found.group(1) not in log and emails[0] not in log


@pytest.mark.alone
def test_a_mail_server_that_hangs_delays_no_answer_and_loses_no_mail(database_url, engines):
    inbox, port = Inbox(), free_port()
    with running(database_url, MAIL_URL=f"smtp://127.0.0.1:{port}") as server:
        with scripted(..., port=port):
            register(server)
            time.sleep(1.5)  # now the delivery hangs
            slowest = 0.0
            emails = [row.recipient for row in rows(engines)]
            for path in ("/api/register", "/api/password/forgot", "/api/password/forgot"):
                began = time.monotonic()
                if path == "/api/register":
                    emails += register(server)
                else:
                    assert server.ask("POST", path, {"email": emails[0]}).status == 202
                slowest = max(slowest, time.monotonic() - began)
            assert slowest < 2
            assert server.ask("GET", "/health/ready").json["data"]["mail"]["waiting"] == 4
            assert inbox.envelopes == []
        # The mail server has hung up. The current mail has failed and waits for its next try.
        assert until(lambda: any(row.attempts for row in undelivered(engines)))
        with serving(inbox, port):
            until(lambda: all(row.attempts or not row.delivered_at for row in rows(engines)))
            time.sleep(1)
            make_due(engines)
            sent = emails + [emails[0]] * 2
            assert_each_arrives_once(inbox, sent)
        assert undelivered(engines) == []


@ON_ONE_DATABASE
def test_a_mail_server_that_refuses_delays_no_answer_and_loses_no_mail(database_url, engines):
    inbox, port = Inbox(), free_port()
    with running(database_url, MAIL_URL=f"smtp://127.0.0.1:{port}") as server:
        emails = register(server, 3)
        assert until(lambda: sum(row.attempts for row in undelivered(engines)) == 3)
        assert {row.last_error for row in undelivered(engines)} == {
            "the mail server was not reached (ConnectionRefusedError)"
        }
        with serving(inbox, port):
            make_due(engines)
            assert_each_arrives_once(inbox, emails)


def test_acknowledged_mail_arrives_after_kill_9_and_a_restart(database_url, engines):
    inbox, port = Inbox(), free_port()
    emails = []
    for _ in range(2):
        with running(database_url, MAIL_URL=f"smtp://127.0.0.1:{port}") as server:
            emails += register(server, 4)
            server.kill()
    assert len(undelivered(engines)) == 8

    with serving(inbox, port), running(database_url, MAIL_URL=f"smtp://127.0.0.1:{port}"):
        make_due(engines)
        assert_each_arrives_once(inbox, emails)


def test_the_mail_of_a_killed_process_is_sent_by_another_process(database_url, engines, tmp_path):
    inbox = SlowInbox(5)
    with serving(inbox) as port:
        url = f"smtp://127.0.0.1:{port}"
        with delivering(database_url, url, tmp_path) as process:
            queue(engines, 1)
            assert until(lambda: inbox.begun)
            process.kill()
        [row] = undelivered(engines)
        assert row.next_try_at > datetime.now(UTC) + timedelta(minutes=8)  # the lease is not over
        inbox.seconds = 0
        with delivering(database_url, url, tmp_path):
            make_due(engines)
            assert until(lambda: not undelivered(engines))


def test_two_deliveries_at_once_send_each_mail_once(database_url, engines, tmp_path):
    inbox = SlowInbox(0.05)
    with serving(inbox) as port, ExitStack() as stack:
        url = f"smtp://127.0.0.1:{port}"
        processes = [stack.enter_context(delivering(database_url, url, tmp_path)) for _ in range(2)]
        assert_each_arrives_once(inbox, queue(engines, 60))
        assert undelivered(engines) == []
        for process in processes:
            process.send_signal(signal.SIGTERM)
        assert [process.wait(PATIENCE) for process in processes] == [0, 0]


@ON_ONE_DATABASE
@pytest.mark.alone
def test_sigterm_ends_the_delivery_after_the_current_mail_and_loses_none(database_url, engines, tmp_path):
    inbox = SlowInbox(1)
    with serving(inbox) as port:
        url = f"smtp://127.0.0.1:{port}"
        with delivering(database_url, url, tmp_path) as process:
            recipients = queue(engines, 10)
            assert until(lambda: inbox.begun)
            process.send_signal(signal.SIGTERM)
            began = time.monotonic()
            assert process.wait(PATIENCE) == 0
            taken = time.monotonic() - began
        done = len(rows(engines)) - len(undelivered(engines))
        assert len(inbox.envelopes) == done >= 1
        assert taken < 3, f"{taken:.1f} s, {done} mails"

        inbox.seconds = 0
        with delivering(database_url, url, tmp_path):
            # Before the lease ends: a process that stops gives its mails back.
            assert_each_arrives_once(inbox, recipients)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@ON_ONE_DATABASE
def test_an_idle_delivery_ends_at_once(database_url, engines, tmp_path, number):
    with delivering(database_url, "smtp://127.0.0.1:1", tmp_path) as process:
        process.send_signal(number)
        assert process.wait(3) == 0


def delivering_worker(server):
    """The worker that delivers. It holds the lock on a file that all workers share."""
    threads = Path(f"/proc/{server.process.pid}/task").glob("*/children")
    workers = {child for children in threads for child in children.read_text().split()}
    locked = re.findall(r"POSIX\s+ADVISORY\s+WRITE\s+(\d+) \S+ 0 EOF", Path("/proc/locks").read_text())
    return next((int(pid) for pid in locked if pid in workers), None)


@ON_ONE_DATABASE
def test_another_worker_takes_over_when_the_worker_that_delivers_is_killed(database_url, engines):
    """One kill only: the server gives up when a worker dies twice in a few seconds."""
    inbox = Inbox()
    with serving(inbox) as port, running(database_url, MAIL_URL=f"smtp://127.0.0.1:{port}") as server:
        emails = register(server)
        assert_each_arrives_once(inbox, emails)
        first = until(lambda: delivering_worker(server))
        os.kill(first, signal.SIGKILL)
        assert until(lambda: delivering_worker(server) not in {None, first}), "no process took over"
        emails += register(server, 3)
        assert until(lambda: len(inbox.recipients) == 4)
        assert_each_arrives_once(inbox, emails)


@ON_ONE_DATABASE
def test_one_of_four_workers_delivers(database_url, engines):
    inbox = SlowInbox(0.02)
    with (
        serving(inbox) as port,
        running(database_url, MAIL_URL=f"smtp://127.0.0.1:{port}", WORKERS="4") as server,
    ):
        assert_each_arrives_once(inbox, queue(engines, 30))
        assert server.ask("GET", "/health/ready").json["data"]["mail"] == {"waiting": 0, "parked": 0}


@ON_ONE_DATABASE
@pytest.mark.alone
def test_the_server_stops_in_time_while_mail_waits(database_url, engines):
    """The mail server is slow. The current mail is finished, the others stay for later."""
    inbox = SlowInbox(0.3)
    with serving(inbox) as port:
        with running(database_url, MAIL_URL=f"smtp://127.0.0.1:{port}") as server:
            queue(engines, 40)
            assert until(lambda: inbox.begun >= 2)
            began = time.monotonic()
            server.process.terminate()
            assert server.process.wait(PATIENCE) == 0
            assert time.monotonic() - began < 5
        assert Counter(inbox.recipients).most_common(1)[0][1] == 1
        assert len(inbox.recipients) == len(rows(engines)) - len(undelivered(engines))


@ON_ONE_DATABASE
def test_failed_mail_is_counted_and_listed_without_its_token(database_url, engines):
    def command(*arguments):
        env = environment(database_url, free_port(), MAIL_URL=f"smtp://127.0.0.1:{free_port()}")
        done = subprocess.run(
            [*CLI, *arguments], cwd=ROOT, env=env, capture_output=True, text=True, timeout=30
        )
        assert (done.returncode, "t0k3n" in done.stdout + done.stderr) == (0, False), done.stderr
        return done.stdout

    now = datetime.now(UTC)
    with SqlUnitOfWork(engines) as work:
        work.mails.add(a_mail(recipient="old@example.org", created_at=now - timedelta(days=1)))
        work.mails.add(a_mail(recipient="new@example.org", created_at=now))
        work.commit()

    assert command("mails", "deliver") == "Tried: 2. Waiting: 1. Failed: 1.\n"

    table = command("mails", "list").splitlines()
    assert len(table) == 2 and "failed" in "".join(table)
    listed = {mail["recipient"]: mail for mail in json.loads(command("mails", "list", "--json"))["data"]}
    assert listed["old@example.org"]["parked_at"] and not listed["new@example.org"]["parked_at"]
    assert listed["new@example.org"]["last_error"] == (
        "the mail server was not reached (ConnectionRefusedError)"
    )
    with running(database_url, MAIL_URL="smtp://127.0.0.1:1") as server:
        assert server.ask("GET", "/health/ready").json == {
            "data": {"status": "ready", "mail": {"waiting": 1, "parked": 1}}
        }
    words = ("sessions", "links", "mails", "invitations", "tokens", "logins", "limits")
    assert command("purge").splitlines() == [f"{word}: 0" for word in words]
