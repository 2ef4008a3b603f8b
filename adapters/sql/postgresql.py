"""psycopg with a timeout: a connection that stays silent is given up.

PostgreSQL's statement_timeout needs a server that works, TCP's timeouts need a server that is gone. psycopg
has no timeout for a server that hangs.
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
                self.pgconn.finish()  # its answer is still to come: SQLAlchemy must not reuse it
            raise


def connect_impatiently(dialect: Dialect, record: object, args: list[Any], options: dict[str, Any]) -> Any:
    return ImpatientConnection.connect(*args, **options)
