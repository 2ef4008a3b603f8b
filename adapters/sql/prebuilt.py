"""One SELECT on a cursor of the driver: the statement that an authenticated request waits for.

SQLAlchemy compiles it and converts its values. SQLAlchemy's execution and pool are bypassed: they take a
third of the request. SQLAlchemy's events do not see the statement, so do not use this for others.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from time import monotonic
from typing import Any

from sqlalchemy import Dialect, Engine, PoolProxiedConnection, Select

from adapters.sql.failures import RETRY_SECONDS, timed_out
from adapters.sql.mapping import Execute

# Idle cursors that keep their connections. The connections of further cursors go back to the pool.
MOST_IDLE = 4

Convert = Callable[[Any], Any] | None


@dataclass(frozen=True, slots=True)
class Plan:
    """`names` are the parameters in the driver's order, None for a driver that takes them by name."""

    sql: str
    names: list[str] | None
    bind_processors: dict[str, Convert]
    result_processors: list[Convert]


class Cursors:
    """The idle cursors of an engine. One thread at a time uses a cursor."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.idle: list[tuple[PoolProxiedConnection, Any]] = []

    def take(self) -> tuple[PoolProxiedConnection, Any]:
        try:
            return self.idle.pop()
        except IndexError:
            connection = self.engine.raw_connection()
            return connection, connection.cursor()

    def give_back(self, connection: PoolProxiedConnection, cursor: Any) -> None:
        if len(self.idle) < MOST_IDLE:
            self.idle.append((connection, cursor))
        else:
            cursor.close()
            connection.close()

    def close(self) -> None:
        while self.idle:
            connection, cursor = self.idle.pop()
            cursor.close()
            connection.close()


class Prebuilt:
    def __init__(self, statement: Select[Any]) -> None:
        self.statement = statement
        self.plan = lru_cache(self._plan)

    def first(
        self, execute: Execute, cursors: Cursors | None, values: Mapping[str, Any]
    ) -> Sequence[Any] | None:
        """The first row, or None. Without `cursors`, or when they fail early, SQLAlchemy executes it."""
        if cursors is not None:
            began = monotonic()
            try:
                return self.one(cursors, values)
            except Exception as error:
                if monotonic() - began > RETRY_SECONDS:
                    raise timed_out(error) from error
        # After an early failure SQLAlchemy tries again, on another connection, or raises the domain's error.
        return execute(self.statement, values).first()

    def one(self, cursors: Cursors, values: Mapping[str, Any]) -> list[Any] | None:
        """The first row, or None. Raise the error of the driver."""
        plan = self.plan(cursors.engine.dialect)
        named = {
            name: convert(values[name]) if convert else values[name]
            for name, convert in plan.bind_processors.items()
        }
        connection, cursor = cursors.take()
        try:
            cursor.execute(plan.sql, named if plan.names is None else [named[name] for name in plan.names])
            rows = cursor.fetchall()  # all rows, because an unfinished SELECT keeps its snapshot of SQLite
        except BaseException:
            connection.invalidate()
            raise
        cursors.give_back(connection, cursor)
        if not rows:
            return None
        return [
            convert(value) if convert else value
            for convert, value in zip(plan.result_processors, rows[0], strict=True)
        ]

    def _plan(self, dialect: Dialect) -> Plan:
        compiled: Any = self.statement.compile(dialect=dialect)
        return Plan(
            sql=str(compiled),
            names=compiled.positiontup if compiled.positional else None,
            bind_processors={
                name: bind.type.dialect_impl(dialect).bind_processor(dialect)
                for name, bind in compiled.binds.items()
            },
            result_processors=[
                column.type.dialect_impl(dialect).result_processor(dialect, None)
                for column in self.statement.selected_columns
            ],
        )
