"""`make feature` in a copy of the tree: the result passes checks and tests, merges, and is removed."""

import re
import subprocess

import pytest

from tests.clones import BIN, ENTRIES, IN_MEMORY_AND_SQLITE, PROJECTS, Clone, without
from tests.databases import ROOT

pytestmark = pytest.mark.alone


@pytest.fixture
def clone(made):
    """On the branch `main`, as it was made."""
    made.git("reset", "--quiet", "--hard")
    made.git("clean", "--quiet", "--force", "-d")
    made.git("switch", "--quiet", "main")
    return made


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The copy, with a feature of a team and one of a user."""
    without("projects", "time_entries", "tasks", "labels", "stamps")
    clone = Clone(tmp_path_factory.mktemp("feature") / "clone")
    clone.printed = [clone.make("feature", *arguments) for arguments in (PROJECTS, ENTRIES)]
    clone.commit()
    return clone


def test_the_written_code_passes_the_checks(clone):
    clone.make("check")


def test_the_tables_are_those_of_the_migrations(clone):
    clone.alembic("upgrade", "heads")
    clone.alembic("check")


@pytest.mark.parametrize("word", ["projects", "time_entries"])
def test_the_written_tests_pass_in_memory_and_on_sqlite(clone, word):
    written = [f"tests/{kind}/test_{word}.py" for kind in ("unit", "contract", "integration")]
    clone.pytest(*written, "tests/contract/test_personal.py", *IN_MEMORY_AND_SQLITE)


def test_the_unit_tests_cover_every_branch(clone):
    words = ("projects", "time_entries")
    covered = [f"--cov={folder}.{word}" for folder in ("domain", "application") for word in words]
    clone.pytest(*covered, "--cov-branch", *(f"tests/unit/test_{word}.py" for word in words))


@pytest.mark.parametrize(
    "chosen",
    [
        "has_a_line or sqlite and (table_says or token_reaches)",
        "sqlite and (projects or entries) and (wrong_field or another_account)",
    ],
    ids=["askers", "wrong bodies"],
)
def test_the_rows_answer_as_their_lines_say(clone, chosen):
    clone.pytest("tests/integration/test_rows.py", "-k", chosen)


def test_the_documentation_agrees(clone):
    clone.pytest("tests/unit/test_readme.py", "tests/unit/test_access.py", "tests/unit/test_openapi.py")


@pytest.mark.parametrize("word", ["projects", "time_entries"])
def test_the_page_works_in_a_browser(clone, word):
    clone.pytest(f"tests/browser/test_{word}.py")


def test_the_excerpts_of_the_documentation_are_what_is_written(clone):
    section = (
        (ROOT / "CONTRIBUTING.md").read_text().partition("\n## Add a feature\n")[2].partition("\n## ")[0]
    )
    excerpts = re.findall(r"(?ms)^`([\w/.]+)`\n\n```python\n(.*?)^```$", section)

    assert f'make feature {PROJECTS[0]} fields="{PROJECTS[1].partition("=")[2]}"' in section
    assert len(excerpts) == 6
    for path, excerpt in excerpts:
        assert excerpt in (clone.folder / path).read_text(), path


def test_the_command_prints_what_it_wrote(clone):
    for printed, word in zip(clone.printed, ("projects", "time_entries"), strict=True):
        assert f"  domain/{word}.py\n" in printed
        assert f"  entrypoints/container.py: {word} = service(" in printed


def test_a_feature_has_few_lines_on_shared_pages(clone):
    """Own files are as many as CONTRIBUTING.md says. The table of all rows has a line for each row."""
    added = clone.git("diff", "--name-only", "--diff-filter=A", "main~1", "main").split()
    assert len(added) == 2 * 12
    for line in clone.git("diff", "--numstat", "--diff-filter=M", "main~1", "main").splitlines():
        more, less, path = line.split()
        assert less == "0", path
        assert int(more) <= 2 * 2 or path == "tests/integration/table.py", path


def test_a_removed_feature_leaves_only_its_migrations(clone):
    clone.git("switch", "--quiet", "--create", "removed", "main")
    for word in ("projects", "time_entries"):
        printed = clone.make("remove", f"name={word}")
        assert "drops its table" in printed and "\nNothing else names it.\n" in printed
    clone.commit()

    left = clone.git("diff", "--name-status", "main~1", "removed").splitlines()
    assert len(left) == 4
    assert all(line.startswith("A\tmigrations/versions/") for line in left)
    clone.alembic("upgrade", "heads")
    clone.alembic("check")
    clone.alembic("downgrade", "-1")
    clone.alembic("upgrade", "heads")


def test_a_refusal_writes_nothing(clone):
    command = (BIN / "python", "-m", "entrypoints.scaffold")
    for arguments in (("feature", *PROJECTS), ("feature", "name=tasks"), ("remove", "name=teams")):
        done = subprocess.run([*command, *arguments], cwd=clone.folder, capture_output=True, text=True)
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert clone.git("status", "--porcelain") == ""


def test_two_features_of_two_branches_merge(clone):
    for word in ("tasks", "labels"):
        clone.git("switch", "--quiet", "--create", word, "main~1")
        clone.make("feature", f"name={word}", PROJECTS[1])
        clone.commit()

    clone.git("merge", "--no-edit", "tasks")
    clone.make("format")
    clone.make("check")
    written = [
        f"tests/{kind}/test_{word}.py" for kind in ("unit", "contract") for word in ("tasks", "labels")
    ]
    shared = ("tests/unit/test_access.py", "tests/integration/test_rows.py")
    chosen = "(test_tasks or test_labels or test_access or has_a_line) and not postgresql and not mariadb"
    clone.pytest(*written, *shared, "-k", chosen)
    # One more revision joins the revisions of both.
    clone.make("feature", "name=stamps", "of=user", PROJECTS[1])
    assert len(clone.alembic("heads").splitlines()) == 2
