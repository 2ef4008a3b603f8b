"""One SELECT on the driver's own cursor: the statement that every authenticated request waits for.

SQLAlchemy compiles it once for each database and converts its values as usual. The machinery around the
execution and the check-out from the pool are left out: a third of the whole request. It is worth this for one
statement only, because SQLAlchemy's events do not see it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import Dialect, Engine, PoolProxiedConnection, Select

# How many cursors, each with its connection, are kept instead of returned to the pool.
KEPT = 4

Convert = Callable[[Any], Any] | None


@dataclass(frozen=True, slots=True)
class Plan:
    """`names` are the parameters in the driver's order, None where it takes them by name."""

    sql: str
    names: list[str] | None
    going: dict[str, Convert]
    coming: list[Convert]


class Cursors:
    """Open cursors of an engine. No cursor is used by two threads at once."""

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
        if len(self.idle) < KEPT:
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

    def one(self, cursors: Cursors, values: Mapping[str, Any]) -> list[Any] | None:
        """The only row, or None. Raises whatever the driver raises."""
        plan = self.plan(cursors.engine.dialect)
        named = {
            name: convert(values[name]) if convert else values[name] for name, convert in plan.going.items()
        }
        connection, cursor = cursors.take()
        try:
            cursor.execute(plan.sql, named if plan.names is None else [named[name] for name in plan.names])
            rows = cursor.fetchall()  # to the end: an unfinished SELECT would keep SQLite's snapshot
        except BaseException:
            connection.invalidate()
            raise
        cursors.give_back(connection, cursor)
        if not rows:
            return None
        return [
            convert(value) if convert else value for convert, value in zip(plan.coming, rows[0], strict=True)
        ]

    def _plan(self, dialect: Dialect) -> Plan:
        compiled: Any = self.statement.compile(dialect=dialect)
        return Plan(
            sql=str(compiled),
            names=compiled.positiontup if compiled.positional else None,
            going={
                name: bind.type.dialect_impl(dialect).bind_processor(dialect)
                for name, bind in compiled.binds.items()
            },
            coming=[
                column.type.dialect_impl(dialect).result_processor(dialect, None)
                for column in self.statement.selected_columns
            ],
        )
