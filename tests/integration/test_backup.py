"""Backup and restore by command: SQLite under load, in the place of a database that a server uses."""

import os
import shutil
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import make_url

from adapters.sql.backup import back_up, restore
from domain.errors import Invalid, Unavailable
from tests.databases import migrated_database
from tests.integration.test_sqlite_file import killed, login, new_user, registered, run, wal_of
from tests.servers import Server, running


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    with migrated_database("sqlite", tmp_path) as url:
        yield url


@pytest.fixture
def file(url: str) -> Path:
    return Path(make_url(url).database or "")


def command(url: str, *arguments: str) -> str:
    done = run("entrypoints.cli", url, *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout


def refusal(url: str, *arguments: str) -> str:
    done = run("entrypoints.cli", url, *arguments)
    assert done.returncode not in {0, 1, 2}, done.stderr
    [line] = done.stderr.splitlines()
    return line


def emails_in(path: Path) -> set[str]:
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        [(users, owners)] = connection.execute(
            "SELECT (SELECT count(*) FROM users), (SELECT count(*) FROM memberships WHERE role = 'owner')"
        )
        assert users == owners  # a registration writes both
        return {email for (email,) in connection.execute("SELECT email FROM users")}


@contextmanager
def load(server: Server) -> Iterator[tuple[list[str], Counter[int]]]:
    """Registrations and reads until the block ends: the stored addresses, and how many had each status."""
    stored: list[str] = []
    statuses: Counter[int] = Counter()
    stop = threading.Event()

    def write() -> None:
        while not stop.is_set():
            user = new_user()
            status = server.ask("POST", "/api/register", user).status
            statuses[status] += 1
            if status == 201:
                stored.append(user["email"])

    def read() -> None:
        while not stop.is_set():
            statuses[server.ask("GET", "/api/user", cookie="session=unknown").status] += 1
            statuses[server.ask("GET", "/health/ready").status] += 1

    threads = [threading.Thread(target=work) for work in (write, write, write, read)]
    for thread in threads:
        thread.start()
    try:
        time.sleep(0.5)
        yield stored, statuses
        time.sleep(0.5)
    finally:
        stop.set()
        for thread in threads:
            thread.join(20)


def test_a_backup_under_load_has_all_that_was_committed_before(url, file):
    with running(url) as server, load(server) as (stored, statuses):
        for number in range(3):
            backup, before = file.with_name(f"backup{number}.db"), set(stored)
            command(url, "backup", str(backup))
            assert before <= emails_in(backup)
            assert len(stored) > len(before)  # writers went on
    assert set(statuses) == {200, 201, 401}
    assert sorted(path.name for path in file.parent.glob("backup*")) == [f"backup{n}.db" for n in range(3)]
    assert (file.parent / "backup0.db").stat().st_mode & 0o777 == 0o600


def test_a_backup_is_restored_while_the_server_runs(url, file):
    backup = file.with_name("backup.db")
    with running(url) as server:
        kept = registered(server)
        cookie = server.ask("POST", "/api/login", {k: kept[k] for k in ("email", "password")}).cookie
        with load(server):
            command(url, "backup", str(backup))
        had, lost = emails_in(backup), registered(server)
        with load(server) as (_, statuses):
            command(url, "restore", str(backup), "--yes")
            later = registered(server)

        assert set(statuses) == {200, 201, 401}  # no request failed
        assert had <= emails_in(file)
        assert [login(server, user) for user in (kept, lost, later)] == [200, 401, 200]
        assert [server.ask("GET", "/api/user", cookie=cookie).status for _ in range(8)] == [200] * 8
        assert [line for line in server.log if '"level":"error"' in line] == []
        server.kill()
    assert wal_of(file).stat().st_size
    with running(url) as server:  # the WAL of the killed server does not undo the restore
        assert [login(server, user) for user in (kept, lost, later)] == [200, 401, 200]
        server.end()
    assert not wal_of(file).exists()


def test_the_wal_of_a_killed_server_does_not_undo_a_restore(url, file):
    backup = file.with_name("backup.db")
    with running(url) as server:
        kept = registered(server)
        command(url, "backup", str(backup))
        server.kill()
    lost = killed(url, file)
    command(url, "restore", str(backup), "--yes")
    assert not wal_of(file).exists()
    with running(url) as server:
        assert [login(server, user) for user in (kept, lost)] == [200, 401]


def test_readers_see_all_of_a_restore_or_nothing(url, file):
    """The readers are processes of the test's own: each looks at two tables in one statement."""
    small, large = file.with_name("small.db"), file.with_name("large.db")
    back_up(url, small)
    with closing(sqlite3.connect(file)) as connection:
        for table in ("one", "two"):
            connection.execute(f"CREATE TABLE {table} (text)")
            connection.executemany(f"INSERT INTO {table} VALUES (?)", [("x" * 3000,)] * 3000)
        connection.commit()
    back_up(url, large)
    with closing(sqlite3.connect(small)) as connection:
        for table in ("one", "two"):
            connection.execute(f"CREATE TABLE {table} (text)")
        connection.commit()
    seen, stop = set(), threading.Event()

    def look() -> None:
        with closing(sqlite3.connect(file, timeout=10)) as connection:
            connection.execute("PRAGMA mmap_size = 1073741824")
            while not stop.is_set():
                [row] = connection.execute("SELECT (SELECT count(*) FROM one), (SELECT count(*) FROM two)")
                seen.add(row)

    with ExitStack() as stack:
        looking = threading.Thread(target=look)
        stack.callback(looking.join)
        stack.callback(stop.set)
        looking.start()
        for backup in (small, large, small, large):
            restore(url, backup)
            time.sleep(0.1)
    assert seen == {(0, 0), (3000, 3000)}


def test_a_backup_is_restored_where_no_database_is(url, file, tmp_path):
    with running(url) as server:
        kept = registered(server)
        command(url, "backup", str(file.with_name("backup.db")))
    other = f"sqlite:///{tmp_path / 'new.db'}"
    command(other, "restore", str(file.with_name("backup.db")), "--yes")
    with running(other) as server:
        assert login(server, kept) == 200


@pytest.mark.parametrize("tool", ["copy after a clean stop", "sqlite3's own backup"])
def test_a_copy_by_other_means_is_restored_and_nothing_is_left_beside_it(url, file, tmp_path, tool):
    folder = tmp_path / "backups"
    folder.mkdir()
    copy = folder / "copy.db"
    if tool.startswith("copy"):
        shutil.copyfile(file, copy)
    else:
        with closing(sqlite3.connect(file)) as source, closing(sqlite3.connect(copy)) as target:
            source.backup(target)
    restore(url, copy)
    assert [path.name for path in folder.iterdir()] == ["copy.db"]


def test_without_a_yes_nothing_is_restored(url, file):
    back_up(url, file.with_name("backup.db"))
    before = file.read_bytes()
    assert run("entrypoints.cli", url, "restore", str(file.with_name("backup.db"))).returncode != 0
    assert file.read_bytes() == before


def test_a_backup_never_overwrites_a_file(url, file):
    backup = file.with_name("backup.db")
    backup.write_text("precious")
    assert "exists" in refusal(url, "backup", str(backup))
    assert backup.read_text() == "precious"
    assert "No such file" in refusal(url, "backup", str(file.parent / "no" / "backup.db"))


def test_a_damaged_database_leaves_no_backup(url, file):
    damage(file)
    with pytest.raises(Unavailable) as refused:
        back_up(url, file.with_name("backup.db"))
    assert "damaged" in refused.value.reason
    assert sorted(path.name for path in file.parent.iterdir()) == [file.name]


def damage(path: Path) -> None:
    """Overwrite the last pages, which are indexes of tables."""
    with path.open("r+b") as content:
        content.seek(-3 * 4096, os.SEEK_END)
        content.write(b"x" * 3 * 4096)


def no_database(backup: Path) -> None:
    backup.write_text("not a database" * 1000)


def another_database(backup: Path) -> None:
    with closing(sqlite3.connect(backup)) as connection:
        connection.execute("CREATE TABLE users (id)")


def another_revision(backup: Path) -> None:
    with closing(sqlite3.connect(backup)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '0001'")
        connection.commit()


def an_orphan(backup: Path) -> None:
    with closing(sqlite3.connect(backup)) as connection:
        connection.execute("CREATE TABLE notes (user_id REFERENCES users (id))")
        connection.execute("INSERT INTO notes VALUES (x'00')")
        connection.commit()


def in_use(backup: Path) -> None:
    Path(f"{backup}-wal").write_bytes(b"x")


REFUSED = [
    (Path.unlink, "unable to open"),
    (no_database, "not a database"),
    (damage, "is damaged"),
    (an_orphan, "a row of notes belongs to no row of users"),
    (another_revision, "revision 0001"),
    (in_use, "-wal is beside it"),
]


@pytest.mark.parametrize(("spoil", "reason"), REFUSED, ids=[reason for _, reason in REFUSED])
def test_a_file_that_is_no_backup_of_this_site_is_refused_in_one_line(url, file, spoil, reason):
    backup = file.with_name("backup.db")
    back_up(url, backup)
    spoil(backup)
    before = file.read_bytes()
    assert reason in refusal(url, "restore", str(backup), "--yes")
    assert file.read_bytes() == before


def test_another_database_is_refused(url, file, tmp_path):
    another_database(tmp_path / "other.db")
    with pytest.raises(Invalid) as refused:
        restore(url, tmp_path / "other.db")
    assert "no such table: alembic_version" in refused.value.fields["FILE"][0]


def test_the_database_itself_is_no_backup(url, file):
    assert "itself" in refusal(url, "restore", str(file), "--yes")


def test_a_restore_waits_for_a_unit_of_work_and_then_gives_up(url, file, monkeypatch):
    backup = file.with_name("backup.db")
    back_up(url, backup)
    monkeypatch.setattr("adapters.sql.backup.LOCK_SECONDS", 1)
    with closing(sqlite3.connect(file, isolation_level=None, check_same_thread=False)) as other:
        other.execute("BEGIN IMMEDIATE")
        release = threading.Timer(0.3, lambda: other.execute("ROLLBACK"))
        release.start()
        restore(url, backup)
        release.join()
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Unavailable) as refused:
            restore(url, backup)
    assert "lock" in refused.value.reason


def test_a_database_that_is_damaged_is_moved_away_first(url, file):
    backup = file.with_name("backup.db")
    back_up(url, backup)
    no_database(file)
    assert "move" in refusal(url, "restore", str(backup), "--yes")
    file.unlink()
    restore(url, backup)
    assert emails_in(file) == set()


@pytest.mark.parametrize(
    ("url", "tool"),
    [("postgresql://ada@127.0.0.1/db", "pg_dump"), ("mysql://ada@127.0.0.1/db", "mariadb-dump")],
)
@pytest.mark.parametrize("act", [back_up, restore])
def test_other_databases_have_their_own_tools(tmp_path, url, tool, act):
    with pytest.raises(Invalid) as refused:
        act(url, tmp_path / "backup.db")
    assert tool in refused.value.fields["DATABASE_URL"][0]
    assert list(tmp_path.iterdir()) == []


def test_a_backup_from_before_a_migration_is_refused_until_it_is_migrated(url, file, tmp_path):
    with migrated_database("sqlite", tmp_path) as other:
        old = file.with_name("old.db")
        back_up(other, old)
    run("alembic", f"sqlite:///{old}", "downgrade", "hexstart@-1")
    line = refusal(url, "restore", str(old), "--yes")
    assert "make migrate" in line
    assert run("alembic", f"sqlite:///{old}", "upgrade", "heads").returncode == 0
    command(url, "restore", str(old), "--yes")
