"""The load: connections in a process of their own. Each sends its next request when it has an answer."""

import json
import multiprocessing
import select
import socket
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from itertools import cycle
from time import perf_counter
from typing import Any

# Processes for two loads at once. They start when they are first needed.
PROCESSES = ProcessPoolExecutor(2, multiprocessing.get_context("spawn"))
# Then a connection is replaced. A few connections may all fall on one worker, and must not stay there.
REQUESTS_OF_A_CONNECTION = 200
PATIENCE = 60  # seconds that the last answers may take


@dataclass(frozen=True)
class Answers:
    """Each of `all` has the time of the answer (system clock), its seconds and its status (0: no answer)."""

    began: float
    ended: float
    all: list[tuple[float, float, int]]

    def rate(self, began: float = 0, ended: float = 0) -> float:
        """Answers a second, of the whole load or between two moments."""
        began, ended = began or self.began, ended or self.ended
        return sum(began <= moment < ended for moment, _, _ in self.all) / (ended - began)


def start(port: int, requests: list[str], connections: int, seconds: float) -> "Future[Answers]":
    return PROCESSES.submit(drive, port, requests, connections, seconds)


def run(port: int, requests: list[str], connections: int, seconds: float) -> Answers:
    return expect(start(port, requests, connections, seconds).result(), 200)


def expect(answers: Answers, *statuses: int) -> Answers:
    """The answers, when no other status is among them: the speed of errors is worth nothing."""
    found = {status for _, _, status in answers.all}
    if not found or not found <= set(statuses):
        raise RuntimeError(f"expected only {statuses}, got {found}")
    return answers


def request(method: str, path: str, port: int, cookie: str = "", body: Any = None, token: str = "") -> str:
    content = "" if body is None else json.dumps(body)
    head = [f"{method} {path} HTTP/1.1", f"Host: 127.0.0.1:{port}", "Accept: */*"]
    head += [f"Cookie: {cookie}"] if cookie else []
    head += [f"Authorization: Bearer {token}"] if token else []
    head += ["Content-Type: application/json", f"Content-Length: {len(content)}"] if content else []
    return "\r\n".join(head) + "\r\n\r\n" + content


class Connection:
    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=10)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.received, self.left = b"", REQUESTS_OF_A_CONNECTION

    def send(self, content: bytes) -> None:
        self.left -= 1
        self.sent_at = perf_counter()
        self.socket.sendall(content)

    def receive(self) -> int | None:
        """The status, None while the answer is not complete. Raise ValueError for what is not an answer."""
        data = self.socket.recv(262_144)
        self.received += data
        head, separator, body = self.received.partition(b"\r\n\r\n")
        head = head.lower()
        length = int(head.partition(b"\r\ncontent-length:")[2].split(b"\r", 1)[0]) if separator else 0
        if data and not (separator and len(body) >= length):
            return None
        self.received = b""
        if b"\r\nconnection: close" in head:
            self.left = 0
        return int(head[9:12])


def drive(port: int, requests: list[str], connections: int, seconds: float) -> Answers:
    contents = cycle([content.encode() for content in requests])
    poller = select.epoll()
    waiting: dict[int, Connection] = {}
    answers: list[tuple[float, float, int]] = []

    def connect() -> None:
        connection = Connection(port)
        waiting[connection.socket.fileno()] = connection
        poller.register(connection.socket, select.EPOLLIN)
        connection.send(next(contents))

    began = perf_counter()
    ended = began + seconds
    for _ in range(connections):
        connect()
    while waiting and perf_counter() < ended + PATIENCE:
        for number, _ in poller.poll(1):
            connection = waiting[number]
            try:
                status = connection.receive()
            except (OSError, ValueError):
                status, connection.left = 0, 0
            if status is None:
                continue
            now = perf_counter()
            answers.append((now, now - connection.sent_at, status))
            if now < ended and connection.left:
                connection.send(next(contents))
                continue
            del waiting[number]
            connection.socket.close()
            if now < ended:
                connect()
    return Answers(began, ended, answers + [(ended, PATIENCE, 0) for _ in waiting])
