"""Temporary databases for tests, each under a unique name."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn
from uuid import uuid4

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError

ROOT = Path(__file__).parent.parent
KINDS = ("sqlite", "postgresql", "mariadb")
SERVERS = {
    "postgresql": "postgresql+psycopg://postgres@127.0.0.1:5432/postgres",
    "mariadb": "mysql+pymysql://root@127.0.0.1:3306/mysql",
}


def unavailable(reason: str) -> NoReturn:
    """Skip a test that lacks a server or a program. With CI=true, fail it."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


@contextmanager
def empty_database(kind: str, folder: Path, options: str = "") -> Iterator[str]:
    """The URL of a new database without tables."""
    name = f"hexstart_test_{uuid4().hex[:12]}"
    if kind == "sqlite":
        yield f"sqlite:///{folder / name}.db"
        return
    server = create_engine(SERVERS[kind], isolation_level="AUTOCOMMIT", connect_args={"connect_timeout": 3})
    try:
        with server.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name} {options}"))
    except OperationalError:
        unavailable(f"{kind} does not answer on this machine")
    try:
        yield SERVERS[kind].rpartition("/")[0] + f"/{name}"
    finally:
        with server.connect() as connection:
            force = " WITH (FORCE)" if kind == "postgresql" else ""
            connection.execute(text(f"DROP DATABASE {name}{force}"))
        server.dispose()


def alembic_config(url: str) -> Config:
    config = Config(toml_file=str(ROOT / "pyproject.toml"))
    config.attributes["database_url"] = url
    return config


@contextmanager
def migrated_database(kind: str, folder: Path) -> Iterator[str]:
    with empty_database(kind, folder) as url:
        command.upgrade(alembic_config(url), "heads")
        yield url
