"""The product as the bench sees it: settings in the environment, two commands, HTTP; and its people."""

import os
import subprocess
import sys
import uuid
from dataclasses import dataclass, field
from pathlib import Path

from tests.bench import servers
from tests.bench.databases import Databases
from tests.bench.load import ROOT
from tests.bench.report import NotRun, Report
from tests.bench.servers import Server

PASSWORD = "correct horse battery 42 staple"
WRONG = "incorrect horse battery 42 staple"
CHEAP, REAL = 4, 12  # bcrypt rounds: where hashing is not what is measured, and where it is
WORKERS = 2
NOT_INHERITED = (
    *("APP_ENV", "BASE_URL", "MAIL_URL", "REDIS_URL", "SECRET_KEY", "TRUSTED_PROXIES", "TRUSTED_HOSTS"),
    *("SESSION_IDLE", "SESSION_IDLE_REMEMBERED", "SESSION_MAX", "TEST_DATABASE_URL"),
    "PYTHONDONTWRITEBYTECODE",  # an installed tree has its bytecode
)
INHERITED = {name: value for name, value in os.environ.items() if name not in NOT_INHERITED}


@dataclass
class Bench:
    """What every job is given."""

    directory: Path
    databases: Databases
    report: Report
    quick: bool = False
    running: list[Server] = field(default_factory=list)

    def seconds(self, thorough: float) -> float:
        return max(0.5, thorough / 4) if self.quick else thorough

    def times(self, thorough: int) -> int:
        return max(2, thorough // 3) if self.quick else thorough

    def migrated(self, kind: str) -> str:
        """The URL of a new database with the product's schema and nobody in it."""
        if not (ROOT / "entrypoints" / "serve.py").exists():
            raise NotRun("the product has no entrypoints/serve.py")
        url = self.databases.make(kind)
        done = subprocess.run(
            [sys.executable, "-m", "alembic", "upgrade", "head"],
            cwd=ROOT,
            env=environment(url, servers.free_port()),
            capture_output=True,
            text=True,
            timeout=120,
        )
        if done.returncode:
            raise RuntimeError(f"alembic upgrade head: {done.stderr[-1500:]}")
        return url

    def serve(self, url: str, rounds: int = CHEAP, answering: str = "/health/live") -> Server:
        port = servers.free_port()
        return self._begin(["-m", "entrypoints.serve"], environment(url, port, rounds), port, answering)

    def serve_on_granian(self, floor: str, url: str = "", answering: str = "/") -> Server:
        port = servers.free_port()
        command = servers.granian(floor, port, WORKERS)
        return self._begin(command, floor_environment(url), port, answering)

    def serve_on_gunicorn(self, floor: str, url: str, threads: int) -> Server:
        port = servers.free_port()
        command = servers.gunicorn(floor, port, WORKERS, threads)
        return self._begin(command, floor_environment(url), port, "/")

    def stop(self, *ours: Server) -> None:
        for server in ours or tuple(self.running):
            self.running.remove(server)
            server.stop()

    def log(self) -> Path:
        return self.directory / f"{uuid.uuid4().hex}.log"

    def _begin(self, command: list[str], settings: dict[str, str], port: int, answering: str) -> Server:
        server = servers.start(command, settings, port, self.log())
        self.running.append(server)
        if answering:
            server.until_answering(answering)
        return server


def environment(url: str, port: int, rounds: int = CHEAP) -> dict[str, str]:
    return INHERITED | {
        "HOST": "127.0.0.1",
        "PORT": str(port),
        "DATABASE_URL": url,
        "BCRYPT_ROUNDS": str(rounds),
        "LIMITS": "off",
        "WORKERS": str(WORKERS),
        "LOG_FORMAT": "json",
    }


def floor_environment(url: str) -> dict[str, str]:
    return INHERITED | {"FLOOR_DATABASE_URL": url}


def person(prefix: str = "user") -> dict[str, str]:
    """What a new person sends to register; the name shares nothing with the password."""
    name = f"{prefix}{uuid.uuid4().hex[:12]}"
    return {"username": name, "email": f"{name}@example.com", "password": PASSWORD}


def register(server: Server, count: int) -> list[tuple[str, str]]:
    """New people, each as an email address and the cookie of a session."""
    people = []
    for _ in range(count):
        body = person()
        answer = server.ask("POST", "/api/register", body)
        if answer.status != 201 or not answer.cookie:
            raise RuntimeError(f"POST /api/register answered {answer.status}: {answer.body!r:.300}")
        people.append((body["email"], answer.cookie))
    return people
