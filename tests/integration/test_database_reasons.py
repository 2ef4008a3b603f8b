"""The reason why a database is unavailable: in the log, at the start, on the command line."""

import logging
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from click.testing import CliRunner
from sqlalchemy import text

from adapters.sql import failures
from adapters.sql.failures import NOT_MIGRATED
from entrypoints.cli import cli
from tests.databases import KINDS, alembic_config, empty_database, migrated_database
from tests.integration.conftest import ADA
from tests.integration.test_database_refuses import site_over
from tests.integration.test_start import refused_start
from tests.servers import ROOT, environment, free_port


@pytest.fixture(autouse=True)
def forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """No cause was logged yet."""
    monkeypatch.setattr(failures, "_logged", {})


@pytest.fixture(params=KINDS)
def unmigrated(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    with empty_database(request.param, tmp_path) as url:
        yield url


@pytest.mark.parametrize("revision", [None, "0002"], ids=["no tables", "older revision"])
def test_the_error_of_a_database_that_is_not_migrated_says_what_to_do(unmigrated, caplog, revision):
    if revision:
        command.upgrade(alembic_config(unmigrated), revision)
    with site_over(unmigrated) as site:
        health = site.ada.get("/health/ready")
        assert health.status_code == 503
        assert health.get_json()["errors"]["internal_error_code"] == 50301
        assert "run make migrate" in health.get_json()["errors"]["display_error"]
        assert site.ada.code("POST", "/api/register", ADA) == 50301
        [told] = [record.getMessage() for record in caplog.records if "make migrate" in record.getMessage()]
        caplog.clear()
        result = CliRunner().invoke(cli, ["mails", "list"], obj=site.container)
        assert (result.exit_code, result.stdout) == (10, "")
        [line] = result.stderr.splitlines()
        assert line.startswith(f"Error: {NOT_MIGRATED}")

        code, lines = refused_start(environment(unmigrated, free_port()))
        assert code not in {0, None}
        [line] = lines
        assert "DATABASE_URL" in line and "run make migrate" in line

        command.upgrade(alembic_config(unmigrated), "heads")
        assert site.ada.ask("GET", "/health/ready")[0] == 200
        site.begin()
    assert told.startswith("the database is unavailable: ")


def test_a_newer_database_serves_an_older_release(tmp_path):
    """The release before a migration works on: all its columns are there."""
    with migrated_database("sqlite", tmp_path) as url, site_over(url) as site:
        with site.container.engines().writer.begin() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
            connection.execute(text("ALTER TABLE users ADD COLUMN shoe_size INTEGER"))
        assert site.ada.ask("GET", "/health/ready")[0] == 200
        site.begin()


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://postgres:s3cret@127.0.0.1:1/x",
        "mysql://root:s3cret@127.0.0.1:1/x",
        "postgresql://postgres:s3cret@127.0.0.1:5432/hexstart_nowhere",
        "mysql://hexstart_nobody:s3cret@127.0.0.1:3306/mysql",
        "sqlite:////nowhere/at/all.db",
    ],
)
def test_the_server_does_not_start_without_its_database_and_gives_the_reason(url):
    code, lines = refused_start(environment(url, free_port()))
    assert code not in {0, None}
    assert len(lines) == 1, lines[-3:]
    assert "DATABASE_URL: " in lines[0]
    assert not lines[0].endswith("DATABASE_URL: ")
    assert "s3cret" not in lines[0]


def test_the_command_line_gives_the_reason_in_one_line(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "entrypoints.cli", "users", "list"],
        cwd=ROOT,
        env=environment("postgresql://postgres:s3cret@127.0.0.1:1/x", free_port()),
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert done.returncode == 10
    [line] = done.stderr.splitlines()
    assert line.startswith("Error: ") and "Connection refused" in line
    assert "s3cret" not in line


def test_the_log_has_each_reason_once_a_minute(tmp_path, caplog, monkeypatch):
    now = [1000.0]
    monkeypatch.setattr(failures, "monotonic", lambda: now[0])
    caplog.set_level(logging.INFO)

    def said() -> list[str]:
        found = [r.getMessage() for r in caplog.records if r.name == "adapters.sql.failures"]
        caplog.clear()
        return found

    with site_over("sqlite:////nowhere/at/all.db") as away, migrated_database("sqlite", tmp_path) as url:
        for _ in range(3):
            assert away.ada.code("GET", "/health/ready") == 50301
        assert said() == ["the database is unavailable: unable to open database file."]
        with site_over(url) as site:
            with site.container.engines().writer.begin() as connection:
                connection.execute(text("DROP TABLE mails"))
            assert site.ada.code("POST", "/api/register", ADA) == 50301
        [missing] = said()
        assert missing == f"the database is unavailable: no such table: mails. {NOT_MIGRATED}"
        now[0] += 59
        assert away.ada.code("GET", "/health/ready") == 50301
        assert said() == []
        now[0] += 1
        assert away.ada.code("GET", "/health/ready") == 50301
        assert len(said()) == 1
    assert ADA["email"] not in caplog.text


def test_background_work_that_waits_logs_the_reason_once(tmp_path, caplog):
    from entrypoints.background import Background

    with site_over("sqlite:////nowhere/at/all.db") as site:
        background = Background(site.container.delivery(), site.container.housekeeping())
        for _ in range(3):
            assert background.step() == 0
    waits = [r.getMessage() for r in caplog.records if r.name == "entrypoints.background"]
    assert waits == ["background work waits: unable to open database file"]
