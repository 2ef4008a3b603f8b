"""Entities and rows: a column is named after the field it stores, so one mapping serves every table."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any, Generic, Protocol, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, CursorResult, Delete, Executable, Table, bindparam, select

from application.ports import Page
from domain.errors import Stale

E = TypeVar("E")


class Execute(Protocol):
    def __call__(
        self, statement: Executable, values: Mapping[str, Any] | None = None, /
    ) -> CursorResult[Any]: ...


def purge_of(table: Table, served: ColumnElement[bool]) -> Delete:
    """Deletes at most `limit` rows that have served their time, by way of a table of its own: MySQL neither
    limits a subquery of IN nor reads from the table that it deletes from."""
    some = select(table.primary_key.columns[0]).where(served).limit(bindparam("limit")).subquery()
    return table.delete().where(table.primary_key.columns[0].in_(select(some.c[0])))


class Rows(Generic[E]):
    """The statements that every collection needs, built once: building is half their cost.

    `computed` are fields that the table has no column for: read, never written.
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
        """Raise Stale unless what is stored is still what was read."""
        values = self.write(entity)
        values |= {"its_id": values.pop("id"), "its_version": entity.version, "version": entity.version + 1}
        if execute(self.update, values).rowcount != 1:
            raise Stale
        entity.version += 1


class Newest(Generic[E]):
    """A list by its ids, the newest first, a page at a time: behind what was seen last, never by OFFSET."""

    def __init__(self, rows: Rows[E], *where: ColumnElement[bool]) -> None:
        self.rows = rows
        self.first = rows.select.where(*where).order_by(rows.id.desc()).limit(bindparam("limit"))
        self.onward = self.first.where(rows.id < bindparam("after"))

    def page(self, execute: Execute, after: UUID | None, limit: int, **values: Any) -> Page[E]:
        values["limit"] = limit + 1  # one more tells whether there is another page
        if after is None:
            result = execute(self.first, values)
        else:
            result = execute(self.onward, values | {"after": after})
        found = [self.rows.read(row) for row in result]
        last: Any = found[limit - 1] if len(found) > limit else None
        return Page(found[:limit], last and last.id)
