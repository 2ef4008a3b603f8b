"""Connections to the database: an engine for reading, an engine for writing, and their time limits."""

import os
import sqlite3
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, ExceptionContext, create_engine, event, pool
from sqlalchemy.exc import DBAPIError, OperationalError

from adapters.sql.failures import is_read_only
from adapters.sql.prebuilt import Cursors
from adapters.sql.urls import parsed

# Together these limits keep a promise: a database that does not answer is a 503 within five seconds.
CONNECT_SECONDS = 2
POOL_SECONDS = 1
LOCK_SECONDS = 2
SQLITE_LOCK_SECONDS = 4  # the whole file has one lock, and a backup may hold it for seconds
STATEMENT_SECONDS = 3
# When the server is silent for this time, the connection is closed.
SILENCE_SECONDS = 3.5

# Time limits that PostgreSQL applies, in milliseconds.
TIMEOUTS = {
    "statement_timeout": STATEMENT_SECONDS * 1000,
    "lock_timeout": LOCK_SECONDS * 1000,
    "idle_in_transaction_session_timeout": 10_000,
}
NOT_UTF8 = "the database must be in UTF8 (CREATE DATABASE ... ENCODING 'UTF8' TEMPLATE template0)"

# This much of a SQLite file is mapped into memory. With a million users, a request takes 4 % longer than
# with a thousand. Without the mapping it takes 18 % longer: SQLite's own cache is smaller than the file.
MAPPED_BYTES = 1 << 30

# Connections of a worker process. PostgreSQL allows 100 by default, enough for six workers. SQLite has no
# limit (`max_overflow`): a unit of work that waits for the lock must not block others.
READERS, WRITERS = 10, 6


@dataclass(frozen=True, slots=True)
class Engines:
    """`reader` runs in AUTOCOMMIT: a query takes one round trip, without BEGIN and ROLLBACK.

    Each engine has its own pool: on MySQL it takes two round trips to change the mode of a connection, and
    only the writer needs SQLite's BEGIN IMMEDIATE.
    """

    reader: Engine
    writer: Engine
    cursors: Cursors  # of the reader

    def used(self) -> dict[str, int]:
        """The connections in use, by pool. An idle cursor is not in use."""
        pools: dict[str, Any] = {"reader": self.reader.pool, "writer": self.writer.pool}
        idle = {"reader": len(self.cursors.idle), "writer": 0}
        return {name: max(0, found.checkedout() - idle[name]) for name, found in pools.items()}

    def dispose(self) -> None:
        self.cursors.close()
        self.reader.dispose()
        self.writer.dispose()


def connect(database_url: str) -> Engines:
    url, given = parsed(database_url)
    kind, pooled = url.get_backend_name(), "prepare_threshold" in given
    shared: dict[str, Any] = {
        "max_overflow": -1 if kind == "sqlite" else 0,
        "pool_timeout": POOL_SECONDS,
        "connect_args": connect_args(kind, pooled) | given,
        "hide_parameters": True,  # the log of an unexpected error must not show hashes and addresses
    }
    reader = create_engine(
        url,
        pool_size=READERS,
        # A rollback would take a round trip, and AUTOCOMMIT leaves nothing to roll back.
        pool_reset_on_return=None,
        skip_autocommit_rollback=True,
        isolation_level="AUTOCOMMIT",
        **shared,
    )
    if kind != "sqlite":
        # PostgreSQL's default. MySQL's default, REPEATABLE READ, shows old rows to a transaction.
        shared["isolation_level"] = "READ COMMITTED"
    writer = create_engine(url, pool_size=WRITERS, **shared)
    for engine in (reader, writer):
        event.listen(engine, "handle_error", _drop_read_only)
        if kind == "sqlite":
            event.listen(engine, "connect", _prepare_sqlite)
        if kind == "mysql":
            event.listen(engine, "connect", _prepare_mysql)
    if kind == "sqlite":
        event.listen(writer, "begin", _begin_immediate)
    if kind == "postgresql":
        from adapters.sql import postgresql  # imports psycopg

        for engine in (reader, writer):
            event.listen(engine, "do_connect", postgresql.connect_with_timeout)
        if pooled:
            # For reads SILENCE_SECONDS is enough: each read is a transaction of its own.
            event.listen(writer, "do_execute", postgresql.limit_transaction)
            event.listen(writer, "do_executemany", postgresql.limit_transaction)
    return Engines(reader, writer, Cursors(reader))


def migrating(database_url: str) -> Engine:
    """An engine without time limits: a migration of a large table takes long."""
    url, given = parsed(database_url)
    engine = create_engine(url, poolclass=pool.NullPool, connect_args=given)
    if url.get_backend_name() == "postgresql":
        from adapters.sql import postgresql

        event.listen(engine, "do_connect", postgresql.connect_untimed)
    return engine


def unusable(engines: Engines) -> str | None:
    """Why this database can never serve. None for one that can, and for one that does not answer."""
    url = engines.reader.url
    if url.get_backend_name() == "sqlite" and not os.path.isdir(os.path.dirname(url.database or "") or "."):
        return "the folder of the SQLite file is not there: `make migrate` makes it"
    if url.get_backend_name() != "postgresql":
        return None
    try:
        engines.reader.connect().close()
    except DBAPIError as error:
        return NOT_UTF8 if NOT_UTF8 in str(error.orig) else None
    finally:
        engines.dispose()  # the server forks next, and connections must not be shared by processes
    return None


def connect_args(kind: str, pooled: bool) -> dict[str, Any]:
    match kind:
        case "postgresql":
            limits = {"options": " ".join(f"-c {name}={value}" for name, value in TIMEOUTS.items())}
            return ({} if pooled else limits) | {
                "connect_timeout": CONNECT_SECONDS,
                # For a server that has disappeared from the network.
                "tcp_user_timeout": int(SILENCE_SECONDS * 1000),
                "application_name": "hexstart",
            }
        case "mysql":
            return {
                "connect_timeout": CONNECT_SECONDS,
                "read_timeout": SILENCE_SECONDS,
                "write_timeout": SILENCE_SECONDS,
            }
        case _:
            return {"timeout": SQLITE_LOCK_SECONDS}


def _drop_read_only(context: ExceptionContext) -> None:
    """Close all connections of the pool when one of them is read-only.

    An open connection stays read-only, and a new one may be writable: the operator has given permissions to
    the SQLite file or to the session, or after a failover the host name leads to another server.
    """
    if is_read_only(context.original_exception):
        context.is_disconnect = True


def _prepare_sqlite(connection: sqlite3.Connection, record: object) -> None:
    connection.isolation_level = None  # the driver does not begin transactions by itself
    try:
        connection.execute("PRAGMA journal_mode = WAL")
    except sqlite3.OperationalError as error:
        if not is_read_only(error):  # a read-only file can still be read
            raise
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute(f"PRAGMA mmap_size = {MAPPED_BYTES}")


def _begin_immediate(connection: Connection) -> None:
    """Take the write lock at once. A transaction that reads first fails if another one writes meanwhile."""
    driver: Any = connection.connection.dbapi_connection
    seconds = connection.get_execution_options().get("lock_seconds", SQLITE_LOCK_SECONDS)
    try:
        driver.execute(f"PRAGMA busy_timeout = {int(seconds * 1000)}")
        driver.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError as error:
        refuses = is_read_only(error)
        if refuses:
            connection.invalidate(error)
            connection.engine.dispose()
        raise OperationalError("BEGIN IMMEDIATE", {}, error, connection_invalidated=refuses) from error


def _prepare_mysql(connection: Any, record: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SET SESSION innodb_lock_wait_timeout = {LOCK_SECONDS}, "
            # Refuses a value that is too long, as PostgreSQL does. MySQL's default may cut it.
            "sql_mode = CONCAT(@@sql_mode, ',STRICT_ALL_TABLES')"
        )
        if "MariaDB" in connection.get_server_info():
            cursor.execute(f"SET SESSION max_statement_time = {STATEMENT_SECONDS}")
        else:
            cursor.execute(f"SET SESSION max_execution_time = {STATEMENT_SECONDS * 1000}")
