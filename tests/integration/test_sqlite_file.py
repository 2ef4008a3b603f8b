"""SQLite in production: a backup that holds the lock, the WAL at the end, and a restored backup."""

import os
import shutil
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import make_url

from tests.databases import migrated_database
from tests.integration.test_start import refused_start
from tests.samples import GOOD_PASSWORD
from tests.servers import ROOT, Answer, Server, environment, free_port, running

# Fewer pages than this wait in the WAL: SQLite moves them into the file by itself.
AUTOMATIC = 1000


def new_user() -> dict[str, str]:
    name = "u" + uuid4().hex[:16]
    return {"username": name, "email": f"{name}@example.org", "password": GOOD_PASSWORD}


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    with migrated_database("sqlite", tmp_path) as url:
        yield url


@pytest.fixture
def file(url: str) -> Path:
    return Path(make_url(url).database or "")


def wal_of(file: Path) -> Path:
    return Path(f"{file}-wal")


def registered(server: Server) -> dict[str, str]:
    user = new_user()
    assert server.ask("POST", "/api/register", user).status == 201
    return user


def login(server: Server, user: dict[str, str]) -> int:
    return server.ask("POST", "/api/login", {"email": user["email"], "password": user["password"]}).status


def timed(request: Callable[[], Answer]) -> tuple[int, float]:
    began = time.monotonic()
    return request().status, time.monotonic() - began


@pytest.mark.alone
def test_a_lock_held_for_two_seconds_refuses_no_write_and_delays_no_read(url, file):
    with running(url, LIMITS="on") as server:
        user = new_user()
        cookie = server.ask("POST", "/api/register", user).cookie
        credentials = {"email": user["email"], "password": user["password"]}

        def write(number: int) -> Answer:
            if number % 3 == 0:
                return server.ask("PATCH", "/api/user", {"username": f"u{uuid4().hex[:12]}"}, cookie)
            if number % 3 == 1:
                return server.ask("POST", "/api/login", credentials)
            return server.ask("POST", "/api/register", new_user())

        with closing(sqlite3.connect(file, isolation_level=None, check_same_thread=False)) as other:
            # The session is due to be prolonged, which is a write within a read.
            other.execute("UPDATE sessions SET last_seen_at = datetime('now', '-5 minutes')")
            other.execute("BEGIN EXCLUSIVE")
            release = threading.Timer(2, lambda: other.execute("ROLLBACK"))
            release.start()
            with ThreadPoolExecutor(60) as crowd:
                # Each of these writes counts its attempt first, and waits on a connection for reading.
                writes = [crowd.submit(timed, lambda n=n: write(n)) for n in range(24)]
                time.sleep(0.2)
                reads = [
                    crowd.submit(timed, lambda path=path: server.ask("GET", path, cookie=cookie))
                    for path in ["/api/user", "/api/teams", "/settings"] * 8
                ]
                read, written = [one.result(20) for one in reads], [one.result(20) for one in writes]
            release.join()
    print("reads", max(seconds for _, seconds in read), "writes", max(seconds for _, seconds in written))
    assert {status for status, _ in read} == {200}
    assert max(seconds for _, seconds in read) < 1.5
    assert {status for status, _ in written} <= {200, 201, 409}  # 409: one of many renames won
    assert 200 in {status for status, _ in written}
    assert max(seconds for _, seconds in written) < 5


def test_a_clean_stop_leaves_no_wal(url, file):
    with running(url) as server:
        registered(server)
        assert wal_of(file).stat().st_size
        server.end()
    assert sorted(path.name for path in file.parent.iterdir()) == [file.name]


def test_a_command_leaves_no_wal(url, file):
    done = run("entrypoints.cli", url, "users", "list")
    assert done.returncode == 0, done.stderr
    assert not wal_of(file).exists()


def run(module: str, url: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=ROOT,
        env=environment(url, free_port()),
        capture_output=True,
        text=True,
        timeout=60,
    )


def grow(server: Server, file: Path) -> None:
    """Write until SQLite moves the WAL into the file and restarts the WAL."""
    with closing(sqlite3.connect(file, timeout=10)) as other:
        for _ in range(4):
            for _ in range(AUTOMATIC // 10):
                other.execute(
                    "INSERT INTO events (id, tag, ip, user_agent, detail, created_at, operator) "
                    "SELECT randomblob(16), tag, ip, user_agent, hex(randomblob(100)), created_at, operator "
                    "FROM events LIMIT 5"
                )
            other.commit()
            registered(server)


def killed(url: str, file: Path, more: Callable[[Server], None] = lambda server: None) -> dict[str, str]:
    """Kill a server after a registration that is only in the WAL. Return its user."""
    with running(url) as server:
        registered(server)
        more(server)
        last = registered(server)
        server.kill()
    assert wal_of(file).stat().st_size > 0
    return last


@pytest.mark.parametrize("grown", [False, True], ids=["never in the file", "partly in the file"])
def test_after_kill_9_the_server_starts_and_loses_nothing(url, file, grown):
    last = killed(url, file, (lambda server: grow(server, file)) if grown else lambda server: None)
    with running(url) as server:
        assert login(server, last) == 200


def test_after_kill_9_during_a_checkpoint_the_server_starts(url, file):
    """The file is newer than its WAL."""
    last = killed(url, file)
    code = (
        "import os, sqlite3, sys, time; connection = sqlite3.connect(sys.argv[1]); time.sleep(0.05); "
        "connection.execute('PRAGMA wal_checkpoint(PASSIVE)').fetchall(); os._exit(0)"
    )
    subprocess.run([sys.executable, "-c", code, str(file)], check=True, timeout=30)
    assert file.stat().st_mtime_ns > wal_of(file).stat().st_mtime_ns
    with running(url) as server:
        assert login(server, last) == 200


def by_copy(file: Path, backup: Path) -> None:
    """A copy of the file alone, while no server runs."""
    shutil.copyfile(file, backup)


def by_backup(file: Path, backup: Path) -> None:
    with closing(sqlite3.connect(file)) as source, closing(sqlite3.connect(backup)) as target:
        source.backup(target)


def by_vacuum(file: Path, backup: Path) -> None:
    with closing(sqlite3.connect(file)) as source:
        source.execute("VACUUM INTO ?", (str(backup),))


@pytest.mark.parametrize("keep_time", [False, True], ids=["new time", "time of the backup"])
@pytest.mark.parametrize("make", [by_copy, by_backup, by_vacuum])
def test_a_backup_beside_the_wal_of_another_file_is_refused_in_one_line(url, file, make, keep_time):
    backup = file.with_suffix(".backup")
    with running(url) as server:
        restored = registered(server)
        server.end()
    make(file, backup)
    killed(url, file, lambda server: grow(server, file))
    (shutil.copy2 if keep_time else shutil.copyfile)(backup, file)
    before = file.read_bytes(), wal_of(file).read_bytes()

    code, lines = refused_start(environment(url, free_port()))
    assert code not in {0, None}
    [line] = lines
    assert "DATABASE_URL" in line and wal_of(file).name in line and "restore" in line
    for done in (run("alembic", url, "upgrade", "heads"), run("entrypoints.cli", url, "users", "list")):
        assert done.returncode != 0
        [line] = done.stderr.splitlines()
        assert wal_of(file).name in line and "restore" in line
    assert (file.read_bytes(), wal_of(file).read_bytes()) == before

    for name in ("wal", "shm"):
        Path(f"{file}-{name}").unlink()
    with running(url) as server:
        assert login(server, restored) == 200


def test_a_backup_made_while_the_server_ran_is_refused_beside_its_wal(url, file):
    """The backup has some pages of the WAL."""
    backup = file.with_suffix(".backup")

    def back_up_in_between(server: Server) -> None:
        by_backup(file, backup)
        grow(server, file)

    killed(url, file, back_up_in_between)
    shutil.copyfile(backup, file)
    code, [line] = refused_start(environment(url, free_port()))
    assert code not in {0, None}
    assert "restore" in line


def test_a_copy_of_all_files_starts(url, file, tmp_path):
    last = killed(url, file)
    folder = tmp_path / "copy"
    folder.mkdir()
    for name in ("", "-wal", "-shm"):
        shutil.copyfile(f"{file}{name}", folder / f"{file.name}{name}")
    with running(f"sqlite:///{folder / file.name}") as server:
        assert login(server, last) == 200


def test_a_command_beside_a_running_server_is_not_refused(url, file):
    with running(url) as server:
        grow(server, file)
        os.utime(file)  # as after a checkpoint
        done = run("entrypoints.cli", url, "users", "list")
        assert done.returncode == 0, done.stderr
        registered(server)
