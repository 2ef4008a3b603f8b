"""The load generator: connections in a process of its own, each sending once it is answered.

The parent starts it with `start` and reads what came of it with `Load.outcome`; the child runs `drive`.
"""

import json
import select
import socket
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
# Then a connection is replaced: a few fall on two workers in one way or another, and must not stay so.
REQUESTS_A_CONNECTION = 200


@dataclass(frozen=True)
class Outcome:
    seconds: float
    statuses: dict[str, int]
    latencies: dict[str, float]  # milliseconds at p50, p90, p99 and max
    failures: int  # connections refused, broken or answered with what is not HTTP

    @property
    def done(self) -> int:
        return sum(self.statuses.values())

    @property
    def rate(self) -> float:
        return self.done / self.seconds

    def only(self, *statuses: int) -> "Outcome":
        """Itself, when nothing but these statuses was answered: a bench of errors is worth nothing."""
        strange = {status: count for status, count in self.statuses.items() if int(status) not in statuses}
        if strange or self.failures or not self.done:
            raise RuntimeError(f"expected only {statuses}, got {self.statuses}, {self.failures} failures")
        return self


@dataclass(frozen=True)
class Load:
    process: "subprocess.Popen[str]"
    seconds: float

    def outcome(self) -> Outcome:
        try:
            out, _ = self.process.communicate(timeout=self.seconds + 30)
        except BaseException:
            self.stop()
            raise
        if self.process.returncode:
            raise RuntimeError("the load generator broke")
        return Outcome(**json.loads(out))

    def stop(self) -> None:
        self.process.kill()
        self.process.wait(10)


def start(port: int, requests: list[str], connections: int, seconds: float) -> Load:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.load"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,  # a Ctrl-C is for the bench, which then ends it
    )
    assert process.stdin is not None
    order = {"port": port, "requests": requests, "connections": connections, "seconds": seconds}
    process.stdin.write(json.dumps(order))
    process.stdin.close()
    process.stdin = None  # so that communicate() does not flush what is closed
    return Load(process, seconds)


def run(port: int, requests: list[str], connections: int, seconds: float) -> Outcome:
    return start(port, requests, connections, seconds).outcome()


def request(method: str, path: str, port: int, cookie: str = "", body: Any = None) -> str:
    head = [f"{method} {path} HTTP/1.1", f"Host: 127.0.0.1:{port}", "Accept: */*"]
    if cookie:
        head.append(f"Cookie: {cookie}")
    content = ""
    if body is not None:
        content = json.dumps(body)
        head += ["Content-Type: application/json", f"Content-Length: {len(content)}"]
    return "\r\n".join(head) + "\r\n\r\n" + content


class Connection:
    __slots__ = ("address", "left", "received", "sent_at", "socket")

    def __init__(self, address: tuple[str, int]) -> None:
        self.address = address
        self.received = b""
        self.sent_at = 0.0
        self.left = REQUESTS_A_CONNECTION
        self.socket = socket.create_connection(address, timeout=10)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, content: bytes) -> None:
        self.left -= 1
        self.sent_at = time.perf_counter()
        self.socket.sendall(content)

    def receive(self) -> tuple[str, bool] | None:
        """The status, and whether the connection stays open; None while the answer is not complete."""
        data = self.socket.recv(262144)
        if not data:
            raise ConnectionError("closed by the server")
        self.received += data
        end = self.received.find(b"\r\n\r\n")
        if end < 0:
            return None
        head = self.received[:end].lower()
        at = head.find(b"\r\ncontent-length:")
        if at >= 0:
            stop = head.find(b"\r\n", at + 17)
            length = int(head[at + 17 : stop if stop > 0 else end])
            if len(self.received) < end + 4 + length:
                return None
        elif not self.received.endswith(b"0\r\n\r\n"):
            return None
        self.received = b""
        return head[9:12].decode(), b"connection: close" not in head


def drive(port: int, requests: list[str], connections: int, seconds: float) -> dict[str, Any]:
    contents = cycle([content.encode() for content in requests])
    poller = select.epoll()
    open_ones: dict[int, Connection] = {}
    latencies: list[float] = []
    statuses: Counter[str] = Counter()
    failures = 0

    def connect() -> None:
        connection = Connection(("127.0.0.1", port))
        open_ones[connection.socket.fileno()] = connection
        poller.register(connection.socket.fileno(), select.EPOLLIN)
        connection.send(next(contents))

    began = time.perf_counter()
    deadline = began + seconds
    for _ in range(connections):
        connect()
    while (now := time.perf_counter()) < deadline and failures < 1000:
        for number, _ in poller.poll(deadline - now):
            connection = open_ones[number]
            try:
                answer = connection.receive()
                if answer is None:
                    continue
                latencies.append(time.perf_counter() - connection.sent_at)
                statuses[answer[0]] += 1
                if answer[1] and connection.left:
                    connection.send(next(contents))
                    continue
            except (OSError, ValueError):
                failures += 1
            del open_ones[number]
            connection.socket.close()
            connect()
    ended = time.perf_counter()
    for connection in open_ones.values():
        connection.socket.close()
    latencies.sort()
    at = {"p50": 0.5, "p90": 0.9, "p99": 0.99, "max": 1.0}
    last = len(latencies) - 1
    return {
        "seconds": ended - began,
        "statuses": dict(statuses),
        "latencies": {
            name: latencies[int(last * part)] * 1000 if latencies else 0 for name, part in at.items()
        },
        "failures": failures,
    }


if __name__ == "__main__":
    print(json.dumps(drive(**json.load(sys.stdin))))
