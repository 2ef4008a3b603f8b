"""`python -m tests.bench`: which jobs there are, and running them one after another."""

import argparse
import contextlib
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from types import FrameType

from tests.bench import crowd, hashing, life, reads
from tests.bench.databases import Databases
from tests.bench.product import Bench
from tests.bench.report import NotRun, Report
from tests.bench.servers import busy

JOBS: dict[str, Callable[[Bench], None]] = {
    "statements": reads.statements,
    "in-process": reads.in_process,
    "server": reads.on_servers,
    "hashing": hashing.beyond_the_hash,
    "flood": hashing.flood,
    "crowd": crowd.crowd,
    "start": life.cold_start,
    "memory": life.memory,
}

DISTURBED = 0.15  # cores that others may use before the numbers are doubtful


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--only", nargs="+", choices=JOBS, metavar="NAME", help="run these jobs")
    parser.add_argument("--quick", action="store_true", help="a quarter of the time, and of the trust")
    parser.add_argument("--list", action="store_true", help="say which jobs there are")
    chosen = parser.parse_args()
    if chosen.list:
        for name, job in JOBS.items():
            print(f"{name:<12}{(job.__doc__ or '').strip()}")
        return 0
    signal.signal(signal.SIGTERM, _interrupt)

    report = Report()
    began = time.monotonic()
    with contextlib.ExitStack() as at_the_end, tempfile.TemporaryDirectory(prefix="bench-") as directory:
        databases = Databases(Path(directory))
        at_the_end.callback(databases.drop)
        bench = Bench(Path(directory), databases, report, chosen.quick)
        at_the_end.callback(bench.stop)
        report.begin()
        try:
            for name in chosen.only or JOBS:
                _run(name, bench)
        except KeyboardInterrupt:
            print("interrupted; stopping the servers and dropping the databases", flush=True)
            report.broken.append("interrupted")
        bench.stop()
    report.end(time.monotonic() - began)
    return 1 if report.broken else 0


def _run(name: str, bench: Bench) -> None:
    began, (everything, ours) = time.monotonic(), busy()
    try:
        JOBS[name](bench)
    except NotRun as reason:
        bench.report.could_not(name, str(reason))
    except Exception as error:
        traceback.print_exc()
        bench.report.broke(name, f"{type(error).__name__}: {error}")
    finally:
        bench.stop()
        after, ours_after = busy()
        others = ((after - everything) - (ours_after - ours)) / (time.monotonic() - began)
        if others > DISTURBED:
            bench.report.note(f"not alone: other processes used {others:.1f} cores while this was measured")
        bench.databases.drop()


def _interrupt(_: int, __: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
