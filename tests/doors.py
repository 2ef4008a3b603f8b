"""The three doors of the product: server, migrations, command line. Opened many times, in forked processes.

Run as a process of its own: `python -m tests.doors`. Each line of stdin is a door and an environment in JSON,
each line of stdout what happened: the exit code and stderr.
"""

import importlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import traceback
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.servers import ROOT

SECONDS = 20
REAL = {
    "serve": [sys.executable, "-m", "entrypoints.serve"],
    "migrate": [sys.executable, "-m", "alembic", "upgrade", "heads"],
    "command": [sys.executable, "-m", "entrypoints.cli", "mails", "list"],
}


@dataclass(frozen=True)
class Outcome:
    code: int
    stderr: str

    @property
    def line(self) -> str:
        """What is said on stderr by a process that is refused: one line."""
        assert self.code == 1, (self.code, self.stderr[-500:])
        assert self.stderr.count("\n") == 1, self.stderr[-500:]
        assert "Traceback" not in self.stderr
        return self.stderr.strip()


def really(door: str, folder: Path = ROOT, **environment: str) -> Outcome:
    """The door as operators open it. Not for a server that starts: nothing ends it."""
    done = subprocess.run(
        REAL[door], cwd=folder, env=os.environ | environment, capture_output=True, timeout=SECONDS
    )
    return Outcome(done.returncode, done.stderr.decode())


@contextmanager
def doors():
    """A function that opens a door: `open("serve", {...})`. It costs a fork."""
    process = subprocess.Popen(
        [sys.executable, "-m", __name__], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdin and process.stdout

    def open_door(door: str, environment: dict[str, str]) -> Outcome:
        process.stdin.write(json.dumps([door, environment]) + "\n")
        process.stdin.flush()
        return Outcome(*json.loads(process.stdout.readline()))

    try:
        yield open_door
    finally:
        process.stdin.close()
        process.wait(10)


def serve() -> None:
    from entrypoints import serve as server

    server.Granian.serve = lambda self: None  # up to here it is configuration
    server.main()


def migrate() -> None:
    from alembic.config import main

    main(["upgrade", "heads"])


def command() -> None:
    from entrypoints.cli import cli

    cli(["mails", "list"])


def enter(door: str, environment: dict[str, str]) -> None:
    """As the interpreter does it: a SystemExit with words is a line on stderr and the code 1."""
    os.environ.update(environment)
    try:
        globals()[door]()
    except SystemExit as leaving:
        if isinstance(leaving.code, str):
            print(leaving.code, file=sys.stderr)
        code = leaving.code if isinstance(leaving.code, int) else int(bool(leaving.code))
    except BaseException:
        traceback.print_exc()
        code = 1
    else:
        code = 0
    sys.stderr.flush()
    os._exit(code)


def main() -> None:
    for name in ("alembic.config", "entrypoints.cli", "entrypoints.serve"):
        importlib.import_module(name)  # what is imported once is not imported in each fork
    answers = os.fdopen(os.dup(1), "w")
    for line in sys.stdin:
        with tempfile.TemporaryFile() as stderr:
            process = os.fork()
            if process == 0:
                signal.alarm(SECONDS)
                os.dup2(os.open(os.devnull, os.O_RDWR), 1)
                os.dup2(stderr.fileno(), 2)
                enter(*json.loads(line))
            _, status = os.waitpid(process, 0)
            stderr.seek(0)
            said = stderr.read().decode("utf-8", "replace")
        print(json.dumps([os.waitstatus_to_exitcode(status), said]), file=answers, flush=True)


if __name__ == "__main__":
    main()
