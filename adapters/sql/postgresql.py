"""Connections by psycopg: a timeout, the check for UTF-8, and time limits behind a pooler.

statement_timeout needs a server that works. TCP's timeouts are for a server that is gone. For a server that
hangs psycopg has no timeout: `TimeoutConnection` adds one.
"""

from collections.abc import Generator
from typing import Any

from psycopg import Connection, Cursor, OperationalError
from psycopg.pq import TransactionStatus
from sqlalchemy import Dialect

from adapters.sql.engines import NOT_UTF8, SILENCE_SECONDS, TIMEOUTS

LIMIT = "SELECT " + ", ".join(f"set_config('{name}', '{ms}', true)" for name, ms in TIMEOUTS.items())


class TimeoutConnection(Connection[Any]):
    def wait(self, gen: Generator[Any, Any, Any], *args: Any, **options: Any) -> Any:
        try:
            return super().wait(gen, *args, **{"timeout": SILENCE_SECONDS, **options})
        except OperationalError:
            if self.pgconn.transaction_status == TransactionStatus.ACTIVE:
                self.pgconn.finish()  # the answer may still come, so SQLAlchemy must not reuse the connection
            raise


def connect_with_timeout(dialect: Dialect, record: object, args: list[Any], options: dict[str, Any]) -> Any:
    return _in_utf8(TimeoutConnection.connect(*args, **options))


def connect_untimed(dialect: Dialect, record: object, args: list[Any], options: dict[str, Any]) -> Any:
    return _in_utf8(Connection.connect(*args, **options))


def _in_utf8(connection: Connection[Any]) -> Connection[Any]:
    """Refuse a database in another encoding: it would refuse or damage texts."""
    if connection.info.parameter_status("server_encoding") != "UTF8":
        connection.close()
        raise OperationalError(NOT_UTF8)
    return connection


def limit_transaction(cursor: Cursor[Any], *_: Any) -> None:
    """Set the time limits before the first statement of a transaction. They end with the transaction.

    This is for a pooler in transaction mode. It refuses time limits at the start of a connection. Limits of
    the whole session would also apply to other clients of the pooler.
    """
    if cursor.connection.info.transaction_status == TransactionStatus.IDLE:
        cursor.execute(LIMIT)
