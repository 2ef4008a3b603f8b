"""The databases and servers of the bench. Each ends with the block that it was made for."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.request import ProxyHandler, Request, build_opener
from uuid import uuid4

import psycopg
from alembic import command
from alembic.config import Config

ROOT = Path(__file__).parents[2]
KINDS = SQLITE, POSTGRESQL = "SQLite", "PostgreSQL"
POSTGRESQL_SERVER = "postgresql://postgres@127.0.0.1:5432"

PASSWORD = "correct horse battery 42 staple"
CHEAP, REAL = 4, 12  # bcrypt rounds: where hashing is not measured, and where it is

WITHOUT_PROXY = build_opener(ProxyHandler({}))

# The production server, but without the file .env of this tree: it may name a mail server.
SERVE = "from entrypoints import serve, settings; settings.Settings.model_config['env_file'] = None; "
PRODUCT = ["-c", SERVE + "serve.main()"]
SETTINGS = {"WORKERS": "2", "LIMITS": "off", "LOG_FORMAT": "json"}
GUNICORN = [
    *"-m gunicorn --worker-class gthread --workers 2 --threads 4 --bind 127.0.0.1:{port}".split(),
    *"--log-level warning tests.bench.floor:create()".split(),
]


@contextlib.contextmanager
def database(kind: str) -> Iterator[str]:
    """The URL of a new database with the product's tables. It is dropped at the end."""
    name = f"hexstart_bench_{uuid4().hex[:12]}"
    with contextlib.ExitStack() as at_the_end:
        if kind == SQLITE:
            folder = at_the_end.enter_context(tempfile.TemporaryDirectory(prefix="hexstart_bench_"))
            url = f"sqlite:///{folder}/{name}.db"
        else:
            server = psycopg.connect(POSTGRESQL_SERVER + "/postgres", autocommit=True, connect_timeout=3)
            at_the_end.callback(server.close)
            server.execute(f"CREATE DATABASE {name}".encode())
            at_the_end.callback(server.execute, f"DROP DATABASE {name} WITH (FORCE)".encode())
            url = f"{POSTGRESQL_SERVER.replace('://', '+psycopg://')}/{name}"
        config = Config(toml_file=str(ROOT / "pyproject.toml"))
        config.attributes["database_url"] = url
        command.upgrade(config, "heads")
        yield url


@dataclass(frozen=True)
class Server:
    process: "subprocess.Popen[bytes]"
    port: int

    def ask(self, path: str, body: Any = None, cookie: str = "") -> tuple[str, bytes]:
        """The cookie of the answer, as a client sends it back, and its body. Raise OSError from 400 on."""
        content = None if body is None else json.dumps(body).encode()
        url, headers = f"http://127.0.0.1:{self.port}{path}", {"Content-Type": "application/json"}
        with WITHOUT_PROXY.open(Request(url, content, headers | {"Cookie": cookie}), timeout=30) as response:
            return (response.headers["Set-Cookie"] or "").partition(";")[0], response.read()

    def workers(self) -> list[int]:
        threads = Path(f"/proc/{self.process.pid}/task").glob("*/children")
        return [int(child) for children in threads for child in children.read_text().split()]

    def cpu(self) -> float:
        """Seconds of CPU that the master and its workers have used until now."""
        ticks = 0
        for process in (self.process.pid, *self.workers()):
            fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK")


def product(url: str, rounds: int = CHEAP, **more: str) -> contextlib.AbstractContextManager[Server]:
    settings = SETTINGS | {"DATABASE_URL": url, "BCRYPT_ROUNDS": str(rounds)} | more
    return running(PRODUCT, "/health/live", **settings)


@contextlib.contextmanager
def running(arguments: list[str], path: str, **variables: str) -> Iterator[Server]:
    """A server. The block begins when the server answers at `path`."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = int(free.getsockname()[1])
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            [sys.executable, *(argument.format(port=port) for argument in arguments)],
            cwd=ROOT,
            env=os.environ | variables | {"PORT": str(port)},
            stdout=log,
            stderr=log,
            start_new_session=True,  # Ctrl-C is for the bench, which ends its servers in order
        )
        server, deadline = Server(process, port), time.monotonic() + 30
        try:
            while not answers(server, path):
                if time.monotonic() > deadline or process.poll() is not None:
                    log.seek(0)
                    raise RuntimeError(f"the server did not start: {log.read()[-1500:].decode()}")
                time.sleep(0.05)
            yield server
        finally:
            process.terminate()  # the master only: it ends its workers
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(10)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)  # what is left of its session
            process.wait()


def answers(server: Server, path: str) -> bool:
    with contextlib.suppress(OSError, HTTPException):
        server.ask(path)
        return True
    return False


def a_person() -> dict[str, str]:
    """What a new user sends to register."""
    name = f"user{uuid4().hex[:12]}"
    return {"username": name, "email": f"{name}@example.com", "password": PASSWORD}


def register(server: Server, count: int) -> dict[str, str]:
    """New users: the session's cookie of each by the email address."""
    people = [a_person() for _ in range(count)]
    return {person["email"]: server.ask("/api/register", person)[0] for person in people}


def api_token(server: Server, cookie: str) -> str:
    body = {"name": "bench", "scope": "read", "current_password": PASSWORD}
    return str(json.loads(server.ask("/api/tokens", body, cookie)[1])["data"]["token"])
