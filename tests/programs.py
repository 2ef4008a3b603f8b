"""The three programs of the product: server, migrations, command line. A fork is faster than a new process.

`python -m tests.programs` is the process that forks. Each line of stdin is a program and its environment.
Each line of stdout is the exit code and the stderr of that program. The lines are JSON.
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
COMMANDS = {
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
        """The one line on stderr of a program that refuses to start."""
        assert self.code == 1, (self.code, self.stderr[-500:])
        assert self.stderr.count("\n") == 1, self.stderr[-500:]
        assert "Traceback" not in self.stderr
        return self.stderr.strip()


def run_program(program: str, folder: Path = ROOT, **environment: str) -> Outcome:
    """Run the program in a new process. Not for a server that starts: nothing ends it."""
    done = subprocess.run(
        COMMANDS[program], cwd=folder, env=os.environ | environment, capture_output=True, timeout=SECONDS
    )
    return Outcome(done.returncode, done.stderr.decode())


@contextmanager
def forked_programs():
    """A function that runs a program in a fork: `run_forked("serve", {...})`."""
    process = subprocess.Popen(
        [sys.executable, "-m", __name__], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdin and process.stdout

    def run_forked(program: str, environment: dict[str, str]) -> Outcome:
        process.stdin.write(json.dumps([program, environment]) + "\n")
        process.stdin.flush()
        return Outcome(*json.loads(process.stdout.readline()))

    try:
        yield run_forked
    finally:
        process.stdin.close()
        process.wait(10)


def serve() -> None:
    from entrypoints import serve as server

    server.Granian.serve = lambda self: None  # the tests are about the configuration only
    server.main()


def migrate() -> None:
    from alembic.config import main

    main(["upgrade", "heads"])


def command() -> None:
    from entrypoints.cli import cli

    cli(["mails", "list"])


def run_and_exit(program: str, environment: dict[str, str]) -> None:
    """Exit as the interpreter does: a SystemExit with text is a line on stderr and the code 1."""
    os.environ.update(environment)
    try:
        globals()[program]()
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
        importlib.import_module(name)  # imported once, not in each fork
    answers = os.fdopen(os.dup(1), "w")
    for line in sys.stdin:
        with tempfile.TemporaryFile() as stderr:
            process = os.fork()
            if process == 0:
                signal.alarm(SECONDS)
                os.dup2(os.open(os.devnull, os.O_RDWR), 1)
                os.dup2(stderr.fileno(), 2)
                run_and_exit(*json.loads(line))
            _, status = os.waitpid(process, 0)
            stderr.seek(0)
            said = stderr.read().decode("utf-8", "replace")
        print(json.dumps([os.waitstatus_to_exitcode(status), said]), file=answers, flush=True)


if __name__ == "__main__":
    main()
