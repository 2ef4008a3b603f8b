"""`make upgrade` in a clone with features of its own. The release is made up for the tests.

A repository with a tag such as v1.0.0 has one test more: from the last release to the tree as it is.
"""

import os
import re
import shutil
import sqlite3

import pytest

from entrypoints.scaffold import upgrade
from tests.clones import IN_MEMORY_AND_SQLITE, without
from tests.databases import unavailable
from tests.releases import HOSTS, LOGIN, RELEASED, ROUTES, Origin, Product, edit, last_release

pytestmark = pytest.mark.alone

LAST = last_release()
WORDS = ("users", "teams", "projects", "time_entries")
# Without network, and without a cache of packages.
OFFLINE = {"UV_OFFLINE": "1", "UV_NO_CACHE": "1"}


@pytest.fixture(scope="module", autouse=True)
def without_the_words():
    without("projects", "time_entries", "labels")


@pytest.fixture(scope="module")
def origin(tmp_path_factory):
    return Origin(tmp_path_factory.mktemp("made up") / "origin")


@pytest.fixture(scope="module")
def made(origin, tmp_path_factory):
    product = Product(tmp_path_factory.mktemp("product") / "clone", origin)
    product.change()
    return product


@pytest.fixture
def product(made, tmp_path):
    """A copy with a short Makefile: the steps after the merge are those of one test."""
    product = made.copied(tmp_path / "clone")
    (product.folder / "Makefile").write_text('format check test lock:\n\t@test -z "$$continue"\n')
    product.commit()
    return product


@pytest.fixture(autouse=True)
def no_configuration(monkeypatch):
    """Git does not read the configuration of the user of this machine."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)


def merge(product, source="hexstart", since=""):
    """Merge without the steps that follow. The files that are left to the founder."""
    clone = upgrade.Clone(product.folder)
    return upgrade.settle(clone, upgrade.begin(clone, source, "", since))


@pytest.fixture(scope="module")
def merged(made, tmp_path_factory):
    """A clone with the release merged into it, and the files that were left."""
    product = made.copied(tmp_path_factory.mktemp("merged") / "clone")
    return product, merge(product)


@pytest.fixture
def called(product, capsys):
    """A function that calls the command in this process: its exit code, and what it prints."""

    def call(*arguments):
        try:
            code = upgrade.main(arguments, product.folder)
        except SystemExit as leaving:
            code = leaving.code
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return call


@pytest.fixture
def in_conflict(product):
    """The clone has changed a line that the release changes, and has deleted a file that it changes."""
    edit(product.folder, LOGIN, "Welcome back.", "Welcome to Acme.")
    (product.folder / HOSTS).unlink()
    product.commit()
    return product


def state(product):
    """All that git knows of the clone, but for the releases that it has fetched."""
    names = product.git("for-each-ref", "--format=%(objectname) %(refname)", "refs/heads", "refs/tags")
    kept = (product.folder / ".git/config").read_text()
    return product.git("status", "--porcelain", "--branch"), names, kept, product.git("ls-files", "--stage")


def users(product):
    with sqlite3.connect(product.folder / "var/hexstart.db") as connection:
        return sorted(connection.execute("SELECT id, username, nickname FROM users"))


def columns(product, table):
    with sqlite3.connect(product.folder / "var/hexstart.db") as connection:
        return [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]


@pytest.mark.parametrize("last", ["", *filter(None, [LAST])], ids=lambda last: last or "made up")
def test_a_clone_with_features_of_its_own_takes_a_release(last, request, tmp_path):
    if last:
        product = Product(tmp_path / "clone", Origin(tmp_path / "origin", last))
        product.change()
    else:
        product = request.getfixturevalue("made").copied(tmp_path / "clone")
    before = users(product)

    printed = product.run("make", "upgrade", "quick=1", **OFFLINE)

    assert f"{product.new} is on the branch upgrade-{product.new}, and all steps passed." in printed
    assert "a copy of the database" in printed
    assert product.git("status", "--porcelain") == ""
    assert product.git("rev-parse", "HEAD^1", "HEAD^2").split() == [
        product.git("rev-parse", name).strip() for name in ("main", f"refs/hexstart/{product.new}^{{}}")
    ]
    assert "Acme" in (product.folder / "entrypoints/site.py").read_text()
    words = WORDS if last else (*WORDS, "labels")
    written = [f"tests/contract/test_{word}.py" for word in words]
    written += [f"tests/integration/test_{word}.py" for word in words if word != "users"]
    product.pytest(*written, "tests/contract/test_personal.py", *IN_MEMORY_AND_SQLITE, "-n", "2")
    product.pytest("tests/integration/test_rows.py", "-k", "has_a_line or sqlite and table_says", "-n", "2")

    product.run("make", "migrate")
    assert users(product) == before != []
    product.run_here("alembic", "check")


def test_both_sides_are_in_the_merge(merged):
    product, left = merged

    assert left == {}
    paths = (LOGIN, ROUTES, RELEASED, "pyproject.toml", "requirements-dev.lock")
    login, routes, released, project, lock = ((product.folder / path).read_text() for path in paths)
    assert "Good to see you again." in login and "Lost your password?" in login
    assert "List all sessions" in routes and "List the sessions" not in routes
    assert all(f"*{word}_rows(" in routes for word in ("project", "time_entry", "label"))
    assert "/api/time-entries" in released and "/api/labels" not in released
    assert 'name = "acme"' in project and f'version = "{product.new[1:]}"' in project
    assert '"werkzeug>=3"' in project and "gunicorn" not in project
    assert "zz-of-acme==" in lock and "gunicorn==" not in lock


def test_a_clone_with_a_history_of_its_own_merges_the_same(made, merged, origin, tmp_path):
    own = made.copied(tmp_path / "own")
    shutil.rmtree(own.folder / ".git")
    own.git("init", "--quiet", "-b", "main")
    own.name_the_founder()
    own.commit()

    assert merge(own, source=str(origin.folder)) == {}
    assert own.git("write-tree") == merged[0].git("write-tree")
    assert (
        own.git("merge-base", "HEAD", "MERGE_HEAD").strip()
        == origin.git("rev-parse", f"{own.old}^{{}}").strip()
    )


def test_the_lock_files_have_the_packages_of_both_sides(merged):
    """With a package index. Without one, they keep what the merge has put into them."""
    product, _ = merged
    if upgrade.Clone(product.folder).complaint("make", "lock"):
        unavailable("uv reaches no package index from this machine")

    lock = (product.folder / "requirements-dev.lock").read_text()
    assert "werkzeug==" in lock and "via acme (pyproject.toml" in lock
    assert "gunicorn==" not in lock and "zz-of-acme==" not in lock


def test_a_conflict_is_named_with_its_note_and_nothing_else(in_conflict, called):
    code, printed, _ = called("from=hexstart")

    assert code == 1
    assert f"{HOSTS}: the clone has deleted it, and it stays deleted." in printed
    told = printed.partition("but for 1 of your files:\n")[2].splitlines()
    assert told[1:4] == [
        LOGIN,
        "  The clone and the release have changed the same lines.",
        f"  Note of the release: `{LOGIN}`: the greeting is friendlier. Take it, or keep yours.",
    ]
    assert [line for line in told if line.startswith("entrypoints/")] == [LOGIN]
    assert printed.count("Note of the release") == 1 and "MOTTO_LENGTH" not in printed


def test_a_resolved_conflict_continues_to_the_end(in_conflict, called, monkeypatch):
    called("from=hexstart")
    refused = called("continue=1")
    assert (refused[0], refused[2].count("\n"), refused[2].split()[-1]) == (2, 1, LOGIN)
    in_conflict.git("add", LOGIN)
    assert called("continue=1")[::2] == (2, f"These files have marks of a conflict: {LOGIN}\n")
    in_conflict.git("checkout", "--quiet", "MERGE_HEAD", "--", LOGIN)
    monkeypatch.setenv("continue", "1")  # as make does. The steps do not get it

    code, printed, told = called("continue=1")

    assert (code, told) == (0, "")
    assert "and all steps passed. What is left:" in printed
    told = re.findall("(?m)^  - (.*)$", printed)
    assert told[0] == "Set `MOTTO_LENGTH`, where mottos are longer than a line."
    assert not any(LOGIN in line for line in told)
    assert in_conflict.git("status", "--porcelain") == ""
    assert (
        in_conflict.git("log", "-1", "--format=%s").strip()
        == f"Take the release {in_conflict.new} of Hexstart"
    )
    assert not (in_conflict.folder / HOSTS).exists()
    # The database itself has not moved. The next upgrade finds nothing to take.
    assert "motto" not in columns(in_conflict, "teams")
    in_conflict.git("switch", "--quiet", "main")
    in_conflict.git("merge", "--quiet", "--ff-only", f"upgrade-{in_conflict.new}")
    assert "already" in called("from=hexstart")[2]


def test_undo_gives_the_tree_and_the_branch_as_before(in_conflict, called):
    before = state(in_conflict)
    called("from=hexstart")
    assert state(in_conflict) != before
    in_conflict.git("merge", "--abort")
    assert "is not merged. Begin again" in called("continue=1")[2]

    assert called("undo=1")[0] == 0
    assert state(in_conflict) == before
    assert called("undo=1")[::2] == (
        2,
        "The branch main is not from `make upgrade`. Switch to its branch first.\n",
    )
    assert called("from=hexstart")[0] == 1  # it can begin again


def edit_a_file(product):
    edit(product.folder, LOGIN, "Log in", "Enter")


def forget_the_name(product):
    product.git("config", "--unset", "user.email")
    product.git("config", "user.useConfigOnly", "true")


def begin_a_merge(product):
    product.git("switch", "--quiet", "--create", "other", "HEAD~1")
    product.git("merge", "--quiet", "--no-commit", "--no-ff", "main")


REFUSED = {
    "a change that is not committed": (edit_a_file, "from=", "Some files are not committed"),
    "a new file": (
        lambda product: (product.folder / "new.txt").touch(),
        "from=",
        "Some files are not committed",
    ),
    "no branch": (lambda product: product.git("checkout", "--detach"), "from=", "No branch is checked out"),
    "a merge": (begin_a_merge, "from=", "Git has an unfinished merge"),
    "no history": (
        lambda product: shutil.rmtree(product.folder / ".git"),
        "from=",
        "This folder has no history",
    ),
    "no name": (forget_the_name, "from=", "Git does not know your name"),
    "no such remote": (None, "from=nowhere", "Git knows no remote nowhere"),
    "a remote that is away": (None, "from=./nowhere", "git fetch: fatal: './nowhere' does not appear"),
    "no such release": (None, "to=v9.9.9", "There is no release v9.9.9. The newest are v"),
    "no version": (None, "to=next", "There is no release next"),
    "the release that it has": (None, "to={old}", "This clone has {old} already"),
    "a branch that exists": (
        lambda product: product.git("branch", f"upgrade-{product.new}"),
        "from=",
        "exists",
    ),
    "another argument": (None, "force=1", "Use from= to="),
    "nothing to continue": (None, "continue=1", "The branch main is not from"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_refusal_is_one_line_and_changes_nothing(product, called, name):
    prepare, argument, reason = REFUSED[name]
    if prepare:
        prepare(product)
    before = (product.folder / ".git").exists() and state(product)

    code, printed, told = called(argument.format(old=product.old))

    assert (code, printed, told.count("\n")) == (2, "", 1)
    assert reason.format(old=product.old) in told
    assert before == ((product.folder / ".git").exists() and state(product))


def test_without_git_the_refusal_is_one_line(product, called, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")

    assert called() == (2, "", "git is not installed.\n")


def test_a_clone_with_its_own_history_and_version_names_its_release(product, origin, called):
    shutil.rmtree(product.folder / ".git")
    edit(product.folder, "pyproject.toml", f'version = "{product.old[1:]}"', 'version = "0.0.7"')
    product.git("init", "--quiet", "-b", "main")
    product.name_the_founder()
    product.commit()
    before = state(product)

    code, _, told = called(f"from={origin.folder}")
    assert (code, "since=v1.0.0" in told) == (2, True)
    assert state(product) == before
    assert merge(product, str(origin.folder), product.old) == {}
    assert 'version = "0.0.7"' in (product.folder / "pyproject.toml").read_text()
