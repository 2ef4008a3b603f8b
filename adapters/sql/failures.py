"""What a database says when it refuses, in the core's words."""

import re
import sqlite3
from typing import Any

from sqlalchemy import PrimaryKeyConstraint, UniqueConstraint
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError, TimeoutError

from adapters.sql.tables import metadata
from domain.errors import Conflict, DomainError, Stale, Unavailable
from domain.users import EmailTaken, UsernameTaken

# Which rule of ours a violated constraint stands for.
CONFLICTS: dict[str, type[Conflict]] = {
    "uq_users_email": EmailTaken,
    "uq_users_username_key": UsernameTaken,
    "uq_links_user_id_purpose": Stale,
}

# SQLite names the columns, not the constraint.
SQLITE_NAMES = {
    ", ".join(f"{table.name}.{column.name}" for column in constraint.columns): str(constraint.name)
    for table in metadata.tables.values()
    for constraint in table.constraints
    if isinstance(constraint, UniqueConstraint | PrimaryKeyConstraint)
}

# Busy, locked, out of memory, read-only, I/O error, full, cannot open: the file, not the statement.
SQLITE_AWAY = {5, 6, 7, 8, 10, 13, 14}
# Connection, resources, intervention by the operator, cannot lock.
POSTGRES_AWAY = re.compile("08|53|57|55P03")
# Too many connections, lock wait, shutting down, killed, cannot connect, gone away, lost, too slow.
MYSQL_AWAY = {1040, 1053, 1203, 1205, 1927, 1969, 2002, 2003, 2006, 2013, 3024}

# Two units of work stood in each other's way, and the database chose the one that has to begin again.
POSTGRES_OVERTAKEN = {"40P01", "40001"}
MYSQL_OVERTAKEN = {1213}


def conflict(error: IntegrityError) -> DomainError | None:
    """The rule that was broken, or None where the fault is ours."""
    cause: Any = error.orig
    if isinstance(cause, sqlite3.IntegrityError):
        foreign = str(cause).startswith("FOREIGN KEY")
        name = SQLITE_NAMES.get(str(cause).removeprefix("UNIQUE constraint failed: "), "")
    elif hasattr(cause, "diag"):  # psycopg
        foreign = cause.sqlstate == "23503"
        name = cause.diag.constraint_name or ""
    else:
        number, message = cause.args
        foreign = number in {1216, 1217, 1451, 1452}
        # At the very end, because before it stands what somebody typed.
        found = re.search(r"for key '(?:\w+\.)?(\w+)'$", message)
        name = found.group(1) if found else ""
    if foreign or name == "PRIMARY" or name.startswith("pk_"):
        return Stale()  # what it belongs to was deleted meanwhile, or somebody else was faster
    return CONFLICTS[name]() if name in CONFLICTS else None


def refusal(error: DBAPIError | TimeoutError) -> DomainError | None:
    """That the database is away, or that another was faster; None where the fault is ours."""
    if isinstance(error, TimeoutError) or error.connection_invalidated:
        return Unavailable(retry_after=1)
    cause: Any = error.orig
    if isinstance(cause, sqlite3.Error):
        away, overtaken = (getattr(cause, "sqlite_errorcode", 0) & 0xFF) in SQLITE_AWAY, False
    elif hasattr(cause, "diag"):  # psycopg
        # Without a state it never came to a conversation.
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
