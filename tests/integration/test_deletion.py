"""Flask can be deleted, as entrypoints/README.md says. What is left passes."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.bindings import BINDINGS
from tests.databases import ROOT

pytestmark = pytest.mark.skipif("flask" not in BINDINGS, reason="this clone has deleted it already")

# Of each kind: rules and use cases, rows over HTTP, the command line. On SQLite, without the slow ones.
TESTS = [
    "tests/unit/test_sessions.py",
    "tests/unit/test_gate.py",
    "tests/integration/test_rows.py::test_another_site_changes_nothing",
    "tests/integration/test_accounts.py",
    "tests/integration/test_cli.py",
]
QUICK = "not postgresql and not mariadb and not many and not parallel"


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The files of the tree, without what make and tests have left."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True
    )
    if listed.returncode:
        pytest.skip("this tree is no clone")
    for name in listed.stdout.splitlines():
        if (ROOT / name).is_file():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def run(copy: Path, *arguments: str) -> str:
    """What a command of Python prints. It must succeed: pytest, with some tests that pass."""
    done = subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=copy,
        env=os.environ | {"PYTHONPATH": str(copy)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, (arguments, done.stdout[-3000:], done.stderr[-2000:])
    return done.stdout


def without(copy: Path, name: str, pattern: str) -> None:
    """Delete the parts of a file that match. There must be at least one."""
    text, count = re.subn(pattern, "", (copy / name).read_text(), flags=re.MULTILINE)
    assert count, pattern
    (copy / name).write_text(text)


def refusal(copy: Path, entrypoint: str) -> str:
    """What the server says when it is told to serve what was deleted."""
    serve = [sys.executable, "-m", "entrypoints.serve"]
    env = os.environ | {"ENTRYPOINT": entrypoint, "LOG_FORMAT": "json"}
    done = subprocess.run(serve, cwd=copy, env=env, capture_output=True, text=True, timeout=30)
    assert done.returncode == 1
    return done.stderr.strip()


def test_without_flask_the_core_the_command_line_and_starlette_pass(copy):
    shutil.rmtree(copy / "entrypoints/flask_app")
    without(copy, "pyproject.toml", ' *"entrypoints.flask_app",?\n?')

    run(copy, "importlinter.cli", "lint")
    run(copy, "pytest", *TESTS, "-k", QUICK)
    run(copy, "pytest", "tests/integration/test_starlette.py", "-k", "served_together")
    run(copy, "pytest", "tests/unit/test_streams.py")
    run(copy, "pytest", "tests/integration/test_streams.py", "-k", "arrives or end_of_the_server")
    assert "ENTRYPOINT: flask was deleted" in refusal(copy, "flask")
