"""Databases made for one run and dropped at its end: SQLite files, PostgreSQL databases of unique names."""

import os
import uuid
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from tests.bench.report import NotRun

SQLITE, POSTGRESQL = "SQLite", "PostgreSQL"
KINDS = (SQLITE, POSTGRESQL)
POSTGRESQL_SERVER = os.environ.get("BENCH_POSTGRESQL", "postgresql://postgres@127.0.0.1:5432")


@dataclass
class Databases:
    directory: Path
    made: list[str] = field(default_factory=list)

    def make(self, kind: str) -> str:
        """The URL of a new, empty database; NotRun when its server does not answer."""
        name = f"bench_{uuid.uuid4().hex}"
        if kind == SQLITE:
            return f"sqlite:///{self.directory / name}.db"
        try:
            with self._connect() as connection:
                connection.execute(f"CREATE DATABASE {name}".encode())
        except psycopg.OperationalError as error:
            raise NotRun(f"no PostgreSQL: {str(error).splitlines()[0]}") from None
        self.made.append(name)
        return POSTGRESQL_SERVER.replace("postgresql://", "postgresql+psycopg://") + f"/{name}"

    def drop(self) -> None:
        while self.made:
            with self._connect() as connection:
                connection.execute(f"DROP DATABASE IF EXISTS {self.made[-1]} WITH (FORCE)".encode())
            self.made.pop()

    @staticmethod
    def _connect() -> "psycopg.Connection[tuple[object, ...]]":
        return psycopg.connect(POSTGRESQL_SERVER + "/postgres", autocommit=True, connect_timeout=3)
