"""Column types for the value types of the domain, the same on all databases."""

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
    """A UUID. Native on PostgreSQL only: MariaDB's type refuses some UUIDs and has another order."""

    impl, cache_ok = Uuid, True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(Uuid(native_uuid=dialect.name == "postgresql"))


def Key(length: int) -> String:
    """A text that is compared byte by byte. So its index also serves a search for a prefix."""
    return String(length).with_variant(String(length, collation="C"), "postgresql")


class Utc(TypeDecorator[datetime]):
    """A timezone-aware moment, stored in UTC without time zone: SQLite and MySQL cannot store the zone.

    MySQL stores microseconds only as DATETIME(6).
    """

    impl, cache_ok = DateTime, True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name not in {"mysql", "mariadb"}:
            return dialect.type_descriptor(DateTime())
        from sqlalchemy.dialects.mysql import DATETIME

        return dialect.type_descriptor(DATETIME(fsp=6))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value and value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value and value.replace(tzinfo=UTC)


class Word(TypeDecorator[E]):
    """A member of an enumeration, stored as text: a new member needs no migration."""

    impl, cache_ok = String, True

    def __init__(self, words: type[E]) -> None:
        super().__init__(30)
        self.words = words

    def process_bind_param(self, value: E | None, dialect: Dialect) -> str | None:
        return None if value is None else str(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> E | None:
        return None if value is None else self.words(value)


class gathered(GenericFunction[str]):
    """The values of a group in one string, with commas. SQLAlchemy's aggregate_strings renders its separator
    at each execution, which takes as long as the execution."""

    inherit_cache = True
    type = String()


@compiles(gathered)
def _group_concat(element: gathered, compiler: SQLCompiler, **options: Any) -> str:
    return f"group_concat({compiler.process(element.clauses, **options)})"


@compiles(gathered, "postgresql")
def _string_agg(element: gathered, compiler: SQLCompiler, **options: Any) -> str:
    return f"string_agg({compiler.process(element.clauses, **options)}, ',')"


class Words(TypeDecorator[frozenset[E]]):
    """Members of an enumeration that `gathered` has put into one string. Only for reading."""

    impl, cache_ok = String, True

    def __init__(self, words: type[E]) -> None:
        super().__init__()
        self.words = words

    def process_result_value(self, value: str | None, dialect: Dialect) -> frozenset[E]:
        return frozenset(map(self.words, value.split(","))) if value else frozenset()
