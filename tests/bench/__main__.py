"""The list of jobs, and the table of their results. `python -m tests.bench flood memory` runs two of them."""

import os
import signal
import sys
import time
import traceback

from entrypoints.settings import Settings
from tests.bench import crowd, flood, inside, reads, streams
from tests.bench.report import Row, show
from tests.bench.servers import KINDS

JOBS = {
    "reads": reads.cpu_of_a_read,
    "passwords": inside.cpu_beyond_the_hash,
    "flood": flood.reads_during_a_flood,
    "crowd": crowd.rates_with_a_million_users,
    "memory": reads.memory_of_a_worker,
    "streams": streams.reads_beside_streams,
}


def main(names: list[str]) -> None:
    # SIGTERM ends the servers and drops the databases, as Ctrl-C does.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    for setting in Settings.model_fields:  # the settings of the shell are not what is measured
        os.environ.pop(setting.upper(), None)
    began, rows = time.monotonic(), list[Row]()
    try:
        for name in names or JOBS:
            for kind in KINDS:
                print(f"{name}, {kind}", file=sys.stderr)
                try:
                    rows += JOBS[name](kind)
                except Exception as error:
                    traceback.print_exc()
                    rows.append((f"{name}, {kind}", "-", "-", f"failed: {type(error).__name__}"))
    finally:
        show(rows)
        print(f"{time.monotonic() - began:.0f} seconds", file=sys.stderr)


if __name__ == "__main__":
    main(sys.argv[1:])
