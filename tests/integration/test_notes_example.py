"""The example of CONTRIBUTING.md is a whole feature, and two features merge."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests import notes_example
from tests.databases import ROOT, unavailable

pytestmark = pytest.mark.alone

BIN = Path(sys.executable).parent
NOT_COPIED = shutil.ignore_patterns(
    ".git", ".venv", "var", ".env", ".*_cache", ".coverage*", ".hypothesis", "__pycache__"
)
IN_MEMORY_AND_SQLITE = ("-k", "not postgresql and not mariadb")


class Clone:
    """A copy of the tree with a history of its own, begun by one commit on the branch `main`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        shutil.copytree(ROOT, folder, ignore=NOT_COPIED)
        self.git("init", "-b", "main")
        self.commit()

    def run(self, *command: str | Path, **environ: str) -> str:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "COV"))}
        # mypy compares contents: its cache of this tree is valid for the copy.
        kept |= {"MYPY_CACHE_DIR": str(ROOT / ".mypy_cache"), **environ}
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

    def add_feature(self, word: str) -> None:
        """Add the feature on a branch of the same name."""
        self.git("switch", "--quiet", "--create", f"{word}s", "main")
        notes_example.apply(self.folder, word)
        database = f"sqlite:///{self.folder.parent / word}.db"
        self.make("migration", f"m=add {word}s", DATABASE_URL=database)
        self.make("format")
        self.commit()


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    if shutil.which("git") is None:
        unavailable("git is not on this machine")
    clone = Clone(tmp_path_factory.mktemp("example") / "clone")
    clone.add_feature("note")
    return clone


def test_the_example_passes_its_tests_and_the_checks(clone):
    clone.make("check")
    clone.pytest("tests/unit/test_notes.py")
    integration = [f"tests/integration/test_{name}.py" for name in ("notes", "rows", "migrations")]
    clone.pytest("tests/contract/test_notes.py", *integration, *IN_MEMORY_AND_SQLITE)


def test_the_example_is_small(clone):
    """Lines of code: blank lines and the comments that Alembic writes do not count."""
    own = clone.git("diff", "--name-only", "--diff-filter=A", "main", "notes").split()
    lines = [line.strip() for path in own for line in clone.git("show", f"notes:{path}").splitlines()]
    shared = [text for _, kind, text in notes_example.blocks() if kind == "diff"]

    assert len(own) <= 10
    assert sum(path.startswith("migrations/versions/") for path in own) == 1
    assert sum(bool(line) and not line.startswith("#") for line in lines) <= 165
    assert len(shared) == 7
    assert all(text.count("\n+") <= 4 for text in shared)


def test_two_features_merge(clone):
    clone.add_feature("task")

    clone.git("merge", "--no-edit", "notes")
    clone.make("format")

    clone.make("check")
    clone.pytest("tests/unit", "tests/contract", *IN_MEMORY_AND_SQLITE, "-n", "2", "--dist", "loadfile")
    # One more revision joins the revisions of both.
    database = f"sqlite:///{clone.folder.parent / 'merged.db'}"
    clone.make("migration", "m=nothing", "manual=1", DATABASE_URL=database)
    clone.make("migrate", DATABASE_URL=database)
    heads = clone.run(BIN / "python", "-m", "alembic", "heads", DATABASE_URL=database).splitlines()
    assert len(heads) == 2
