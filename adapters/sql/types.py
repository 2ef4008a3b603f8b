"""The core's value types as columns, the same on every database."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import DateTime, Dialect, String, Uuid
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction
from sqlalchemy.types import TypeDecorator, TypeEngine

E = TypeVar("E", bound=StrEnum)


class Id(TypeDecorator[UUID]):
    """A UUID. Native on PostgreSQL only: MariaDB's own type refuses some and sorts in another order."""

    impl, cache_ok = Uuid, True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(Uuid(native_uuid=dialect.name == "postgresql"))


def Key(length: int) -> String:
    """A text that is compared byte by byte, so that its index also serves a search for its beginning."""
    return String(length).with_variant(String(length, collation="C"), "postgresql")


class Utc(TypeDecorator[datetime]):
    """An aware moment, stored as plain UTC with microseconds: SQLite and MySQL would drop the time zone,
    and MySQL the microseconds."""

    impl, cache_ok = DateTime, True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name not in {"mysql", "mariadb"}:
            return dialect.type_descriptor(DateTime())
        from sqlalchemy.dialects.mysql import DATETIME  # only where MySQL is used

        return dialect.type_descriptor(DATETIME(fsp=6))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value and value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value and value.replace(tzinfo=UTC)


class Word(TypeDecorator[E]):
    """One of an enumeration, stored by its value: a new member needs no migration."""

    impl, cache_ok = String, True

    def __init__(self, words: type[E]) -> None:
        super().__init__(30)
        self.words = words

    def process_bind_param(self, value: E | None, dialect: Dialect) -> str | None:
        return None if value is None else str(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> E | None:
        return None if value is None else self.words(value)


class gathered(GenericFunction[str]):
    """The values of a group in one string. SQLAlchemy's aggregate_strings renders its separator into the
    statement at each execution, which costs as much as the execution."""

    inherit_cache = True
    type = String()


@compiles(gathered)
def _group_concat(element: gathered, compiler: SQLCompiler, **options: Any) -> str:
    return f"group_concat({compiler.process(element.clauses, **options)})"


@compiles(gathered, "postgresql")
def _string_agg(element: gathered, compiler: SQLCompiler, **options: Any) -> str:
    return f"string_agg({compiler.process(element.clauses, **options)}, ',')"


class Words(TypeDecorator[frozenset[E]]):
    """Several of an enumeration, gathered by the database into one string: only ever read."""

    impl, cache_ok = String, True

    def __init__(self, words: type[E]) -> None:
        super().__init__()
        self.words = words

    def process_result_value(self, value: str | None, dialect: Dialect) -> frozenset[E]:
        return frozenset(map(self.words, value.split(","))) if value else frozenset()
