"""A clone writes revisions of its own, and takes ours with the next release."""

import contextlib
import shutil

import pytest
from alembic.config import CommandLine, Config
from alembic.script import ScriptDirectory
from sqlalchemy import Column, String, Table

from adapters.sql.limits import metadata
from adapters.sql.tables import user_id
from adapters.sql.types import Id
from tests.databases import KINDS, ROOT, empty_database
from tests.integration.test_migrations import tables

REVISION = """
from alembic import op
revision, down_revision, branch_labels, depends_on = {revision!r}, {parent!r}, None, None
def upgrade(): op.execute("UPDATE teams SET version = version + 1")
def downgrade(): op.execute("UPDATE teams SET version = version - 1")
"""


# The newest revision of the product: "0005", say.
NEWEST = max(path.name.split("_")[3] for path in (ROOT / "migrations/hexstart").glob("*.py"))


class Clone:
    """A copy of the migrations. Alembic's command line runs in this process, which is faster."""

    def __init__(self, folder):
        self.migrations, self.toml = folder / "migrations", folder / "pyproject.toml"
        shutil.copytree(ROOT / "migrations", self.migrations, ignore=shutil.ignore_patterns("__pycache__"))
        for revision in (self.migrations / "versions").glob("*.py"):
            revision.unlink()  # this tree may be a clone, with revisions of its own
        # The product is imported already. A path to the copy would outlive the test.
        settings = (ROOT / "pyproject.toml").read_text().replace('prepend_sys_path = ["%(here)s"]', "")
        self.toml.write_text(settings)

    def alembic(self, *arguments):
        with contextlib.chdir(self.toml.parent):
            CommandLine().main(["--raiseerr", *arguments])

    def add(self, folder, revision, parent):
        (self.migrations / folder / f"{revision}.py").write_text(
            REVISION.format(revision=revision, parent=parent)
        )

    def written(self, name):
        """The revision that was written under this name, and the folder that it is in."""
        scripts = ScriptDirectory.from_config(Config(toml_file=str(self.toml))).walk_revisions()
        (script,) = [script for script in scripts if script.doc == name]
        return script, script.module.__file__.split("/")[-2]


@pytest.fixture(params=KINDS)
def url(request, tmp_path):
    with empty_database(request.param, tmp_path) as url:
        yield url


@pytest.fixture
def clone(url, tmp_path, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", url)
    return Clone(tmp_path)


@pytest.fixture
def strays():
    """A table that the clone adds."""
    table = Table(
        "strays",
        metadata,
        Column("id", Id, primary_key=True),
        user_id(index=True),
        Column("text", String(80)),
    )
    yield table
    metadata.remove(table)


def test_a_clone_and_the_product_both_add_revisions(clone, url, strays):
    clone.alembic("upgrade", "heads")
    clone.alembic("revision", "--autogenerate", "-m", "add strays")
    first, folder = clone.written("add strays")
    assert (folder, first.down_revision, first.branch_labels) == ("versions", None, set())
    assert first.dependencies == NEWEST
    clone.alembic("upgrade", "heads")
    clone.alembic("check")

    clone.alembic("revision", "-m", "second")
    second, folder = clone.written("second")
    assert (folder, second.down_revision, second.dependencies) == ("versions", first.revision, NEWEST)

    clone.add("hexstart", "release", NEWEST)  # our next release
    clone.alembic("upgrade", "heads")
    clone.alembic("revision", "--autogenerate", "-m", "third")
    third, folder = clone.written("third")
    assert (folder, third.down_revision, third.dependencies) == ("versions", second.revision, "release")
    clone.alembic("upgrade", "heads")
    clone.alembic("check")
    assert tables(url) == set(metadata.tables)

    clone.alembic("downgrade", first.revision)
    assert tables(url) == set(metadata.tables)
    clone.alembic("downgrade", "base")
    assert tables(url) == set()
    clone.alembic("upgrade", "heads")
    assert tables(url) == set(metadata.tables)


def test_a_clone_of_the_first_release_keeps_its_revision(clone, url, strays):
    """Its revisions followed ours: there were no branches."""
    clone.add("versions", "abc", "0002")
    clone.alembic("upgrade", "abc")
    clone.alembic("upgrade", "heads")
    clone.alembic("revision", "--autogenerate", "-m", "add strays")
    first, folder = clone.written("add strays")
    assert (folder, first.down_revision, first.dependencies) == ("versions", "abc", NEWEST)

    clone.add("hexstart", "release", NEWEST)
    clone.alembic("upgrade", "heads")
    clone.alembic("check")
    clone.alembic("revision", "-m", "second")
    second, folder = clone.written("second")
    assert (second.down_revision, second.dependencies) == (first.revision, "release")
    clone.alembic("upgrade", "heads")
    assert tables(url) == set(metadata.tables)


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_revisions_of_two_branches_of_a_clone_are_joined_by_the_next(clone):
    clone.alembic("upgrade", "heads")
    clone.alembic("revision", "-m", "first")
    first, _ = clone.written("first")
    for revision in ("aaa", "bbb"):
        clone.add("versions", revision, first.revision)
    clone.alembic("upgrade", "heads")
    clone.alembic("revision", "-m", "next")

    assert set(clone.written("next")[0].down_revision) == {"aaa", "bbb"}


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_a_revision_that_names_its_parent_is_not_moved(clone):
    clone.alembic("revision", "--head", "hexstart@head", "-m", "ours")
    ours, folder = clone.written("ours")

    assert (folder, ours.down_revision, ours.dependencies) == ("hexstart", NEWEST, None)
