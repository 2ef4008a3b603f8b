"""Walks all tables with a `user_id` or a `team_id`: is each exported, and is each forgotten?

A new table needs no change here: its rows are made from the types of its columns.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, Column, Enum, LargeBinary, MetaData, String, Table, Uuid, or_, select
from sqlalchemy.types import Boolean, Date, DateTime, Integer, Interval, Numeric, Time, TypeDecorator
from uuid_utils.compat import uuid7

from adapters.sql.types import Word
from application.ports import stores
from domain.errors import DomainError
from domain.personal import PersonalStore
from tests.databases import ROOT
from tests.fakes import NOON

# Columns that keep their text in a forgotten row. They tell what happened, and nothing else of the user.
KEPT = {"events": {"detail", "operator"}}

# The first type that fits decides: an Enum is a String, too.
PLAUSIBLE: dict[type, Callable[[Any, str], Any]] = {
    Enum: lambda type_, mark: (type_.enum_class and next(iter(type_.enum_class))) or type_.enums[0],
    String: lambda type_, mark: mark[-type_.length :] if type_.length else mark,
    JSON: lambda type_, mark: {"mark": mark},
    LargeBinary: lambda type_, mark: mark.encode(),
    Uuid: lambda type_, mark: uuid7(),
    Boolean: lambda type_, mark: True,
    Integer: lambda type_, mark: 1,
    Numeric: lambda type_, mark: 1,
    DateTime: lambda type_, mark: NOON,
    Date: lambda type_, mark: NOON.date(),
    Time: lambda type_, mark: NOON.time(),
    Interval: lambda type_, mark: timedelta(1),
}


@dataclass
class Owner:
    """A user with a personal team, and the row that was made in each table."""

    user_id: UUID = field(default_factory=uuid7)
    team_id: UUID = field(default_factory=uuid7)
    rows: dict[str, dict[str, Any]] = field(default_factory=dict)


def word_of(table_name: str) -> str:
    """The word whose file in adapters/sql defines the table, or "" ."""
    for path in sorted((ROOT / "adapters" / "sql").glob("*.py")):
        if re.search(rf'\bTable\(\s*"{table_name}"', path.read_text()):
            return path.stem
    return ""


class Walk:
    """Walks the tables of `metadata` in the unit of work `work`, which is not committed."""

    def __init__(self, work: Any, metadata: MetaData, word_of: Callable[[str], str] = word_of) -> None:
        self.work, self.metadata, self.word_of = work, metadata, word_of
        self.marks = (f"mark{number:04}" for number in count(1))
        owned = [table for table in metadata.sorted_tables if {"user_id", "team_id"} & set(table.c.keys())]
        # What belongs to the team comes after the membership.
        self.tables = sorted(owned, key=lambda table: "user_id" not in table.c)

    def problems(self) -> list[str]:
        ada, eve = Owner(), Owner()
        for owner in (eve, ada):
            self.insert(self.metadata.tables["users"], owner)
            self.insert(self.metadata.tables["teams"], owner)
        for table in self.tables:
            self.insert(table, eve)
        before = self.export(eve)
        found = [problem for table in self.tables for problem in self.not_exported(table, ada)]
        found += self.exported_secrets(ada)
        found += [f"`{word}`: exports rows of another user" for word in self.changed(before, eve)]

        rows = self.left(eve)
        try:
            self.forget(ada)
        except DomainError as error:
            return [*found, f"forgetting fails ({error!r}): a table refers to users and is not forgotten"]
        found += [problem for table in self.tables for problem in self.not_forgotten(table, ada)]
        found += [f"`{word}`: forgets rows of another user" for word in self.changed(before, eve)]
        if self.left(eve) != rows:
            found.append("forgetting changes rows of another user")
        return found

    def insert(self, table: Table, owner: Owner) -> None:
        values = owner.rows[table.name] = {}
        for column in table.columns:
            values[column.name] = self.value(column, owner)
        self.work.execute(table.insert(), values)

    def value(self, column: Column[Any], owner: Owner) -> Any:
        own = {"users.id": owner.user_id, "teams.id": owner.team_id}
        place = f"{column.table.name}.{column.name}"
        for key in column.foreign_keys:
            parent = key.column
            if parent.table is column.table:
                return None  # a tree: this row is its root
            if parent.table.name not in owner.rows:
                self.insert(parent.table, owner)
            return owner.rows[parent.table.name][parent.name]
        if place in own:
            return own[place]
        if column.name in ("user_id", "team_id"):
            return getattr(owner, column.name)
        if isinstance(column.type, Word):
            return next(iter(column.type.words))
        type_ = kind(column)
        make = next((make for known, make in PLAUSIBLE.items() if isinstance(type_, known)), None)
        assert make, f"{place}: tests/contract/walk.py knows no value of the type {column.type!r}"
        return make(type_, next(self.marks))

    def personal_stores(self) -> dict[str, PersonalStore]:
        return {word: store for word, store in stores(self.work).items() if isinstance(store, PersonalStore)}

    def export(self, owner: Owner) -> dict[str, list[dict[str, Any]]]:
        return {
            word: store.exported(owner.user_id, None).items for word, store in self.personal_stores().items()
        }

    def forget(self, owner: Owner) -> None:
        """In the order of application/accounts.py."""
        for store in reversed(self.personal_stores().values()):
            store.forget(owner.user_id)

    def changed(self, before: dict[str, Any], owner: Owner) -> list[str]:
        return [word for word, rows in self.export(owner).items() if rows != before[word]]

    def not_exported(self, table: Table, owner: Owner) -> Iterator[str]:
        """Adds a row: the export of the word must change."""
        word = self.word_of(table.name)
        store = self.personal_stores().get(word)
        before = store and store.exported(owner.user_id, None)
        if table.name not in owner.rows:
            self.insert(table, owner)
        if not word:
            yield f"table {table.name}: no file in adapters/sql defines it"
        elif store is None:
            yield f"table {table.name}: no store `{word}` that exports and forgets"
        elif store.exported(owner.user_id, None) == before:
            yield f"table {table.name}: its store `{word}` does not export it"

    def exported_secrets(self, owner: Owner) -> Iterator[str]:
        everything = str(self.export(owner))
        for table, values in owner.rows.items():
            for name, value in values.items():
                secrets = value.values() if name == "facts" else [value] if name.endswith("_hash") else []
                if any(secret in everything for secret in secrets):
                    yield f"table {table}: `{name}` is exported"

    def left(self, owner: Owner) -> dict[str, list[Any]]:
        return {table.name: self.rows(table, owner) for table in self.tables}

    def rows(self, table: Table, owner: Owner) -> list[Any]:
        own = [table.c[name] == getattr(owner, name) for name in ("user_id", "team_id") if name in table.c]
        return list(self.work.execute(select(table).where(or_(*own))).mappings())

    def not_forgotten(self, table: Table, owner: Owner) -> Iterator[str]:
        """A row is deleted, or loses all that was written in it."""
        written = owner.rows[table.name]
        texts = {column.name for column in table.columns if is_text(column)} - KEPT.get(table.name, set())
        for row in self.rows(table, owner):
            kept = sorted(name for name in texts if row[name] == written[name])
            if len(kept) == len(texts):
                yield f"table {table.name}: its rows are left as they were"
            elif kept:
                yield f"table {table.name}: {', '.join(kept)} left as written"


def kind(column: Column[Any]) -> Any:
    return column.type.impl if isinstance(column.type, TypeDecorator) else column.type


def is_text(column: Column[Any]) -> bool:
    """Whether the column holds text of users or of their devices."""
    return isinstance(kind(column), String | JSON | LargeBinary) and not isinstance(column.type, Word | Enum)
