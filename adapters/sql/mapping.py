"""Entities and rows. A column has the name of the field that it stores, so one mapping serves all tables."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any, ClassVar, Generic, Protocol, TypeVar
from uuid import UUID

from sqlalchemy import (
    Column,
    ColumnElement,
    CursorResult,
    Executable,
    Select,
    Table,
    bindparam,
    func,
    literal_column,
    select,
)

from domain.errors import Stale
from domain.paging import MOST_COUNTED, Page
from domain.personal import EXPORT_BATCH, exported

E = TypeVar("E")


class Execute(Protocol):
    def __call__(
        self, statement: Executable, values: Mapping[str, Any] | None = None, /
    ) -> CursorResult[Any]: ...


class Purge:
    """Deletes rows whose moment in `column` has come, the oldest first.

    It takes two statements: with a subquery PostgreSQL and MariaDB would read the whole table.
    """

    def __init__(self, column: Column[Any]) -> None:
        key, come = column.table.primary_key.columns[0], column <= bindparam("until")
        self.found = select(key).where(come).order_by(column).limit(bindparam("limit"))
        # The moment is checked again, because a row may have been prolonged meanwhile.
        self.delete = column.table.delete().where(key.in_(bindparam("keys", expanding=True)), come)

    def rows(self, execute: Execute, until: datetime, limit: int) -> int:
        """Delete at most `limit` rows. Return the number."""
        keys = list(execute(self.found, {"until": until, "limit": limit}).scalars())
        return execute(self.delete, {"until": until, "keys": keys}).rowcount if keys else 0


class Rows(Generic[E]):
    """The statements of one table. They are built once, because building takes half of their time.

    `computed` has the fields that are read by an expression and not written.
    """

    def __init__(self, entity: type[E], table: Table, **computed: ColumnElement[Any]) -> None:
        self.entity = entity
        self.names = [field.name for field in fields(entity)]  # type: ignore[arg-type]
        self.columns = [
            computed[name].label(name) if name in computed else table.c[name] for name in self.names
        ]
        self.stored = [column.name for column in table.columns]
        self.select = select(*self.columns)
        self.insert = table.insert()
        if "id" in table.c:
            self.id = table.c.id
            self.by_id = self.select.where(table.c.id == bindparam("id"))
        if "user_id" in table.c:
            of_user = table.c.user_id == bindparam("its_user_id")
            self.forget = table.delete().where(of_user)
            if "id" in table.c:
                by_user = [index.name for index in table.indexes if index.columns[0].name == "user_id"]
                self.of_user = Newest(self, of_user, index=by_user[0] if by_user else None)
        if "version" in table.c:
            self.update = (
                table.update()
                .where(table.c.id == bindparam("its_id"), table.c.version == bindparam("its_version"))
                .values({name: bindparam(name) for name in self.stored if name != "id"})
            )

    def read(self, row: Sequence[Any]) -> E:
        return self.entity(**dict(zip(self.names, row, strict=True)))

    def one(self, result: CursorResult[Any]) -> E | None:
        row = result.first()
        return None if row is None else self.read(row)

    def write(self, entity: E) -> dict[str, Any]:
        return {name: getattr(entity, name) for name in self.stored}

    def save(self, execute: Execute, entity: Any) -> None:
        """Raise Stale when the stored version is another one."""
        values = self.write(entity)
        values |= {"its_id": values.pop("id"), "its_version": entity.version, "version": entity.version + 1}
        if execute(self.update, values).rowcount != 1:
            raise Stale
        entity.version += 1


def counting(found: Select[Any]) -> Select[Any]:
    """The number of rows of a list: at most MOST_COUNTED + 1, because it reads no more.

    It keeps the order of the list, so it reads the same index as a page.
    """
    found = found.with_only_columns(literal_column("1"), maintain_column_froms=True)
    return select(func.count()).select_from(found.limit(MOST_COUNTED + 1).subquery())


class Newest(Generic[E]):
    """Pages of a list, newest id first. A page begins after the last id of the one before, without OFFSET.

    `index` is a hint for MariaDB: without it a page may read all rows of the pages before.
    """

    def __init__(self, rows: Rows[E], *where: ColumnElement[bool], index: str | None = None) -> None:
        self.rows = rows
        self.first = rows.select.where(*where).order_by(rows.id.desc()).limit(bindparam("limit"))
        if index:
            self.first = self.first.with_hint(rows.id.table, f"FORCE INDEX ({index})", "mysql")
        self.following = self.first.where(rows.id < bindparam("after"))
        self.number = counting(self.first)

    def page(self, execute: Execute, after: UUID | None, limit: int, **values: Any) -> Page[E]:
        values["limit"] = limit + 1  # the extra row shows that there is another page
        if after is None:
            result = execute(self.first, values)
        else:
            result = execute(self.following, values | {"after": after})
        found = [self.rows.read(row) for row in result]
        last: Any = found[limit - 1] if len(found) > limit else None
        return Page(found[:limit], last and last.id)

    def count(self, execute: Execute, **values: Any) -> int:
        """At most MOST_COUNTED + 1."""
        found: int = execute(self.number, values).scalar_one()
        return found


class SqlStore:
    """A store of one table. `execute` runs a statement in the unit of work."""

    rows: ClassVar[Rows[Any]]

    def __init__(self, execute: Execute) -> None:
        self.execute = execute

    def add(self, entity: Any) -> None:
        self.execute(self.rows.insert, self.rows.write(entity))

    def get(self, id: UUID) -> Any:
        return self.rows.one(self.execute(self.rows.by_id, {"id": id}))

    def save(self, entity: Any) -> None:
        self.rows.save(self.execute, entity)


class PersonalRows(SqlStore):
    """A store of a table with a `user_id`: its rows are exported and forgotten by user."""

    def exported(self, user_id: UUID, after: UUID | None) -> Page[dict[str, Any]]:
        page = self.rows.of_user.page(self.execute, after, EXPORT_BATCH, its_user_id=user_id)
        return Page([exported(entity) for entity in page.items], page.next)

    def forget(self, user_id: UUID) -> None:
        self.execute(self.rows.forget, {"its_user_id": user_id})
