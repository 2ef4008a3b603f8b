"""Fixtures that tests of every kind share: the databases."""

import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from adapters.sql.engines import Engines, connect
from adapters.sql.limits import metadata
from entrypoints.settings import Settings
from tests.databases import KINDS, migrated_database

# The tests do not read the settings of the shell.
for setting in Settings.model_fields:
    os.environ.pop(setting.upper(), None)


# Hypothesis measures time, too: on a busy machine an example may take seconds.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")


@pytest.fixture(scope="session", params=KINDS)
def database_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """One database for each kind and test process. `engines` empties it before each test."""
    with migrated_database(request.param, tmp_path_factory.mktemp("db")) as url:
        yield url


@pytest.fixture(scope="session")
def connected(database_url: str) -> Iterator[Engines]:
    engines = connect(database_url)
    yield engines
    engines.dispose()


@pytest.fixture
def engines(connected: Engines) -> Engines:
    with connected.writer.begin() as connection:
        for table in reversed(metadata.sorted_tables):
            connection.execute(table.delete())
    return connected
