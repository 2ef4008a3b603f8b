"""Metrics for Prometheus, of all workers together. Imported only when METRICS is set.

Each worker writes its numbers into files of a folder (the multiprocess mode of prometheus-client), which
PROMETHEUS_MULTIPROC_DIR names before this import. The worker that could take the address adds them up.
"""

import logging
import os
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from time import monotonic, sleep
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, start_http_server
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from prometheus_client.registry import Collector

from adapters.passwords import QueueingHasher
from adapters.sql.engines import Engines
from application.ports import RateLimiter, TakeBack
from domain.errors import DomainError, TooManyAttempts
from domain.limits import Limit
from domain.mails import Backlog

# The numbers of a worker are this old at most.
SAMPLE_SECONDS = 1.0
# Requests of SAMPLE_SECONDS. Older ones are not counted.
MOST_SEEN = 100_000
# However often Prometheus asks, the mails are counted once in this time.
BACKLOG_SECONDS = 5.0

BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)

# A metric without labels would open its file at once, in the master. These open it in the worker.
REQUESTS = Histogram(
    "hexstart_request_seconds",
    "Seconds until the response began, by row and status.",
    ["row", "status"],
    buckets=BUCKETS,
    registry=None,
)
LIMITS_HIT = Counter(
    "hexstart_limits_hit", "Attempts that a rate limit has refused.", ["limit"], registry=None
)


class RequestLines(logging.Handler):
    """Keeps each request by its log line, until `write`.

    A request pays for an `append`. To write each at once costs ten times that, which is 3 % of a small GET.
    """

    def __init__(self) -> None:
        super().__init__()
        self.seen: deque[tuple[str, int, float]] = deque(maxlen=MOST_SEEN)

    def handle(self, record: logging.LogRecord) -> bool:
        """In place of `emit`, without a lock: `append` needs none."""
        facts: Any = record
        self.seen.append((facts.row, facts.status, facts.ms))
        return True

    def write(self) -> None:
        while self.seen:
            row, status, ms = self.seen.popleft()
            REQUESTS.labels(row, status).observe(ms / 1000)


class CountedLimiter(RateLimiter):
    """Counts what another limiter refuses."""

    def __init__(self, limiter: RateLimiter) -> None:
        self.limiter = limiter

    def count(self, limit: Limit, subject: str) -> TakeBack:
        try:
            return self.limiter.count(limit, subject)
        except TooManyAttempts:
            LIMITS_HIT.labels(limit.name).inc()
            raise

    def forget(self, limit: Limit, subject: str) -> None:
        self.limiter.forget(limit, subject)

    def purge(self, limit: int) -> int:
        return self.limiter.purge(limit)


class MailCollector(Collector):
    """The mails that are not delivered. Absent while the database does not answer."""

    def __init__(self, backlog: Callable[[], Backlog]) -> None:
        self.backlog = backlog
        self.found: Backlog | None = None
        self.until = 0.0

    def describe(self) -> list[GaugeMetricFamily]:
        return []  # without it, the registry would ask the database

    def collect(self) -> Iterator[GaugeMetricFamily]:
        if monotonic() >= self.until:
            self.found, self.until = None, monotonic() + BACKLOG_SECONDS
            with suppress(DomainError):
                self.found = self.backlog()
        if self.found is not None:
            mails = GaugeMetricFamily("hexstart_mails", "Mails that wait or failed.", labels=["state"])
            mails.add_metric(["waiting"], self.found.waiting)
            mails.add_metric(["failed"], self.found.parked)
            yield mails


class WorkersCollector(Collector):
    """The numbers of all workers.

    A worker creates a file and fills it a moment later. MultiProcessCollector fails on an empty file.
    An empty file has no numbers, so it is left out.
    """

    def describe(self) -> list[Metric]:
        return []

    def collect(self) -> Iterator[Metric]:
        files = []
        for file in folder().glob("*.db"):
            with suppress(FileNotFoundError):  # a gauge of a worker that has ended
                if file.stat().st_size:
                    files.append(str(file))
        yield from MultiProcessCollector.merge(files)  # type: ignore[no-untyped-call]


class Metrics:
    """The metrics of a worker. Make it in the worker: it opens files."""

    def __init__(
        self,
        address: tuple[str, int],
        engines: Engines,
        hasher: QueueingHasher,
        backlog: Callable[[], Backlog],
    ) -> None:
        self.address, self.engines, self.hasher, self.backlog = address, engines, hasher, backlog
        self.requests = RequestLines()
        self.queue = Gauge(
            "hexstart_hashing_queue",
            "Passwords that are hashed or wait for it.",
            multiprocess_mode="livesum",
            registry=None,
        )
        self.connections = Gauge(
            "hexstart_connections",
            "Connections to the database in use.",
            ["pool"],
            multiprocess_mode="livesum",
            registry=None,
        )

    def start(self) -> None:
        logging.getLogger("hexstart.request").addHandler(self.requests)
        threading.Thread(target=self._run, name="metrics", daemon=True).start()

    def _run(self) -> None:
        serves = False
        while True:
            self.requests.write()
            self.queue.set(self.hasher.length)
            for pool, used in self.engines.used().items():
                self.connections.labels(pool).set(used)
            serves = serves or self._serve()
            if serves:
                forget_dead_workers()
            sleep(SAMPLE_SECONDS)

    def _serve(self) -> bool:
        """False while another worker serves. When that worker ends, its address is free."""
        registry = CollectorRegistry()
        registry.register(WorkersCollector())
        registry.register(MailCollector(self.backlog))
        host, port = self.address
        try:
            start_http_server(port, host, registry)
        except OSError:
            return False
        return True


def folder() -> Path:
    return Path(os.environ["PROMETHEUS_MULTIPROC_DIR"])


def forget_dead_workers() -> None:
    """Forget the gauges of workers that have ended. What they counted stays."""
    for file in folder().glob("gauge_live*.db"):
        worker = int(file.stem.rpartition("_")[2])
        try:
            os.kill(worker, 0)
        except ProcessLookupError:
            mark_process_dead(worker)  # type: ignore[no-untyped-call]
