"""Backup and restore of a SQLite file that other processes use, by SQLite's online backup API."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from adapters.sql.urls import parsed
from domain.errors import Invalid, Unavailable

TREE = Path(__file__).parents[2]
# A restore waits so long for the unit of work that holds the lock.
LOCK_SECONDS = 10
OTHER_TOOLS = {
    "postgresql": "pg_dump -Fc and pg_restore",
    "mysql": "mariadb-dump --single-transaction and mariadb",
}


def back_up(database_url: str, target: Path) -> None:
    """Write all that is committed now to the new file `target`. Raise Invalid or Unavailable.

    Other processes read and write meanwhile.
    """
    file = _file_of(database_url)
    try:
        os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))  # it holds password hashes
    except OSError as error:
        raise Invalid("FILE", f"{target} cannot be written: {error.strerror}.") from None
    try:
        with _opened(file, "mode=rw") as source, _opened(target, "mode=rw") as copy:
            _copy(source, copy)
            # One file is complete without a WAL, in a folder that cannot be written, too.
            copy.execute("PRAGMA journal_mode = DELETE")
            if reason := _damage(copy):
                raise Unavailable(60, reason=f"{file.name} is damaged: {reason}")
    except BaseException as error:
        with suppress(OSError):
            target.unlink()
        if isinstance(error, sqlite3.Error):
            raise Unavailable(60, reason=f"{file.name}: {error}") from None
        raise


def restore(database_url: str, backup: Path) -> None:
    """Replace the content of the database by the backup's. Raise Invalid or Unavailable.

    It is one transaction. Processes that use the database see all of it, or nothing while it is not complete.
    """
    file = _file_of(database_url)
    for suffix in ("-wal", "-journal"):  # would be ignored: they can have the newest changes
        if Path(f"{backup}{suffix}").exists():
            raise Invalid("FILE", f"{backup}{suffix} is beside it, so it is no finished backup.")
    if backup.exists() and file.exists() and backup.samefile(file):
        raise Invalid("FILE", f"{backup} is the database itself.")
    try:
        # Immutable: a read-only connection would leave files beside a backup that has a WAL.
        with _opened(backup, "mode=ro&immutable=1") as source:
            _check(backup, source)
            try:
                with _opened(file, "mode=rwc", LOCK_SECONDS) as live:
                    _copy(source, live)
            except sqlite3.Error as error:
                raise Unavailable(60, reason=_told(error, file)) from None
    except sqlite3.Error as error:
        raise Invalid("FILE", f"{backup} is no database of this site: {error}.") from None


def _file_of(database_url: str) -> Path:
    url, _ = parsed(database_url)
    kind = url.get_backend_name()
    if kind != "sqlite":
        raise Invalid("DATABASE_URL", f"This command is for SQLite. Use {OTHER_TOOLS[kind]}.")
    return Path(url.database or "").absolute()


@contextmanager
def _opened(file: Path, how: str, lock_seconds: float = 0) -> Iterator[sqlite3.Connection]:
    uri = f"{file.absolute().as_uri()}?{how}"
    with closing(sqlite3.connect(uri, timeout=lock_seconds, uri=True, isolation_level=None)) as connection:
        yield connection


def _copy(source: sqlite3.Connection, target: sqlite3.Connection) -> None:
    """Copy in one step: SQLite begins again when another process writes between two steps."""

    def fail_when_locked(status: int, remaining: int, total: int) -> None:
        if status in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:  # else Python tries for ever
            raise Unavailable(5, reason="another process holds the lock of the database")

    source.backup(target, progress=fail_when_locked)


def _check(file: Path, connection: sqlite3.Connection) -> None:
    """Raise Invalid, or sqlite3.Error for a file that is no database of Alembic."""
    if reason := _damage(connection):
        raise Invalid("FILE", f"{file} is damaged: {reason}.")
    found = {name for (name,) in connection.execute("SELECT version_num FROM alembic_version")}
    wanted = _revisions()
    if found != wanted:
        raise Invalid(
            "FILE",
            f"{file} has the revision {' '.join(sorted(found)) or 'none'}, and this code has "
            f"{' '.join(sorted(wanted))}. Migrate the backup first: DATABASE_URL=sqlite:///{file.absolute()} "
            "make migrate.",
        )


def _revisions() -> set[str]:
    from alembic.config import Config  # the import is slow
    from alembic.script import ScriptDirectory

    scripts = ScriptDirectory.from_config(Config(toml_file=str(TREE / "pyproject.toml")))
    return set(scripts.as_revision_number("heads") or ())


def _damage(connection: sqlite3.Connection) -> str:
    """The first damage. Empty for a sound database."""
    found = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
    if found != "ok":
        return " ".join(str(found).split())
    orphan = connection.execute("PRAGMA foreign_key_check").fetchone()
    return f"a row of {orphan[0]} belongs to no row of {orphan[2]}" if orphan else ""


def _told(error: sqlite3.Error, file: Path) -> str:
    told = f"{file.name}: {error}"
    if error.sqlite_errorcode & 0xFF in {sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT}:
        told += f". Stop the server, move {file.name}, its -wal and its -shm away, then try again"
    return told
