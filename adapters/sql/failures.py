"""Errors of the databases and their drivers, translated into errors of the domain."""

import logging
import re
import sqlite3
from dataclasses import dataclass
from threading import Lock
from time import monotonic
from typing import Any

from sqlalchemy import Constraint, PrimaryKeyConstraint, UniqueConstraint
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError, TimeoutError

from adapters.sql.tables import metadata
from domain.errors import DomainError, Stale, Unavailable

log = logging.getLogger(__name__)

# The same cause is logged once in this time.
LOG_SECONDS = 60

# A statement that fails within this time is tried again, on a new connection.
RETRY_SECONDS = 1

NOT_MIGRATED = "The database is not migrated: run make migrate."


@dataclass(frozen=True, slots=True)
class Codes:
    """The error codes of one kind of database, by meaning. `read_only` is a part of `away`."""

    away: set[Any]
    read_only: set[Any]
    not_migrated: set[Any]
    deadlock: set[Any]  # or a serialization failure: the database has rolled back this unit of work


# Primary result codes (sqlite.org/rescode.html).
SQLITE = Codes(
    away={
        *(3, 8, 23),  # permission: PERM, READONLY, AUTH
        *(5, 6, 9, 15),  # locks: BUSY, LOCKED, INTERRUPT, PROTOCOL
        *(7, 13, 22),  # space: NOMEM, FULL, NOLFS
        *(10, 11, 14, 26),  # the file: IOERR, CORRUPT, CANTOPEN, NOTADB
    },
    read_only={8},
    not_migrated={"no such table", "no such column", "no column named"},  # texts, because all have code 1
    deadlock=set(),
)

# SQLSTATE codes, or their first two characters (PostgreSQL's manual, appendix A).
POSTGRES = Codes(
    away={
        *("08", "28", "3D", "3F", "42501"),  # connection, password and role, unknown database, permission
        *("25006", "25P03", "25P04"),  # read-only (a standby, too), time limits of a transaction
        *("53", "55", "57"),  # connections, memory and disk; locks; shutdown, recovery, time limit
        *("58", "72", "F0", "XX001", "XX002"),  # files: I/O, old snapshot, configuration, damage
        "40003",  # unknown whether it was stored
    },
    read_only={"25006"},
    not_migrated={"42P01", "42703"},  # undefined table, undefined column
    deadlock={"40P01", "40001"},
)

# Error numbers (the error references of MariaDB and MySQL).
MYSQL = Codes(
    away={
        *range(2000, 2100),  # errors of the client: cannot connect, gone away, lost, TLS
        *(1040, 1042, 1043, 1129, 1130, 1135, 1203, 1226),  # refused: too many connections, host
        *(1080, 1152, *range(1154, 1162), 1184, 1835, 4031),  # connection lost
        *(1044, 1045, 1251, 1275, 1524, 1698, 1820, 1862),  # account: unknown, wrong or expired password
        *(3118, 3159, 3879, 3955, 4150, 4151),  # account: locked, blocked, TLS required
        *(1046, 1049, 1142, 1143, 1227, 1370),  # unknown database, permission
        *(1036, 1099, 1223, 1290, 1792, 1836, 1874, 3989),  # read-only
        *(1021, 1037, 1038, 1041, 1114, 1197, 1206, 1637, 1878, 3019),  # disk, memory, locks, undo log full
        *(1004, 1015, 1016, 1017, 1018, 1023, 1024, 1026, 1030),  # files: cannot open, read or write
        *(1180, 1296, 1297, 1598, 1810, 1811),  # storage engine, binary log
        *(1033, 1034, 1035, 1194, 1195, 1712, 1812, 1814, 1815, 1877, 1932),  # table crashed, damaged, lost
        *(1047, 1053, 1077, 1079, 1317, 1927, 3032, 3100, 3168, 3169),  # shutdown, killed, not ready (Galera)
        *(1205, 1969, 3024, 3572),  # waited too long
    },
    read_only={1036, 1290, 1792, 1836, 1874, 3989},
    not_migrated={1054, 1146},  # unknown column, no such table
    deadlock={1020, 1213, 3101},
)


def conflict(error: IntegrityError) -> DomainError | None:
    """The error that the violated constraint names. None for a bug of ours."""
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
        # Only at the end of the message: before that it quotes a value that a user has typed.
        found = re.search(r"for key '(?:\w+\.)?(\w+)'$", message)
        name = found.group(1) if found else ""
        if name == "PRIMARY":  # only the statement names the table
            name = _primary_key(error.statement or "")
    if foreign:
        return Stale()  # the parent row was deleted meanwhile
    for table in metadata.tables.values():
        for constraint in table.constraints:
            if name in _names(constraint):
                raises: type[DomainError] = constraint.info.get("raises", Stale)
                return raises()
    return None


def _primary_key(statement: str) -> str:
    found = re.match(r"INSERT INTO (\w+) ", statement)
    return str(metadata.tables[found.group(1)].primary_key.name) if found else ""


def _names(constraint: Constraint) -> set[str]:
    """The name of the constraint, and its columns as SQLite's message lists them."""
    if not isinstance(constraint, UniqueConstraint | PrimaryKeyConstraint):
        return set()
    columns = ", ".join(f"{column.table.name}.{column.name}" for column in constraint.columns)
    return {str(constraint.name), columns}


def translated(error: DBAPIError | TimeoutError) -> Exception:
    """The domain's error. The same error for a bug of ours. Logs why the database is unavailable."""
    found = conflict(error) if isinstance(error, IntegrityError) else refusal(error)
    if isinstance(found, Unavailable):
        _log_once(error, found)
    return found or error


def timed_out(error: Exception) -> Unavailable:
    """The error of a statement that failed so late that there is no time for a second try."""
    found = Unavailable(retry_after=1, reason=_words(_cause(error)))
    _log_once(error, found)
    return found


def refusal(error: Exception) -> DomainError | None:
    """Unavailable, or Stale after a deadlock. None for a bug of ours."""
    cause = _cause(error)
    codes, code = _codes(cause)
    if code in codes.deadlock:
        return Stale()
    if code in codes.not_migrated:
        return Unavailable(retry_after=1, reason=_words(cause), message=NOT_MIGRATED)
    away = (
        isinstance(error, TimeoutError)  # the pool has no free connection
        or getattr(error, "connection_invalidated", False)
        or code in codes.away
        or str(code)[:2] in codes.away
        # psycopg has no SQLSTATE when it could not connect.
        or (code is None and isinstance(error, OperationalError))
    )
    return Unavailable(retry_after=1, reason=_words(cause)) if away else None


def is_read_only(cause: BaseException) -> bool:
    codes, code = _codes(cause)
    return code in codes.read_only


def _cause(error: Exception) -> Any:
    """The error of the driver."""
    return getattr(error, "orig", None) or error


def _codes(cause: Any) -> tuple[Codes, Any]:
    """The codes of the kind of database, and the code of this error of its driver."""
    if isinstance(cause, sqlite3.Error):
        code = getattr(cause, "sqlite_errorcode", 0) & 0xFF
        missing = (words for words in SQLITE.not_migrated if code == 1 and words in str(cause))
        return SQLITE, next(missing, code)
    if hasattr(cause, "diag"):  # psycopg
        return POSTGRES, cause.sqlstate
    return MYSQL, cause.args[0] if cause.args else 0


def _words(cause: Any) -> str:
    """The message of the driver in one line, without the statement and its values."""
    said = getattr(getattr(cause, "diag", None), "message_primary", None)
    if not said:
        said = cause.args[1] if len(cause.args) == 2 and isinstance(cause.args[0], int) else cause
    return " ".join(str(said).partition("(Background on")[0].split())[:300]


_lock, _logged = Lock(), dict[tuple[Any, ...], float]()


def _log_once(error: Exception, found: Unavailable) -> None:
    cause = _cause(error)
    # A missing table and a missing column have two codes, and one cause.
    migrated, now = found.message != NOT_MIGRATED, monotonic()
    key = (type(cause), _codes(cause)[1]) if migrated else (NOT_MIGRATED,)
    with _lock:
        if now - _logged.get(key, now - LOG_SECONDS) < LOG_SECONDS:
            return
        _logged[key] = now
    told = "" if migrated else f" {found.message}"
    log.warning("the database is unavailable: %s.%s", found.reason, told)
