"""One SELECT on the driver's own cursor: for the statement that every authenticated request waits for.

SQLAlchemy compiles it, once for each database, and converts its values as ever; what is left out is all that
happens around running it. That is 100 of 135 microseconds on SQLite, a quarter of the whole request. It is
worth its own file for that one statement and for no other: SQLAlchemy's events do not see it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import Dialect, Engine, Select

Convert = Callable[[Any], Any] | None


@dataclass(frozen=True, slots=True)
class Plan:
    """`names` are in the order in which the driver wants them, or None where it takes them by name."""

    sql: str
    names: list[str] | None
    going: dict[str, Convert]
    coming: list[Convert]


class Prebuilt:
    def __init__(self, statement: Select[Any]) -> None:
        self.statement = statement
        self.plan = lru_cache(self._plan)

    def first(self, engine: Engine, values: Mapping[str, Any]) -> list[Any] | None:
        """The first row, or None. Raises whatever the driver raises."""
        plan = self.plan(engine.dialect)
        named = {
            name: convert(values[name]) if convert else values[name] for name, convert in plan.going.items()
        }
        connection = engine.raw_connection()
        try:
            cursor = connection.cursor()
            cursor.execute(plan.sql, named if plan.names is None else [named[name] for name in plan.names])
            row = cursor.fetchone()
            cursor.close()
        except BaseException:
            connection.invalidate()
            raise
        connection.close()
        if row is None:
            return None
        return [convert(value) if convert else value for convert, value in zip(plan.coming, row, strict=True)]

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
