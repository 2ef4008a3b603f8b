"""Servers as processes: starting them, waiting for them, what their whole tree costs, ending them by id."""

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.bench.load import ROOT

TICK = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Answer:
    status: int
    cookie: str  # the first Set-Cookie as a client sends it back
    body: Any


@dataclass
class Server:
    process: "subprocess.Popen[bytes]"
    port: int
    log: Path

    def cpu(self) -> float:
        """Seconds of CPU so far, of the process and everything below it."""
        return sum(cpu_of(pid) for pid in tree(self.process.pid))

    def workers(self) -> list[int]:
        return tree(self.process.pid)[1:]

    def ask(self, method: str, path: str, body: Any = None, cookie: str = "") -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            headers = {"Cookie": cookie} if cookie else {}
            if body is not None:
                headers["Content-Type"] = "application/json"
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            response = connection.getresponse()
            content = response.read()
            shown = json.loads(content) if "json" in (response.getheader("Content-Type") or "") else content
            return Answer(response.status, (response.getheader("Set-Cookie") or "").partition(";")[0], shown)
        finally:
            connection.close()

    def until_answering(self, path: str, seconds: float = 30, pause: float = 0.05) -> None:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                break
            with contextlib.suppress(OSError, http.client.HTTPException):
                if self.ask("GET", path).status == 200:
                    return
            time.sleep(pause)
        raise RuntimeError(f"the server did not answer {path} with 200; its log ends: {self.tail()}")

    def until_idle(self, seconds: float = 30) -> None:
        """Until the work that its clients left behind is done."""
        deadline = time.monotonic() + seconds
        before = self.cpu()
        while time.monotonic() < deadline:
            time.sleep(0.5)
            after = self.cpu()
            if after - before < 0.02:
                return
            before = after

    def tail(self) -> str:
        return self.log.read_text(errors="replace")[-1500:]

    def stop(self) -> None:
        """SIGTERM goes to the first process only: granian hangs when its whole group gets one."""
        born = {pid: birth_of(pid) for pid in tree(self.process.pid)}
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(5)
        for pid, birth in born.items():
            if birth and birth_of(pid) == birth:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        self.process.wait(10)


def start(command: list[str], environment: dict[str, str], port: int, log: Path) -> Server:
    with log.open("ab") as out:
        process = subprocess.Popen(
            [sys.executable, *command],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # a Ctrl-C is for the bench, which then ends it in order
        )
    return Server(process, port, log)


def granian(floor: str, port: int, workers: int) -> list[str]:
    return [
        *("-m", "granian", "--interface", "wsgi", "--factory", "--no-ws", "--log-level", "warning"),
        *("--workers", str(workers), "--port", str(port), f"tests.bench.{floor}"),
    ]


def gunicorn(floor: str, port: int, workers: int, threads: int) -> list[str]:
    return [
        *("-m", "gunicorn", "--worker-class", "gthread", "--log-level", "warning"),
        *("--workers", str(workers), "--threads", str(threads), "--bind", f"127.0.0.1:{port}"),
        f"tests.bench.{floor}()",
    ]


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def tree(root: int) -> list[int]:
    """The process and all its descendants, itself first."""
    parents: dict[int, int] = {}
    for entry in os.scandir("/proc"):
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                parents[int(entry.name)] = parent_of(int(entry.name))
    found = [root]
    for pid in found:
        found += [child for child, parent in parents.items() if parent == pid]
    return found


def cpu_of(pid: int) -> float:
    try:
        fields = stat_of(pid)
    except OSError:
        return 0
    return sum(int(field) for field in fields[11:15]) / TICK  # its own, and that of children it has buried


def parent_of(pid: int) -> int:
    try:
        return int(stat_of(pid)[1])
    except OSError:
        return 0


def birth_of(pid: int) -> str:
    """When it began, so that a later process of the same id is not taken for it; '' when it is gone."""
    try:
        fields = stat_of(pid)
    except OSError:
        return ""
    return "" if fields[0] == "Z" else fields[19]


def stat_of(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def busy() -> tuple[float, float]:
    """CPU seconds since the machine began: of everything, and of us, our ended children and PostgreSQL."""
    ticks = [int(count) for count in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
    ours = set(tree(os.getpid()))
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if entry.name.isdigit() and (entry / "comm").read_text() == "postgres\n":
                ours.add(int(entry.name))
    return (sum(ticks) - ticks[3] - ticks[4]) / TICK, sum(cpu_of(pid) for pid in ours)


def memory_of(pid: int) -> dict[str, float]:
    """MiB by the names of smaps_rollup: Rss counts shared pages in full, Pss its share of them."""
    sizes = {}
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]:
        name, size = line.split()[:2]
        sizes[name.rstrip(":")] = int(size) / 1024
    return sizes
