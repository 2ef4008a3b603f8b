"""psycopg with a timeout, in UTF-8 only, and the limits of transactions behind a pooler.

PostgreSQL's statement_timeout needs a server that works, TCP's timeouts need a server that is gone. psycopg
has no timeout for a server that hangs: a connection that stays silent is given up.
"""

from collections.abc import Generator
from typing import Any

from psycopg import Connection, Cursor, OperationalError
from psycopg.pq import TransactionStatus
from sqlalchemy import Dialect

from adapters.sql.engines import NOT_UTF8, SILENCE_SECONDS, TIMEOUTS

LIMIT = "SELECT " + ", ".join(f"set_config('{name}', '{ms}', true)" for name, ms in TIMEOUTS.items())


class ImpatientConnection(Connection[Any]):
    def wait(self, gen: Generator[Any, Any, Any], *args: Any, **options: Any) -> Any:
        try:
            return super().wait(gen, *args, **{"timeout": SILENCE_SECONDS, **options})
        except OperationalError:
            if self.pgconn.transaction_status == TransactionStatus.ACTIVE:
                self.pgconn.finish()  # its answer is still to come: SQLAlchemy must not reuse it
            raise


def connect_impatiently(dialect: Dialect, record: object, args: list[Any], options: dict[str, Any]) -> Any:
    return _in_utf8(ImpatientConnection.connect(*args, **options))


def connect_patiently(dialect: Dialect, record: object, args: list[Any], options: dict[str, Any]) -> Any:
    return _in_utf8(Connection.connect(*args, **options))


def _in_utf8(connection: Connection[Any]) -> Connection[Any]:
    """The server says its encoding when it is connected to. In another one, texts are refused or damaged."""
    if connection.info.parameter_status("server_encoding") != "UTF8":
        connection.close()
        raise OperationalError(NOT_UTF8)
    return connection


def limit_transaction(cursor: Cursor[Any], *_: Any) -> None:
    """Before the first statement of a transaction: its time limits, which end with it.

    For a pooler in transaction mode. It refuses limits at the start of a connection. Limits set later
    would stay on a connection of the server that other clients use next.
    """
    if cursor.connection.info.transaction_status == TransactionStatus.IDLE:
        cursor.execute(LIMIT)
