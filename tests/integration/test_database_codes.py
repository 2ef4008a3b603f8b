"""What the codes of each database mean: unavailable, not migrated, deadlock, or our own fault."""

import sqlite3
from typing import Any

import pymysql
import pytest
from psycopg.errors import lookup
from sqlalchemy.exc import DBAPIError, OperationalError

from adapters.sql.failures import NOT_MIGRATED, refusal
from domain.errors import Stale, Unavailable


def sqlite_error(code: int) -> OperationalError:
    error = sqlite3.OperationalError("words")
    error.sqlite_errorcode = code
    return OperationalError("SELECT secret", {}, error)


def postgresql_error(state: str) -> DBAPIError:
    return DBAPIError("SELECT secret", {}, lookup(state)("words"))


def mysql_error(number: int) -> DBAPIError:
    return DBAPIError("SELECT secret", {}, pymysql.err.OperationalError(number, "words"))


# 2570: READONLY_DIRECTORY, 266: IOERR_READ, 517: BUSY_SNAPSHOT, 1032: READONLY_DBMOVED.
AWAY = [
    *map(sqlite_error, [3, 5, 6, 7, 8, 9, 10, 11, 13, 14, 15, 22, 23, 26, 266, 517, 1032, 1544]),
    *map(
        postgresql_error,
        "08006 08P01 25006 25P03 28000 28P01 3D000 3F000 42501 53100 53200 53300 53400 55000 55006 55P03 "
        "57014 57P01 57P02 57P03 57P04 57P05 58030 58P01 72000 F0000 XX001 XX002 40003".split(),
    ),
    *map(
        mysql_error,
        [
            1040,
            1044,
            1045,
            1046,
            1049,
            1053,
            1021,
            1030,
            1114,
            1129,
            1130,
            1142,
            1194,
            1203,
            1205,
            1226,
            1290,
        ],
    ),
    *map(mysql_error, [1317, 1698, 1792, 1836, 1927, 1969, 2003, 2006, 2013, 3024, 3118, 4031, 4151]),
]
OURS = [
    *map(sqlite_error, [1, 12, 18, 19, 20, 21, 25]),
    *map(postgresql_error, "0A000 22001 22021 23514 25P02 42601 42883 54000 P0001 XX000".split()),
    *map(mysql_error, [1062, 1064, 1153, 1264, 1366, 1406, 4025]),
]


def named(error: DBAPIError) -> str:
    cause: Any = error.orig
    code = getattr(cause, "sqlite_errorcode", None) or getattr(cause, "sqlstate", None) or cause.args[0]
    return f"{type(cause).__module__.partition('.')[0]}-{code}"


@pytest.mark.parametrize("error", AWAY, ids=named)
def test_a_fault_of_the_database_is_unavailable_with_the_words_of_the_driver(error):
    found = refusal(error)
    assert isinstance(found, Unavailable)
    assert (found.reason, found.message) == ("words", Unavailable.message)


@pytest.mark.parametrize("error", OURS, ids=named)
def test_a_wrong_statement_is_our_own_fault(error):
    assert refusal(error) is None


@pytest.mark.parametrize(
    "error", [postgresql_error("40001"), postgresql_error("40P01"), mysql_error(1213)], ids=named
)
def test_a_deadlock_is_stale(error):
    assert isinstance(refusal(error), Stale)


@pytest.mark.parametrize(
    "error",
    [postgresql_error("42P01"), postgresql_error("42703"), mysql_error(1146), mysql_error(1054)],
    ids=named,
)
def test_a_missing_table_or_column_is_a_database_that_is_not_migrated(error):
    found = refusal(error)
    assert isinstance(found, Unavailable)
    assert found.message == NOT_MIGRATED
