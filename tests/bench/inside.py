"""The child process that calls an application as WSGI callable, without a server, and reads its CPU clock.

Orders come as JSON lines on standard input, answers leave as JSON lines on standard output, so that the
parent can give several children their turns. `Child` is the parent's side, `main` the child's.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from typing import Any, Self

from tests.bench.load import ROOT

BOOKKEEPING = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE", "PRAGMA", "SHOW", "SET")


@dataclass
class Child:
    process: "subprocess.Popen[str]"

    @classmethod
    def start(cls, app: str, environment: dict[str, str], *options: str) -> Self:
        return cls(
            subprocess.Popen(
                [sys.executable, "-m", "tests.bench.inside", app, *options],
                cwd=ROOT,
                env=environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
                start_new_session=True,
            )
        )

    def do(self, order: str, **arguments: Any) -> Any:
        assert self.process.stdin and self.process.stdout
        print(json.dumps([order, arguments]), file=self.process.stdin, flush=True)
        answer = self.process.stdout.readline()
        if not answer:
            raise RuntimeError(f"the process that was asked for {order} {arguments!s:.200} broke")
        return json.loads(answer)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait(10)


SPIN = """
import contextlib, os
os.nice(19)
with contextlib.suppress(OSError):
    open("/proc/self/autogroup", "w").write("19")
while True: pass
"""


@contextmanager
def awake() -> Iterator[None]:
    """Keeps every core busy with what gives way to everything else.

    Who waits for PostgreSQL lets the core fall asleep, and on a virtual machine the process is charged for
    waking it: 90 microseconds of CPU for a `select` of 100 microseconds in a loop of plain Python. A server
    that has something to do meanwhile does not pay that, and the bare route, which never waits, does not.
    """
    spinners = [
        subprocess.Popen([sys.executable, "-c", SPIN], start_new_session=True)
        for _ in range(os.cpu_count() or 1)
    ]
    try:
        yield
    finally:
        for spinner in spinners:
            spinner.kill()
            spinner.wait(10)


class Orders:
    """What a child can be asked to do."""

    def __init__(self, app: Callable[..., Any], statements: list[str]) -> None:
        self.app = app
        self.statements = statements
        self.port = os.environ.get("PORT", "8000")

    def call(self, **request: Any) -> dict[str, Any]:
        """One request: its status, the cookie it set, the statements it sent, and its CPU seconds."""
        environ, body = self._environ(**request)
        del self.statements[:]
        status, headers, content, everything, thread = self._timed(environ, body)
        cookies = [value.partition(";")[0] for name, value in headers if name.lower() == "set-cookie"]
        return {
            "status": status,
            "cookie": cookies[0] if cookies else "",
            "statements": list(self.statements),
            "cpu": everything,
            "outside": thread,
            "size": len(content),
        }

    def loop(self, count: int, **request: Any) -> dict[str, Any]:
        """The same request again and again: CPU seconds for one."""
        environ, body = self._environ(**request)
        expected = self._send(environ, body)[0]
        began = time.process_time()
        for _ in range(count):
            if self._send(environ, body)[0] != expected:
                raise RuntimeError("the answer changed")
        return {"status": expected, "cpu": (time.process_time() - began) / count}

    def hash(self, rounds: int) -> float:
        """CPU seconds of bcrypt alone."""
        import bcrypt

        salt = bcrypt.gensalt(rounds)
        began = time.process_time()
        bcrypt.hashpw(b"x" * 44, salt)
        return time.process_time() - began

    def _timed(
        self, environ: dict[str, Any], body: bytes
    ) -> tuple[int, list[tuple[str, str]], bytes, float, float]:
        process, thread = time.process_time(), time.thread_time()
        answer = self._send(environ, body)
        return *answer, time.process_time() - process, time.thread_time() - thread

    def _send(self, environ: dict[str, Any], body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        started: list[Any] = []

        def start_response(status: str, headers: list[tuple[str, str]], *_: object) -> None:
            started[:] = status, headers

        chunks = self.app({**environ, "wsgi.input": BytesIO(body)}, start_response)
        content = b"".join(chunks)
        if hasattr(chunks, "close"):
            chunks.close()
        return int(started[0][:3]), started[1], content

    def _environ(
        self, path: str, method: str = "GET", cookie: str = "", body: Any = None
    ) -> tuple[dict[str, Any], bytes]:
        """What granian hands over for the load generator's request."""
        content = b"" if body is None else json.dumps(body).encode()
        environ = {
            "REQUEST_METHOD": method,
            "SCRIPT_NAME": "",
            "PATH_INFO": path,
            "QUERY_STRING": "",
            "SERVER_NAME": "127.0.0.1",
            "SERVER_PORT": self.port,
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": "127.0.0.1",
            "HTTP_HOST": f"127.0.0.1:{self.port}",
            "HTTP_ACCEPT": "*/*",
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": True,
            "wsgi.run_once": False,
        }
        if cookie:
            environ["HTTP_COOKIE"] = cookie
        if body is not None:
            environ |= {"CONTENT_TYPE": "application/json", "CONTENT_LENGTH": str(len(content))}
        return environ, content


def listen(statements: list[str]) -> None:
    """Write down what is sent, at the drivers: whatever goes past SQLAlchemy counts too."""

    def keep(statement: Any) -> None:
        text = " ".join(str(statement).split())
        if not text.upper().startswith(BOOKKEEPING) and not text.startswith("--"):
            statements.append(text)

    if os.environ["DATABASE_URL"].startswith("sqlite"):
        from sqlalchemy import event
        from sqlalchemy.pool import Pool

        event.listen(Pool, "connect", lambda connection, _: connection.set_trace_callback(keep))
    else:
        import psycopg

        execute: Any = psycopg.Cursor.execute

        def traced(cursor: Any, query: Any, *arguments: Any, **options: Any) -> Any:
            keep(query)
            return execute(cursor, query, *arguments, **options)

        psycopg.Cursor.execute = traced  # type: ignore[assignment, method-assign]


def load(name: str) -> Callable[..., Any]:
    if name == "product":
        from entrypoints.flask_app import wsgi

        app: Callable[..., Any] = wsgi.create()
        return app
    from tests.bench import floors

    app = getattr(floors, name)()
    return app


def main(name: str, *options: str) -> None:
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what an application prints is not an answer
    statements: list[str] = []
    if "--statements" in options:
        listen(statements)
    orders = Orders(load(name), statements)
    for line in sys.stdin:
        order, arguments = json.loads(line)
        print(json.dumps(getattr(orders, order)(**arguments)), file=answers, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
