"""What a database reports when it refuses, as the core's errors."""

import re
import sqlite3
from typing import Any

from sqlalchemy import Constraint, PrimaryKeyConstraint, UniqueConstraint
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError, TimeoutError

from adapters.sql.tables import metadata
from domain.errors import DomainError, Stale, Unavailable

# Busy, locked, out of memory, read-only, I/O error, full, cannot open: the file, not the statement.
SQLITE_AWAY = {5, 6, 7, 8, 10, 13, 14}
# Connection, resources, intervention by the operator, cannot lock.
POSTGRES_AWAY = re.compile("08|53|57|55P03")
# Too many connections, lock wait, shutting down, killed, cannot connect, gone away, lost, too slow.
MYSQL_AWAY = {1040, 1053, 1203, 1205, 1927, 1969, 2002, 2003, 2006, 2013, 3024}

# Two units of work blocked each other, and the database chose this one to begin again.
POSTGRES_OVERTAKEN = {"40P01", "40001"}
MYSQL_OVERTAKEN = {1213}


def conflict(error: IntegrityError) -> DomainError | None:
    """The error that the violated constraint names, or None where the fault is ours."""
    cause: Any = error.orig
    if isinstance(cause, sqlite3.IntegrityError):
        foreign = str(cause).startswith("FOREIGN KEY")
        name = str(cause).removeprefix("UNIQUE constraint failed: ")
    elif hasattr(cause, "diag"):  # psycopg
        foreign = cause.sqlstate == "23503"
        name = cause.diag.constraint_name or ""
    else:
        number, message = cause.args
        foreign = number in {1216, 1217, 1451, 1452}
        # At the very end, because the value that a user typed stands before it.
        found = re.search(r"for key '(?:\w+\.)?(\w+)'$", message)
        name = found.group(1) if found else ""
    if foreign or name == "PRIMARY":
        return Stale()  # its parent was deleted meanwhile, or another unit of work was faster
    for table in metadata.tables.values():
        for constraint in table.constraints:
            if name in _names(constraint):
                raises: type[DomainError] = constraint.info.get("raises", Stale)
                return raises()
    return None


def _names(constraint: Constraint) -> set[str]:
    """Its name, and what SQLite says in its place: the columns."""
    if not isinstance(constraint, UniqueConstraint | PrimaryKeyConstraint):
        return set()
    columns = ", ".join(f"{column.table.name}.{column.name}" for column in constraint.columns)
    return {str(constraint.name), columns}


def refusal(error: DBAPIError | TimeoutError) -> DomainError | None:
    """Unavailable, or Stale where another unit of work was faster. None where the fault is ours."""
    if isinstance(error, TimeoutError) or error.connection_invalidated:
        return Unavailable(retry_after=1)
    cause: Any = error.orig
    if isinstance(cause, sqlite3.Error):
        away, overtaken = (getattr(cause, "sqlite_errorcode", 0) & 0xFF) in SQLITE_AWAY, False
    elif hasattr(cause, "diag"):  # psycopg
        # Without a state there was no connection.
        away = (
            bool(POSTGRES_AWAY.match(cause.sqlstate))
            if cause.sqlstate
            else isinstance(error, OperationalError)
        )
        overtaken = cause.sqlstate in POSTGRES_OVERTAKEN
    else:
        number = cause.args[0] if cause.args else 0
        away, overtaken = number in MYSQL_AWAY, number in MYSQL_OVERTAKEN
    if overtaken:
        return Stale()
    return Unavailable(retry_after=1) if away else None
