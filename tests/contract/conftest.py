"""The stores behind the ports. Each contract test runs on all of them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import pytest

from adapters.memory.tables import Tables
from adapters.memory.unit_of_work import Memory, MemoryReading, MemoryUnitOfWork
from adapters.sql.engines import Engines, connect
from adapters.sql.limits import metadata
from adapters.sql.unit_of_work import SqlReading, SqlUnitOfWork
from application.ports import Look, Transaction
from tests.databases import KINDS, migrated_database


@dataclass(frozen=True)
class Store:
    kind: str
    look: Look
    transaction: Transaction
    empty: Callable[[], None]


def memory_store() -> Store:
    memory = Memory()

    def empty() -> None:
        memory.tables = Tables()

    return Store("memory", partial(MemoryReading, memory), partial(MemoryUnitOfWork, memory), empty)


def sql_store(kind: str, engines: Engines) -> Store:
    def empty() -> None:
        with engines.writer.begin() as connection:
            for table in reversed(metadata.sorted_tables):
                connection.execute(table.delete())

    return Store(kind, partial(SqlReading, engines), partial(SqlUnitOfWork, engines), empty)


@pytest.fixture(scope="session", params=["memory", *KINDS])
def stored(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    if request.param == "memory":
        yield memory_store()
        return
    with migrated_database(request.param, tmp_path_factory.mktemp("db")) as url:
        engines = connect(url)
        yield sql_store(request.param, engines)
        engines.dispose()


@pytest.fixture
def store(stored: Store) -> Store:
    """A store that was emptied."""
    stored.empty()
    return stored
