"""Whether the database can serve: it answers, and it has all tables and columns."""

from contextlib import suppress
from functools import cache

from sqlalchemy import Executable, exists, false, select
from sqlalchemy.exc import DBAPIError, TimeoutError

from adapters.sql.engines import Engines
from adapters.sql.failures import refusal
from adapters.sql.tables import metadata
from adapters.sql.unit_of_work import SqlReading
from adapters.sql.wal import check_wal


@cache
def everything() -> Executable:
    """A statement that names each column and reads no row. It fails on a database that is not migrated.

    Alembic's table of revisions is not asked, because a database that is newer than the code can serve.
    """
    return select(*(exists(select(table).where(false())) for table in metadata.sorted_tables))


def check(engines: Engines) -> None:
    """Raise Unavailable with the reason."""
    with SqlReading(engines) as stored:
        stored.execute(everything())


def check_at_start(database_url: str, engines: Engines) -> None:
    """Raise Unavailable with the reason, and log nothing. Close all connections: the server forks next."""
    check_wal(database_url)
    try:
        with engines.reader.connect() as connection:
            connection.execute(everything())
    except (DBAPIError, TimeoutError) as error:
        raise refusal(error) or error from error
    finally:
        engines.dispose()


def close(engines: Engines) -> None:
    """At the end of the last process. SQLite writes its WAL into the file when the last connection closes."""
    engines.dispose()
    if engines.writer.dialect.name == "sqlite":
        with suppress(DBAPIError):
            engines.writer.connect().close()
        engines.dispose()
