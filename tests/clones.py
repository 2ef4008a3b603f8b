"""A copy of the tree with a history of its own, for the tests of commands that change a clone."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.databases import ROOT, unavailable

BIN = Path(sys.executable).parent
NOT_COPIED = shutil.ignore_patterns(
    ".git", ".venv", "var", ".env", ".*_cache", ".coverage*", ".hypothesis", "__pycache__"
)
# As in CONTRIBUTING.md.
PROJECTS = ("name=projects", "fields=title:text:80 due:date? done:flag")
# More than one text, a date that is needed, a word of two parts, another owner.
ENTRIES = (
    "name=time_entries",
    "of=user",
    "fields=what:text:500 memo:text:40? day:date paid_on:date? billed:flag",
)
IN_MEMORY_AND_SQLITE = ("-k", "not postgresql and not mariadb")


def without(*words: str) -> None:
    """Skip a test that writes features of these names in a clone that has one of them."""
    if taken := [word for word in words if (ROOT / "domain" / f"{word}.py").exists()]:
        pytest.skip(f"this tree has the feature {taken[0]}")


class Clone:
    """A copy of the tree with a history of its own, begun by one commit on the branch `main`."""

    def __init__(self, folder: Path) -> None:
        if shutil.which("git") is None:
            unavailable("git is not on this machine")
        self.folder = folder
        shutil.copytree(ROOT, folder, ignore=NOT_COPIED)
        # mypy compares contents: its cache of this tree is valid for the copy. Each copy changes its own.
        if (cache := ROOT / ".mypy_cache").is_dir():
            shutil.copytree(cache, folder / cache.name)
        self.git("init", "-b", "main")
        self.commit()

    def run(self, *command: str | Path, **environ: str) -> str:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "COV"))}
        kept |= environ
        done = subprocess.run(command, cwd=self.folder, env=kept, capture_output=True, text=True, timeout=600)
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def git(self, *arguments: str) -> str:
        name = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org", "-c", "commit.gpgsign=false")
        return self.run("git", *name, *arguments)

    def commit(self) -> None:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "A word")

    def make(self, *arguments: str, **environ: str) -> str:
        """Without the rules that install: the packages are those of this process."""
        installed = (f"--assume-old=.venv/{stamp}" for stamp in (".created", ".runtime", ".dev"))
        return self.run("make", f"BIN={BIN}", *installed, *arguments, **environ)

    def pytest(self, *arguments: str) -> None:
        self.run(BIN / "python", "-m", "pytest", "-p", "no:cacheprovider", *arguments)

    def alembic(self, *arguments: str) -> str:
        database = f"sqlite:///{self.folder.parent / 'clone.db'}"
        return self.run(BIN / "python", "-m", "alembic", *arguments, DATABASE_URL=database)
