"""Tables in memory, with the rules of a database: keys, unique values, parents, versions."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar
from uuid import UUID

from domain.errors import DomainError, Stale
from domain.paging import MOST_COUNTED, Page
from domain.personal import EXPORT_BATCH, exported

Values = tuple[Any, ...]


@dataclass(frozen=True)
class Rules:
    """`unique`: fields, and the error for a second row with the same values. `exists`: the error for a second
    row with the same key. `parents`: a field, and the table that it refers to. A row needs its parents and is
    deleted with them. `references`: the same for a field that may be None. It becomes None in place of a
    deletion.
    """

    key: tuple[str, ...] = ("id",)
    exists: type[DomainError] = Stale
    unique: Mapping[tuple[str, ...], type[DomainError]] = field(default_factory=dict)
    parents: Mapping[str, str] = field(default_factory=dict)
    references: Mapping[str, str] = field(default_factory=dict)


class Rows:
    """The rows of one table. Entities are copied on the way in and out, so only `save` stores a change."""

    def __init__(self, rules: Rules, tables: Mapping[str, "Rows"]) -> None:
        self.rules, self.tables = rules, tables
        self.stored: dict[Values, Any] = {}

    def add(self, entity: Any) -> None:
        """Raise the error of a rule, or Stale for a missing parent."""
        self._check_unique(entity)
        if self._key(entity) in self.stored:
            raise self.rules.exists
        self.put(entity)

    def save(self, entity: Any) -> None:
        """Raise Stale when the stored version is another one, or the error of a unique rule."""
        stored = self.stored.get(self._key(entity))
        if stored is None or stored.version != entity.version:
            raise Stale
        self._check_unique(entity)
        entity.version += 1
        self.put(entity)

    def put(self, entity: Any) -> None:
        """Add or replace the row. Raise Stale for a missing parent."""
        for name, table in (*self.rules.parents.items(), *self.rules.references.items()):
            id = getattr(entity, name)
            if (id,) not in self.tables[table].stored and not (id is None and name in self.rules.references):
                raise Stale
        self.stored[self._key(entity)] = replace(entity)

    def get(self, *key: Any) -> Any:
        """The row with this key, or None."""
        found = self.stored.get(key)
        return found and replace(found)

    def where(self, **values: Any) -> list[Any]:
        """The rows with these values, in the order of their keys."""
        found = [row for row in self.stored.values() if _has(row, values)]
        return [replace(row) for row in sorted(found, key=self._key)]

    def delete(self, entity: Any) -> bool:
        """Delete the row and its child rows. False when the row does not exist."""
        for rows in self.tables.values():
            for name, table in rows.rules.parents.items():
                if self.tables[table] is self:
                    for child in rows.where(**{name: entity.id}):
                        rows.delete(child)
            for name, table in rows.rules.references.items():
                if self.tables[table] is self:
                    for row in rows.where(**{name: entity.id}):
                        rows.put(replace(row, **{name: None}))
        return self.stored.pop(self._key(entity), None) is not None

    def delete_all(self, entities: list[Any]) -> int:
        """Return the number of deleted rows, without child rows."""
        return sum(map(self.delete, entities))

    def _key(self, entity: Any) -> Values:
        return tuple(getattr(entity, name) for name in self.rules.key)

    def _check_unique(self, entity: Any) -> None:
        for names, error in self.rules.unique.items():
            same = self.where(**{name: getattr(entity, name) for name in names})
            if any(self._key(row) != self._key(entity) for row in same):
                raise error


def _has(row: Any, values: Mapping[str, Any]) -> bool:
    return all(getattr(row, name) == value for name, value in values.items())


def newest(rows: list[Any], after: UUID | None, limit: int) -> Page[Any]:
    """A page of rows, newest id first."""
    found = sorted((row for row in rows if after is None or row.id < after), key=lambda row: row.id)[::-1]
    return Page(found[:limit], found[limit - 1].id if len(found) > limit else None)


def number_of(rows: list[Any]) -> int:
    """As SQL counts: at most MOST_COUNTED + 1."""
    return min(len(rows), MOST_COUNTED + 1)


class MemoryStore:
    """A store of the rows of one table."""

    table: ClassVar[str]

    def __init__(self, tables: Mapping[str, Rows]) -> None:
        self.tables, self.rows = tables, tables[self.table]

    def add(self, entity: Any) -> None:
        self.rows.add(entity)

    def get(self, id: UUID) -> Any:
        return self.rows.get(id)

    def save(self, entity: Any) -> None:
        self.rows.save(entity)


class PersonalRows(MemoryStore):
    """A store of a table with a `user_id`: its rows are exported and forgotten by user."""

    def exported(self, user_id: UUID, after: UUID | None) -> Page[dict[str, Any]]:
        page = newest(self.rows.where(user_id=user_id), after, EXPORT_BATCH)
        return Page([exported(row) for row in page.items], page.next)

    def forget(self, user_id: UUID) -> None:
        self.rows.delete_all(self.rows.where(user_id=user_id))
