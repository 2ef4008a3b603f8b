"""`make remove` of a word of Hexstart: its edits find a name or a text, or report that they did not."""

import shutil
import subprocess

import pytest

from entrypoints.scaffold.__main__ import remove_shipped
from entrypoints.scaffold.fields import Refused
from entrypoints.scaffold.shipped import Shipped, drop, edited, everywhere, lines, section, sub, swap
from tests.databases import ROOT, unavailable

CODE = """\
from enum import Enum

# The longest line.
# It is a guess.
LONGEST = (
    80
)
SHORTEST: int = 1


class Tag(Enum):
    BEGAN = "began", "It began"
    ENDED = "ended", "It ended"

    @property
    # Only for pages.
    def sentence(self):
        return (
            self.value
        )


@cached
@logged(
    "twice"
)
def began():
    return Tag.BEGAN


async def ended():
    class Tag:
        ENDED = 1
    return Tag.ENDED
"""
LIST = """\
    route("GET", "/things", list, shows=list[Thing]),
    route(
        "POST",
        "/things",
        (create),
    ),
    route("GET", "/teams", list),
"""
PAGE = """\
# Title

## Things

Text.

### More things

Text.

## Teams

### Things of a team

Text.

# The end
"""


def after(edits, text):
    """The text after all edits, None when one of them found nothing."""
    for edit in edits:
        text = edit.change(text) if text is not None else None
    return text


def without(text, *pieces):
    for piece in pieces:
        assert text.count(piece) == 1
        text = text.replace(piece, "")
    return text


@pytest.mark.parametrize(
    "name, piece",
    [
        ("LONGEST", "# The longest line.\n# It is a guess.\nLONGEST = (\n    80\n)\n"),
        ("SHORTEST", "SHORTEST: int = 1\n"),
        ("Tag.BEGAN", '    BEGAN = "began", "It began"\n'),
        ("Tag", CODE[CODE.index("class Tag(") : CODE.index("\n\n@cached")]),
        ("Tag.sentence", CODE[CODE.index("    @property") : CODE.index("\n\n@cached")]),
        ("began", CODE[CODE.index("@cached") : CODE.index("\n\nasync")]),
        ("ended", CODE[CODE.index("async def") :]),
    ],
)
def test_a_name_is_dropped_with_its_decorators_and_comments(name, piece):
    assert after(drop("a.py", name), CODE) == without(CODE, piece)


@pytest.mark.parametrize("name", "Tag.STARTED BEGAN Tag.sentence.value LONGEST.x ended.Tag Enum".split())
def test_a_name_that_is_not_there_is_not_found(name):
    assert after(drop("a.py", name), CODE) is None


def test_lines_go_until_their_brackets_close():
    first, last = LIST.splitlines(keepends=True)[0], LIST.splitlines(keepends=True)[-1]

    assert after(lines("a.py", "route("), LIST) == ""
    assert after(lines("a.py", 'route("GET", "/things"'), LIST) == without(LIST, first)
    assert after(lines("a.py", "route(\n"), LIST) == first + last
    assert after(lines("a.py", "row("), LIST) is None


def test_lines_of_other_files_have_no_brackets():
    text = "- one (of\n- two)\n  - one of two\n"
    assert after(lines("a.md", "- one"), text) == "- two)\n"


def test_a_text_is_replaced_wherever_it_stands():
    assert after(swap("a.py", ", open=True"), "f(1, open=True)\ng(open=True, x=2, open=True)\n") == (
        "f(1)\ng(open=True, x=2)\n"
    )
    assert after(swap("a.py", "A | B", "A"), "A | B") == "A"
    assert after(swap("a.py", "A | B", "A"), "A|B") is None


def test_a_section_ends_at_the_next_heading_of_its_level():
    things = PAGE[PAGE.index("## Things") : PAGE.index("## Teams")]
    of_a_team = PAGE[PAGE.index("### Things of") : PAGE.index("# The end")]

    assert after(section("a.md", "## Things"), PAGE) == without(PAGE, things)
    assert after(section("a.md", "### Things of a team"), PAGE) == without(PAGE, of_a_team)
    assert after(section("a.md", "### Things"), PAGE) is None


def test_a_comment_in_an_example_is_no_heading():
    text = "# One\n```\n# not a heading\n```\n# Two\n"
    assert after(section("a.md", "# One"), text) == "# Two\n"


def test_each_match_of_a_pattern_is_replaced():
    assert after(sub("a.py", r"^(\w+) = 1$", r"\1 = 2"), "a = 1\nb = 1\nc = 11\n") == "a = 2\nb = 2\nc = 11\n"
    assert after(sub("a.py", r"^d = "), "a = 1\n") is None


def test_a_pattern_for_many_files_needs_no_match_in_each():
    edits = list(everywhere("domain/t*.py", r"\bTeam\b", "Group"))

    assert "domain/teams.py" in {edit.path for edit in edits}
    assert all((ROOT / edit.path).is_file() for edit in edits)
    assert {edit.change("A Team of Teams") for edit in edits} == {"A Group of Teams"}
    assert {edit.change("Users") for edit in edits} == {"Users"}


@pytest.fixture
def tree(tmp_path):
    (tmp_path / "CONTRIBUTING.md").write_text("| `things` | a thing |\n| `teams` | a team |\n")
    (tmp_path / "code.py").write_text(CODE)
    (tmp_path / "things.py").write_text("THINGS = 1\n")
    return tmp_path


def a_recipe(*edits):
    return Shipped(title="things", names="thing", files=("things.py",), edits=edits)


def test_edits_follow_each_other_and_write_nothing(tree):
    recipe = a_recipe(*swap("code.py", "began", "opened"), *drop("code.py", "opened", "LONGEST"))
    texts, missed = edited(tree, "things", recipe)

    assert missed == []
    assert texts["CONTRIBUTING.md"] == "| `teams` | a team |\n"
    assert "opened" in texts["code.py"] and "def opened" not in texts["code.py"]
    assert (tree / "code.py").read_text() == CODE


def test_an_edit_that_finds_nothing_is_reported_and_the_others_are_made(tree):
    recipe = a_recipe(
        *drop("code.py", "Tag.STARTED", "Tag.BEGAN"),
        *swap("code.py", "\n  of\n  more"),
        *lines("code.py", "while"),
    )
    texts, missed = edited(tree, "unheard_of", recipe)

    assert missed == [
        "code.py: Tag.STARTED",
        "code.py: of",
        "code.py: while",
        "CONTRIBUTING.md: | `unheard_of` |",
    ]
    assert "BEGAN = " not in texts["code.py"]


def test_a_file_of_the_word_or_one_that_is_gone_is_not_edited(tree):
    recipe = a_recipe(*drop("things.py", "NOTHING"), *drop("gone.py", "NOTHING"))
    assert edited(tree, "things", recipe)[1] == []


def test_an_empty_text_is_edited_further(tree):
    recipe = a_recipe(*swap("code.py", CODE), *lines("code.py", "SHORTEST"))
    assert edited(tree, "things", recipe)[1] == ["code.py: SHORTEST"]


def test_a_word_is_not_removed_from_a_tree_with_changes(tree):
    if shutil.which("git") is None:
        unavailable("git is not on this machine")
    subprocess.run(["git", "init", "--quiet"], cwd=tree, check=True)
    for _ in ("new files", "a folder without a history"):
        with pytest.raises(Refused, match="Commit your changes"):
            remove_shipped(tree, "things")
        (tree / ".git" / "HEAD").unlink(missing_ok=True)
    assert (tree / "code.py").read_text() == CODE
    assert (tree / "things.py").exists()
