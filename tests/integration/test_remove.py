"""`make remove` takes each word of its list out of a copy of the tree, and all of them out of another."""

import pytest

from entrypoints import site
from entrypoints.scaffold import shipped
from tests.clones import ENTRIES, IN_MEMORY_AND_SQLITE, PROJECTS, Clone, without
from tests.databases import ROOT

ALL = "impersonation invitations redis starlette streams tokens two_factor usernames".split()
WORDS = shipped.words()
# A clone that has taken out a word, or has another name, has changed the places that the recipes look for.
CHANGED = ALL != WORDS or site.NAME != "Hexstart"

pytestmark = [pytest.mark.alone, pytest.mark.skipif(CHANGED, reason="the tree is not Hexstart as we ship it")]


@pytest.fixture
def clone(tmp_path):
    """A copy with two features of the founder, which have to go on."""
    without("projects", "time_entries")
    clone = Clone(tmp_path / "clone")
    for arguments in (PROJECTS, ENTRIES):
        clone.make("feature", *arguments)
    clone.commit()
    return clone


def removed(clone: Clone, word: str) -> str:
    printed = clone.make("remove", f"name={word}")
    clone.commit()
    return printed


@pytest.mark.parametrize("word", WORDS)
def test_without_a_word_checks_and_tests_pass(word, clone):
    printed = removed(clone, word)

    assert "were not found" not in printed, printed
    assert "still name it" not in printed, printed
    assert "Nothing else names it." in printed
    clone.make("check")
    clone.alembic("upgrade", "heads")
    clone.alembic("check")
    clone.pytest("tests/unit", "-n", "2")
    clone.pytest("tests/contract", "tests/integration/test_rows.py", *IN_MEMORY_AND_SQLITE, "-n", "2")


def test_without_all_words_checks_and_tests_pass(clone):
    for word in WORDS:
        if (clone.folder / f"entrypoints/scaffold/shipped/{word}.py").exists():  # or it went with another
            assert "still name it" not in removed(clone, word), word
    clone.make("check")
    clone.alembic("upgrade", "heads")
    clone.alembic("check")
    clone.pytest("tests/unit", "-n", "2")
    # The tests of a read-only database run as another user. That user cannot read this copy.
    chosen = "not postgresql and not mariadb and not read_only_at_the_start"
    clone.pytest("tests/contract", "tests/integration", "-k", chosen, "-m", "not alone", "-n", "2")


def test_the_documentation_lists_what_can_be_removed():
    section = (ROOT / "CONTRIBUTING.md").read_text().partition("\n### Take a feature out\n")[2]
    listed = [
        line.split("`")[1] for line in section.partition("\n### ")[0].splitlines() if line.startswith("| `")
    ]
    assert listed == WORDS
