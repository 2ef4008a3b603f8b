"""psycopg, but not for ever: a server that is connected and silent is given up after a while.

PostgreSQL's own statement_timeout needs a server that is awake, and TCP's timeouts one that is gone. psycopg
has none for a server that hangs.
"""

from collections.abc import Generator
from typing import Any

from psycopg import Connection, OperationalError
from psycopg.pq import TransactionStatus
from sqlalchemy import Dialect

from adapters.sql.engines import SILENCE_SECONDS


class ImpatientConnection(Connection[Any]):
    def wait(self, gen: Generator[Any, Any, Any], *args: Any, **options: Any) -> Any:
        try:
            return super().wait(gen, *args, **{"timeout": SILENCE_SECONDS, **options})
        except OperationalError:
            if self.pgconn.transaction_status == TransactionStatus.ACTIVE:
                self.pgconn.finish()  # its answer is still to come: SQLAlchemy must not use it again
            raise


def connect_impatiently(dialect: Dialect, record: object, args: list[Any], options: dict[str, Any]) -> Any:
    return ImpatientConnection.connect(*args, **options)
