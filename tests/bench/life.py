"""The life of a process: how soon it answers, and how much memory its workers hold."""

import contextlib
import time
from pathlib import Path

from tests.bench import load, product
from tests.bench.databases import KINDS, SQLITE
from tests.bench.load import request
from tests.bench.product import PASSWORD, WRONG, Bench
from tests.bench.report import NotRun, median, spread
from tests.bench.servers import memory_of

LIMIT = 90  # MiB


def cold_start(bench: Bench) -> None:
    """From the command to the first 200, against Flask and SQLAlchemy on the same server."""
    job = "cold start to the first 200, times Flask and SQLAlchemy's ORM, SQLite"
    try:
        url = bench.migrated(SQLITE)
    except NotRun as reason:
        bench.report.could_not(job, str(reason))
        return
    floor_url = bench.databases.make(SQLITE)
    ours: list[float] = []
    pages: list[float] = []
    floors: dict[str, list[float]] = {"orm": [], "core": [], "packages": []}
    for turn in range(bench.times(12) + 1):
        began = time.perf_counter()
        server = bench.serve(url, answering="")
        server.until_answering("/health/live", pause=0.002)
        live = time.perf_counter() - began
        server.until_answering("/", pause=0.002)
        page = time.perf_counter() - began
        bench.stop(server)
        others = {floor: _start_of(floor, bench, floor_url) for floor in floors}
        if turn:  # the first writes the bytecode
            ours.append(live)
            pages.append(page)
            for floor, took in others.items():
                floors[floor].append(took)
    ratio = {
        floor: median(mine / other for mine, other in zip(ours, took, strict=True))
        for floor, took in floors.items()
    }
    bench.report.result(job, f"{ratio['orm']:.2f}", "< 1.20", ratio["orm"] < 1.2)
    bench.report.note(
        f"ours {spread(ours, 1e3)} ms to /health/live, {spread(pages, 1e3)} ms to /; "
        f"Flask and SQLAlchemy with one mapped class, on granian {spread(floors['orm'], 1e3)} ms\n"
        f"for reference: without the ORM {spread(floors['core'], 1e3)} ms, times {ratio['core']:.2f}; "
        f"that with our other packages, and nothing of ours {spread(floors['packages'], 1e3)} ms"
    )


def _start_of(floor: str, bench: Bench, url: str) -> float:
    began = time.perf_counter()
    server = bench.serve_on_granian(f"starts:{floor}", url, answering="")
    server.until_answering("/", pause=0.002)
    took = time.perf_counter() - began
    time.sleep(0.3)  # granian does not hear that it should stop in its first moments
    bench.stop(server)
    return took


def memory(bench: Bench) -> None:
    """RSS of the largest worker after a few thousand requests of every sort."""
    for kind in KINDS:
        job = f"memory of a warmed-up worker, {kind}"
        try:
            server = bench.serve(bench.migrated(kind))
        except NotRun as reason:
            bench.report.could_not(job, str(reason))
            continue
        mixed = _mixture(server.port, product.register(server, 8))
        outcome = load.run(server.port, mixed, 16, bench.seconds(8))
        sizes = []
        for pid in server.workers():
            with contextlib.suppress(OSError):
                if "resource_tracker" not in Path(f"/proc/{pid}/cmdline").read_text():
                    sizes.append(memory_of(pid))
        bench.stop(server)
        largest = max(sizes, key=lambda size: size["Rss"])
        bench.report.result(job, f"{largest['Rss']:.0f} MiB", f"< {LIMIT} MiB", largest["Rss"] < LIMIT)
        each = ", ".join(f"{size['Rss']:.0f}/{size['Pss']:.0f}" for size in sizes)
        bench.report.note(
            f"RSS/PSS of each worker {each} MiB after {outcome.done} requests: {outcome.statuses}"
        )


def _mixture(port: int, people: list[tuple[str, str]]) -> list[str]:
    """Pages and API calls of the signed in and of strangers, good and bad logins, registrations, mistakes."""
    requests = []
    for email, cookie in people:
        for path in ("/", "/settings", "/api/user", "/api/teams", "/nowhere", "/api/nowhere"):
            requests.append(request("GET", path, port, cookie))
        for path in ("/", "/login", "/register", "/api/user", "/health/ready"):
            requests.append(request("GET", path, port))
        for password in (PASSWORD, WRONG):
            requests.append(request("POST", "/api/login", port, body={"email": email, "password": password}))
        requests.append(request("POST", "/api/register", port, body=product.person()))
        requests.append(request("POST", "/api/register", port, body={"email": email, "password": "short"}))
        requests.append(request("GET", "/api/user", port, cookie))
    return requests
