"""An upgrade that is killed at any statement, and upgrades in parallel."""

import os
import signal
from concurrent.futures import ThreadPoolExecutor

import pytest
from alembic import command
from sqlalchemy import Engine, event

from adapters.sql.limits import metadata
from tests.databases import KINDS, alembic_config, empty_database
from tests.integration.test_migrations import alembic, tables

MOST_STATEMENTS = 200


def killed_at(url, statement):
    """True when an upgrade in a process of its own was killed before that statement, False when it ended."""
    child = os.fork()
    if child == 0:
        seen = 0

        @event.listens_for(Engine, "before_cursor_execute")
        def count(*_):
            nonlocal seen
            seen += 1
            if seen == statement:
                os.kill(os.getpid(), signal.SIGKILL)

        try:
            command.upgrade(alembic_config(url), "heads")
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


@pytest.mark.alone
@pytest.mark.parametrize("kind, step", [("sqlite", 5), ("postgresql", 11), ("mariadb", 3)])
def test_an_upgrade_killed_at_any_statement_can_run_again(kind, step, tmp_path):
    kills = 0
    for statement in range(1, MOST_STATEMENTS, step):
        with empty_database(kind, tmp_path) as url:
            killed = killed_at(url, statement)
            command.upgrade(alembic_config(url), "heads")
            assert tables(url) == set(metadata.tables), statement
        kills += killed
        if not killed:
            break
    assert kills >= 4


@pytest.mark.parametrize("kind", KINDS)
def test_parallel_upgrades_wait_for_each_other(kind, tmp_path):
    with empty_database(kind, tmp_path) as url, ThreadPoolExecutor(3) as pool:
        done = list(pool.map(lambda _: alembic("upgrade", "heads", DATABASE_URL=url), range(3)))

        assert [run.returncode for run in done] == [0, 0, 0], [run.stderr for run in done]
        assert tables(url) == set(metadata.tables)
