"""Connections: an engine for reading, an engine for writing, and their time limits."""

import os
import sqlite3
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, ExceptionContext, create_engine, event, pool
from sqlalchemy.exc import DBAPIError, OperationalError

from adapters.sql.failures import is_read_only
from adapters.sql.prebuilt import Cursors
from adapters.sql.urls import understood

# Together they keep the promise that a store that is away is noticed within five seconds.
CONNECT_SECONDS = 2
POOL_SECONDS = 1
LOCK_SECONDS = 2
SQLITE_LOCK_SECONDS = 4  # one lock for the whole file: a backup may hold it for seconds
STATEMENT_SECONDS = 3
# After this silence the connection is given up: the server or the network hangs.
SILENCE_SECONDS = 3.5
# A statement that failed later than this has no time left for a second try.
PATIENCE_SECONDS = 1

# PostgreSQL's own limits, in milliseconds.
TIMEOUTS = {
    "statement_timeout": STATEMENT_SECONDS * 1000,
    "lock_timeout": LOCK_SECONDS * 1000,
    "idle_in_transaction_session_timeout": 10_000,
}
NOT_UTF8 = "the database must be in UTF8 (CREATE DATABASE ... ENCODING 'UTF8' TEMPLATE template0)"

# How much of a SQLite file is mapped into memory. With a million users (more pages than SQLite's own cache
# holds) a request then costs 4 % more than with a thousand; without the mapping it is 18 %.
MAPPED_BYTES = 1 << 30

# Per worker process. PostgreSQL allows 100 connections unless told otherwise: six workers' worth. A SQLite
# file has no such limit: work that waits for the lock must not keep other work from a connection.
READERS, WRITERS = 10, 6


@dataclass(frozen=True, slots=True)
class Engines:
    """`reader` runs in AUTOCOMMIT: a query costs one round trip, without BEGIN and ROLLBACK around it.

    Two engines with a pool each: on MySQL, switching a connection between the modes costs two round trips,
    and SQLite's BEGIN IMMEDIATE is right for the writer only.
    """

    reader: Engine
    writer: Engine
    cursors: Cursors  # of the reader

    def dispose(self) -> None:
        self.cursors.close()
        self.reader.dispose()
        self.writer.dispose()


def connect(database_url: str) -> Engines:
    url, asked = understood(database_url)
    pooled = "prepare_threshold" in asked
    arguments = connect_args(url.get_backend_name(), pooled) | asked
    max_overflow = -1 if url.get_backend_name() == "sqlite" else 0
    reader = create_engine(
        url,
        pool_size=READERS,
        max_overflow=max_overflow,
        pool_timeout=POOL_SECONDS,
        # There is nothing to roll back, and a rollback costs a round trip.
        pool_reset_on_return=None,
        skip_autocommit_rollback=True,
        isolation_level="AUTOCOMMIT",
        connect_args=arguments,
        hide_parameters=True,
    )
    writer = create_engine(
        url,
        pool_size=WRITERS,
        max_overflow=max_overflow,
        pool_timeout=POOL_SECONDS,
        connect_args=arguments,
        # An unexpected error is logged without the hashes and addresses of the statement.
        hide_parameters=True,
        # The same on both servers: MySQL's own default would show a transaction a stale snapshot.
        **({} if url.get_backend_name() == "sqlite" else {"isolation_level": "READ COMMITTED"}),
    )
    engines = Engines(reader, writer, Cursors(reader))
    for engine in (reader, writer):
        event.listen(engine, "handle_error", _give_up_read_only)
    if url.get_backend_name() == "sqlite":
        for engine in (reader, writer):
            event.listen(engine, "connect", _prepare_sqlite)
        event.listen(writer, "begin", _begin_immediate)
    if url.get_backend_name() == "postgresql":
        from adapters.sql import postgresql  # psycopg, only where PostgreSQL is used

        for engine in (reader, writer):
            event.listen(engine, "do_connect", postgresql.connect_impatiently)
        if pooled:
            # Reads have the client's own limit only (SILENCE_SECONDS): each is a transaction of its own.
            event.listen(writer, "do_execute", postgresql.limit_transaction)
            event.listen(writer, "do_executemany", postgresql.limit_transaction)
    if url.get_backend_name() == "mysql":
        for engine in (reader, writer):
            event.listen(engine, "connect", _prepare_mysql)
    return engines


def migrating(database_url: str) -> Engine:
    """An engine without time limits: changing a large table may take longer than a request."""
    url, asked = understood(database_url)
    engine = create_engine(url, poolclass=pool.NullPool, connect_args=asked)
    if url.get_backend_name() == "postgresql":
        from adapters.sql import postgresql

        event.listen(engine, "do_connect", postgresql.connect_patiently)
    return engine


def useless(engines: Engines) -> str | None:
    """Why this database can never serve. None while it does not answer: later it may."""
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
        engines.dispose()  # a server that forks must have no connection yet
    return None


def connect_args(kind: str, pooled: bool) -> dict[str, Any]:
    match kind:
        case "postgresql":
            limits = {"options": " ".join(f"-c {name}={value}" for name, value in TIMEOUTS.items())}
            return ({} if pooled else limits) | {
                "connect_timeout": CONNECT_SECONDS,
                # For a server that vanished.
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


def _give_up_read_only(context: ExceptionContext) -> None:
    """Drop the pool's connections when one refuses to write.

    They would refuse for ever: SQLite opened the file without write permission, PostgreSQL began the
    session as read-only, or the server is a standby since a failover and its name leads to another one now.
    """
    if is_read_only(context.original_exception):
        context.is_disconnect = True


def _prepare_sqlite(connection: sqlite3.Connection, record: object) -> None:
    connection.isolation_level = None  # the driver begins nothing by itself
    try:
        connection.execute("PRAGMA journal_mode = WAL")
    except sqlite3.OperationalError as error:
        if not is_read_only(error):  # it can be read all the same
            raise
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute(f"PRAGMA mmap_size = {MAPPED_BYTES}")


def _begin_immediate(connection: Connection) -> None:
    """Take the write lock at once: a transaction that reads first fails when another one writes meanwhile."""
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
            # A value that does not fit is refused, as on PostgreSQL, and not cut.
            "sql_mode = CONCAT(@@sql_mode, ',STRICT_ALL_TABLES')"
        )
        if "MariaDB" in connection.get_server_info():
            cursor.execute(f"SET SESSION max_statement_time = {STATEMENT_SECONDS}")
        else:
            cursor.execute(f"SET SESSION max_execution_time = {STATEMENT_SECONDS * 1000}")
