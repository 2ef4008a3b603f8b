"""Installing as on a fresh machine: the Makefile's rules, every supported Python, and the pip it brings."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import pytest

from tests.databases import unavailable
from tests.servers import ROOT, environment, free_port

pytestmark = pytest.mark.alone

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
FIRST, AFTER_LAST = map(int, re.findall(r"3\.(\d+)", PROJECT["requires-python"]))
SUPPORTED = [f"3.{minor}" for minor in range(FIRST, AFTER_LAST)]
OLDEST_PIP = "pip==23.0.1"
SECONDS = 300  # for one step, when nothing lies in pip's cache

# A user registers: routes, validation, password hash, database and session cookie all work.
REGISTER = """
from entrypoints.container import Container
from entrypoints.flask_app.app import create_app
from entrypoints.settings import load

client = create_app(Container(settings=load())).test_client()
ada = {"username": "ada", "email": "ada@example.org", "password": "correct horse battery"}
assert client.post("/api/register", json=ada, base_url="http://localhost").status_code == 201
"""


@cache
def python(version: str) -> str | None:
    """An interpreter of this version that works and can make virtual environments."""
    candidates = [sys._base_executable]
    candidates += [f"{folder}/python{version}" for folder in os.get_exec_path()]
    if pyenv := shutil.which("pyenv"):
        root = subprocess.run([pyenv, "root"], capture_output=True, text=True, timeout=30).stdout.strip()
        candidates += map(str, sorted(Path(root, "versions").glob(f"{version}.*/bin/python3")))
    # A candidate may be missing, or a shim that knows no such version.
    asks = "import ensurepip, sys, venv; print('%d.%d' % sys.version_info[:2])"
    for candidate in candidates:
        try:
            said = subprocess.run([candidate, "-c", asks], capture_output=True, text=True, timeout=30).stdout
        except OSError:
            continue
        if said.strip() == version:
            return candidate
    return None


@contextmanager
def fresh_copy() -> Iterator[Path]:
    """The tree as a clone would have it: without the environment, the database and the settings."""
    left_out = [line.rstrip("/") for line in (ROOT / ".gitignore").read_text().split()]
    with tempfile.TemporaryDirectory(prefix="hexstart-install-") as folder:
        copy = Path(folder, "hexstart")
        shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(".git", *left_out))
        yield copy


def run(copy: Path, *command: str) -> subprocess.CompletedProcess[str]:
    env = environment(f"sqlite:///{copy}/test.db", free_port(), BASE_URL="http://localhost")
    for name in ("MAKEFLAGS", "MAKELEVEL", "MAKEOVERRIDES", "MFLAGS"):  # `make test` hands them on
        env.pop(name, None)
    return subprocess.run(command, cwd=copy, env=env, capture_output=True, text=True, timeout=SECONDS)


def succeed(copy: Path, *command: str) -> None:
    done = run(copy, *command)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> None:
    """A package index that pip reaches."""
    download = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--retries", "0", OLDEST_PIP]
    if subprocess.run(download, cwd=tmp_path_factory.mktemp("pip"), capture_output=True).returncode != 0:
        unavailable("pip reaches no package index from this machine")


@pytest.fixture(scope="module")
def with_the_oldest_pip(index: None) -> Iterator[Path]:
    """A copy whose environment has pip 23.0.1, as Debian 12 brings it."""
    found = python("3.11")  # pip 23.0.1 does not run on a newer one
    if found is None:
        pytest.skip("no Python 3.11 on this machine")
    with fresh_copy() as copy:
        succeed(copy, "make", ".venv/.created", f"PYTHON={found}")
        succeed(copy, ".venv/bin/python", "-m", "pip", "install", "--quiet", OLDEST_PIP)
        yield copy


def test_the_oldest_pip_installs_both_locks_and_the_unit_tests_pass(with_the_oldest_pip):
    succeed(with_the_oldest_pip, "make", ".venv/.dev")
    succeed(with_the_oldest_pip, ".venv/bin/python", "-m", "pytest", "tests/unit")


def test_a_lock_that_lacks_a_package_is_refused_and_the_package_named(with_the_oldest_pip):
    locks = {with_the_oldest_pip / name: "" for name in ("requirements.lock", "requirements-dev.lock")}
    for lock in locks:
        locks[lock] = lock.read_text()
        lock.write_text(re.sub(r"(?m)^itsdangerous==.*\n( .*\n)*", "", locks[lock]))
    run(with_the_oldest_pip, ".venv/bin/python", "-m", "pip", "uninstall", "--yes", "itsdangerous")

    refused = run(with_the_oldest_pip, "make", ".venv/.dev")
    for lock, whole in locks.items():
        lock.write_text(whole)

    assert refused.returncode != 0
    assert "requires itsdangerous, which is not installed" in refused.stderr


@pytest.mark.parametrize("version", SUPPORTED)
def test_every_supported_python_installs_the_lock_migrates_and_registers_a_user(index, version):
    found = python(version)
    if found is None:
        pytest.skip(f"no Python {version} on this machine")
    with fresh_copy() as copy:
        succeed(copy, "make", "migrate", f"PYTHON={found}")
        succeed(copy, ".venv/bin/python", "-c", REGISTER)


def test_the_readme_and_the_makefile_name_the_supported_pythons():
    told = f"Python {SUPPORTED[0]} to {SUPPORTED[-1]}"
    for file in ("README.md", "Makefile"):
        assert told in (ROOT / file).read_text()
