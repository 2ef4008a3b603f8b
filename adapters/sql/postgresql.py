"""psycopg, but not for ever: a server that is connected and silent is given up after a while.

PostgreSQL's own statement_timeout needs a server that is awake, and TCP's timeouts one that is gone. psycopg
has none for a server that hangs.
"""

from collections.abc import Generator
from time import monotonic
from typing import Any

from psycopg import Connection, OperationalError
from sqlalchemy import Dialect

from adapters.sql.engines import SILENCE_SECONDS


class ImpatientConnection(Connection[Any]):
    def wait(self, gen: Generator[Any, Any, Any], *args: Any, **options: Any) -> Any:
        try:
            return super().wait(_in_time(gen), *args, **options)
        except TimeoutError:
            self.pgconn.finish()  # so that SQLAlchemy sees a connection that is lost
            raise OperationalError("the server has not answered in time") from None


def _in_time(gen: Generator[Any, Any, Any]) -> Generator[Any, Any, Any]:
    """The same conversation; whoever waits is sent back several times a second while nothing comes."""
    end = monotonic() + SILENCE_SECONDS
    try:
        wanted = next(gen)
        while True:
            ready = yield wanted
            if not ready and monotonic() > end:
                raise TimeoutError
            wanted = gen.send(ready)
    except StopIteration as done:
        return done.value


def connect_impatiently(dialect: Dialect, record: object, args: list[Any], options: dict[str, Any]) -> Any:
    return ImpatientConnection.connect(*args, **options)
