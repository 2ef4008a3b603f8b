"""The product as a process of its own, started for a test and asked over HTTP."""

import contextlib
import http.client
import json
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
SERVE = [sys.executable, "-m", "entrypoints.serve"]
START_SECONDS = 30
STOP_SECONDS = 20


@dataclass(frozen=True)
class Answer:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> int:
        """The internal error code of a request that failed, in the one shape of errors."""
        assert self.headers["Content-Type"] == "application/json", self.body[:200]
        code: int = self.json["errors"]["internal_error_code"]
        assert code // 100 == self.status
        assert self.json["errors"]["display_error"]
        return code

    @property
    def cookie(self) -> str:
        """The first cookie as the client sends it back: without its attributes."""
        return (self.headers["Set-Cookie"] or "").partition(";")[0]


def ask(
    client: http.client.HTTPConnection,
    method: str,
    path: str,
    body: Any = None,
    cookie: str = "",
    **headers: str,
) -> Answer:
    """One request on an open connection; `body` is sent as JSON unless it is bytes.

    In the name of a header, `_` stands for `-`.
    """
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    if cookie:
        sent["Cookie"] = cookie
    if body is not None:
        sent.setdefault("Content-Type", "application/json")
        body = body if isinstance(body, bytes) else json.dumps(body).encode()
    client.request(method, path, body, sent)
    return answer_of(client.getresponse())


def answer_of(response: http.client.HTTPResponse) -> Answer:
    return Answer(response.status, response.headers, response.read())


@dataclass
class Server:
    process: "subprocess.Popen[bytes]"
    port: int
    stderr: Path
    stdout: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> list[str]:
        """The lines on stderr until now."""
        return self.stderr.read_text(errors="replace").splitlines()

    def client(self, timeout: float = 30) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)

    def ask(self, method: str, path: str, body: Any = None, cookie: str = "", **headers: str) -> Answer:
        """One request on a connection of its own."""
        with contextlib.closing(self.client()) as client:
            return ask(client, method, path, body, cookie, **headers)

    def raw(self, request: bytes, timeout: float = 10) -> Answer | None:
        """The answer to these bytes, or None when the server closes the connection without one."""
        with socket.create_connection(("127.0.0.1", self.port), timeout) as connection:
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                connection.sendall(request)  # the server may answer before it has read all
            response = http.client.HTTPResponse(connection, method=request.split()[0].decode("latin-1"))
            try:
                response.begin()
                return answer_of(response)
            except (http.client.BadStatusLine, ConnectionResetError):
                return None
            finally:
                response.close()

    def workers(self) -> list[int]:
        """The process ids of the workers (on Linux)."""
        found = []
        for entry in Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError):
                state, parent = entry.read_text().rpartition(")")[2].split()[:2]
                if int(parent) == self.process.pid and state != "Z":
                    found.append(int(entry.parent.name))
        return found

    def wait_until_live(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                if self.ask("GET", "/health/live").status == 200:
                    return
            except (OSError, http.client.HTTPException):
                time.sleep(0.02)
        pytest.fail("the server did not start:\n" + "\n".join(self.log[-30:]))

    def end(self, seconds: float = STOP_SECONDS) -> None:
        """SIGTERM to the master. After `seconds`, SIGKILL to the whole process group."""
        if self.process.poll() is None:
            self.process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(seconds)
        self.kill()

    def kill(self) -> None:
        """SIGKILL to the master and its workers at once."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(10)


@contextlib.contextmanager
def running(database_url: str, **settings: str) -> Iterator[Server]:
    """The server on a migrated database. The block begins when the server answers."""
    with starting(database_url, **settings) as server:
        server.wait_until_live()
        yield server


@contextlib.contextmanager
def starting(database_url: str, **settings: str) -> Iterator[Server]:
    """The server, which may not answer yet. Its process group ends with the block."""
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="hexstart-server-") as folder:
        stderr, stdout = Path(folder, "stderr"), Path(folder, "stdout")
        with stderr.open("wb") as errors, stdout.open("wb") as output:
            process = subprocess.Popen(
                SERVE,
                cwd=ROOT,
                env=environment(database_url, port, **settings),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=errors,
                start_new_session=True,
            )
        server = Server(process, port, stderr, stdout)
        try:
            yield server
        finally:
            server.kill()  # an orderly end takes a second longer


def environment(database_url: str, port: int, **settings: str) -> dict[str, str]:
    """The environment of a server for tests. An empty setting counts as not set."""
    return {
        **os.environ,
        "APP_ENV": "development",
        "HOST": "127.0.0.1",
        "PORT": str(port),
        "BASE_URL": "",
        "DATABASE_URL": database_url,
        "BCRYPT_ROUNDS": "4",
        "LIMITS": "off",
        "LOG_FORMAT": "json",
        "WORKERS": "2",
        "TRUSTED_PROXIES": "",
        **settings,
    }


def alive(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def free_port() -> int:
    """A port below those of outgoing connections, which other tests open in great numbers."""
    while True:
        port = random.randrange(20_000, 32_000)
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port


def until(true: Callable[[], bool], otherwise: str, seconds: float = 8) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            pytest.fail(otherwise)
        time.sleep(0.02)


def listens(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False
