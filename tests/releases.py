"""A repository with two releases of the tree, and a clone of the first one: for `make upgrade`."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from entrypoints import site
from entrypoints.scaffold.releases import Version, tag, version_of
from tests.clones import BIN, Clone
from tests.databases import ROOT

FIELDS = "fields=title:text:80 due:date? done:flag"
LOGIN = "entrypoints/flask_app/templates/login.html"
REGISTER = "entrypoints/flask_app/templates/register.html"
HOSTS = "entrypoints/deploy/hosts.md"
ROUTES = "entrypoints/api/routes.py"
RELEASED = "entrypoints/api/openapi-released.json"
NOTES = f"""
### What a clone has to do

- `{LOGIN}`: the greeting is friendlier. Take it, or keep yours.
- `{REGISTER}`, `{HOSTS}`: nothing that a clone of this test has to know.
- Set `MOTTO_LENGTH`, where mottos are longer than a line.
"""
COLUMN = """
from alembic import op
import sqlalchemy as sa
revision, down_revision, branch_labels, depends_on = "{revision}", "{parent}", None, None
def upgrade() -> None:
    op.add_column("teams", sa.Column("motto", sa.String(80), nullable=False, server_default=""))
def downgrade() -> None:
    op.drop_column("teams", "motto")
"""


def last_release() -> str:
    """The newest tag such as v1.0.0 of this repository. Empty without one."""
    if shutil.which("git") is None:
        return ""
    command = ["git", "tag", "--list", "v*"]
    names = subprocess.run(command, cwd=ROOT, capture_output=True, text=True).stdout.split()
    return max(filter(version_of, names), key=version_of, default="")


def edit(folder: Path, path: str, old: str, new: str) -> None:
    """Replace a text that the tree has. Skip the test in a clone that has another one."""
    text = (folder / path).read_text()
    if old not in text and site.NAME != "Hexstart":
        pytest.skip(f"{path} of this clone has no place for what the test changes")
    assert old in text, f"{path} has no place for what the test changes: {old}"
    (folder / path).write_text(text.replace(old, new, 1))


def put(folder: Path, path: str, name: str, value: str) -> None:
    """Give a name another value, on the first line that begins with the name."""
    text = (folder / path).read_text()
    (folder / path).write_text(re.sub(rf"(?m)^{name} = .*$", f"{name} = {value}", text, count=1))


def next_of(version: Version) -> Version:
    return version[0], version[1] + 1, 0


class Origin(Clone):
    """The repository of Hexstart, with the tags `old` and `new`. With `last`, `new` is the tree as it is."""

    def __init__(self, folder: Path, last: str = "") -> None:
        super().__init__(folder)
        told = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
        version = version_of(last or told) or (1, 0, 0)
        self.old, self.new = tag(version), tag(next_of(version))
        if last:
            self.git("tag", "tree")
            self.git("rm", "--quiet", "-r", ".")
            self.git("fetch", "--quiet", str(ROOT), f"refs/tags/{last}")
            self.git("checkout", "--quiet", "FETCH_HEAD", "--", ".")
            self.release(self.old)
            self.git("rm", "--quiet", "-r", ".")
            self.git("checkout", "tree", "--", ".")
        else:
            self.release(self.old)
            self.change()
        self.release(self.new)

    def release(self, name: str) -> None:
        put(self.folder, "pyproject.toml", "version", f'"{name[1:]}"')
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", name)
        self.git("tag", "--annotate", "-m", name, name)

    def change(self) -> None:
        """A word, a view, a template, two dependencies and a table, as a release of Hexstart changes them."""
        self.make("feature", "name=labels", "of=user", FIELDS)
        (written,) = (self.folder / "migrations/versions").glob("*_add_labels.py")
        newest = max(path.name.split("_")[3] for path in (self.folder / "migrations/hexstart").glob("*.py"))
        first, second = (f"{int(newest) + step:04}" for step in (1, 2))
        text = written.read_text()
        for name, value in (("revision", first), ("down_revision", newest), ("depends_on", None)):
            text = re.sub(rf"(?m)^{name}(:.*)? = .*$", f"{name} = {value!r}", text)
        hexstart = self.folder / "migrations/hexstart"
        (hexstart / f"2027_01_01_{first}_labels.py").write_text(text)
        written.unlink()
        (hexstart / f"2027_01_01_{second}_motto.py").write_text(COLUMN.format(revision=second, parent=first))
        edit(self.folder, "domain/teams.py", "    version: int = 1\n", MOTTO_OF_A_TEAM)
        edit(self.folder, "adapters/sql/teams.py", '    Column("version"', MOTTO_COLUMN)
        edit(self.folder, "entrypoints/api/health.py", LIVE, f'        """While the process runs."""\n{LIVE}')
        edit(self.folder, ROUTES, '"List the sessions, newest first"', '"List all sessions, newest first"')
        edit(self.folder, LOGIN, "Welcome back.", "Good to see you again.")
        with (self.folder / HOSTS).open("a") as page:
            page.write("\nThis release knows a platform more.\n")
        edit(self.folder, "pyproject.toml", "uuid-utils>=1.1,", "uuid-utils>=1.0,")
        edit(
            self.folder,
            "pyproject.toml",
            '    "gunicorn>=27,<28",  # only for comparison in `make bench`\n',
            "",
        )
        lock = self.folder / "requirements-dev.lock"
        lock.write_text(re.sub(r"(?m)^gunicorn==.*\n( .*\n)*", "", lock.read_text()))
        described = self.run(BIN / "python", "-m", "entrypoints.cli", "openapi")
        (self.folder / RELEASED).write_text(described)
        head = "## [Unreleased]\n"
        edit(self.folder, "CHANGELOG.md", head, f"{head}\n## [{self.new[1:]}] - 2027-01-01\n{NOTES}")
        self.make("format")


LIVE = '        return Response({"data": {"status": "live"}})'
MOTTO_OF_A_TEAM = '    motto: str = ""\n    version: int = 1\n'
MOTTO_COLUMN = '    Column("motto", String(80), nullable=False),\n    Column("version"'


class Product(Clone):
    """A clone of the first release, with a look, two features, a column, a page and a package of its own."""

    def __init__(self, folder: Path, origin: Origin) -> None:
        self.folder = folder
        origin.git("clone", "--quiet", ".", str(folder))
        self.git("remote", "rename", "origin", "hexstart")
        self.git("checkout", "--quiet", "-B", "main", origin.old)
        self.name_the_founder()
        self.install()
        self.old, self.new = origin.old, origin.new

    def name_the_founder(self) -> None:
        for name, value in (("name", "Ada"), ("email", "ada@example.org")):
            self.git("config", f"user.{name}", value)
        self.git("config", "commit.gpgsign", "false")

    def install(self) -> None:
        """The packages of this process, newer than all lock files."""
        (self.folder / ".venv").mkdir()
        for part in Path(sys.prefix).iterdir():
            if not part.name.startswith((".created", ".runtime", ".dev")):
                (self.folder / ".venv" / part.name).symlink_to(part)
        for stamp in (".created", ".runtime", ".dev"):
            (self.folder / ".venv" / stamp).touch()
            os.utime(self.folder / ".venv" / stamp, (4e9, 4e9))

    def copied(self, folder: Path) -> "Product":
        copy = Product.__new__(Product)
        copy.folder, copy.old, copy.new = folder, self.old, self.new
        shutil.copytree(self.folder, folder, symlinks=True)
        return copy

    def change(self) -> None:
        put(self.folder, "entrypoints/site.py", "NAME", '"Acme"')
        put(self.folder, "entrypoints/site.py", "ACCENT, ON_ACCENT", '"#8a1c7c", "#ffffff"')
        self.make("feature", "name=projects", FIELDS)
        self.make("feature", "name=time_entries", "of=user", FIELDS)
        edit(self.folder, "domain/users.py", "    version: int = 1\n", NICKNAME_OF_A_USER)
        edit(self.folder, "adapters/sql/users.py", '    Column("version"', NICKNAME_COLUMN)
        self.run_here("alembic", "upgrade", "heads")
        self.run_here("alembic", "revision", "--autogenerate", "-m", "add nickname")
        self.make("format")
        edit(self.folder, LOGIN, "Forgot your password?", "Lost your password?")
        put(self.folder, "pyproject.toml", "name", '"acme"')
        edit(self.folder, "pyproject.toml", '    "zxcvbn', '    "werkzeug>=3",\n    "zxcvbn')
        for lock in ("requirements.lock", "requirements-dev.lock"):
            text = (self.folder / lock).read_text()
            edited = text.replace("via hexstart (", "via acme (")
            (self.folder / lock).write_text(f"{edited}zz-of-acme==1.0 \\\n    --hash=sha256:{'0' * 64}\n")
        released = self.run_here("entrypoints.cli", "openapi")
        (self.folder / RELEASED).write_text(released)
        self.commit()
        self.run_here("alembic", "upgrade", "heads")
        self.run_here("entrypoints.demo")

    def run_here(self, module: str, *arguments: str) -> str:
        """On the development database of the clone."""
        return self.run(".venv/bin/python", "-m", module, *arguments)


NICKNAME_OF_A_USER = "    nickname: str | None = None\n    version: int = 1\n"
NICKNAME_COLUMN = '    Column("nickname", String(40)),\n    Column("version"'
