"""The parts of `make upgrade` that need no git: versions, notes, and merges by the meaning of a file."""

import re
import tomllib

import pytest

from entrypoints import site
from entrypoints.scaffold import merging, releases
from entrypoints.scaffold.releases import version_of
from tests.databases import ROOT

CHANGELOG = """\
# Changelog

## [Unreleased]

### What a clone has to do

- Not released yet.

## [1.2.0] - 2027-02-01

### What a clone has to do

- `a/page.html`, `a/style.css`: the form is new.
  Copy it.
- Set `NEW_SETTING`.

## [1.1.0] - 2027-01-01

### Added

- `a/page.html` is nicer.

### What a clone has to do

- `a/page.html.old`: delete it.

## [1.0.0] - 2026-11-28

### What a clone has to do

- Begin.
"""


@pytest.mark.parametrize(
    "text, version",
    [("v1.2.3", (1, 2, 3)), ("1.20.3", (1, 20, 3)), ("v1.2", None), ("v1.2.3-rc1", None), ("next", None)],
)
def test_a_version_is_three_numbers(text, version):
    assert version_of(text) == version


def test_the_notes_are_those_of_the_releases_between():
    told = releases.entries(CHANGELOG, (1, 0, 0), (1, 2, 0))

    assert told == [
        "`a/page.html.old`: delete it.",
        "`a/page.html`, `a/style.css`: the form is new. Copy it.",
        "Set `NEW_SETTING`.",
    ]
    assert releases.entries(CHANGELOG, (1, 1, 0), (1, 1, 0)) == []
    assert releases.entries(CHANGELOG, None, (1, 0, 0)) == ["Begin."]


def test_a_file_has_the_notes_that_name_exactly_it():
    told = releases.entries(CHANGELOG, None, (1, 2, 0))

    assert releases.notes_of("a/style.css", told) == [
        "`a/page.html`, `a/style.css`: the form is new. Copy it."
    ]
    assert releases.notes_of("page.html", told) == []
    files = {"a/page.html", "a/page.html.old", "a/style.css"}
    assert releases.for_all(told, files) == ["Begin.", "Set `NEW_SETTING`."]


def test_a_note_begins_with_its_files():
    """As CHANGELOG.md says of itself. Files of older releases can be gone."""
    text = (ROOT / "CHANGELOG.md").read_text()
    sections = re.split(r"(?m)^## ", text)[1:3]
    told = [entry for section in sections for entry in releases.entries_of(section)]

    for entry in told:
        first = re.match(r"((?:`[^`]+`(?:, )?)*)(: | is deleted\b)?", entry)
        names = re.findall(r"`([^`]+)`", first[1])
        assert bool(names) == bool(first[2]), entry
        if first[2] == ": ":
            assert all((ROOT / name).is_file() for name in names), entry
        assert not any((ROOT / name).is_file() for name in re.findall(r"`([^`]+)`", entry[first.end() :])), (
            entry
        )


def test_the_changelog_has_the_version_of_the_tree():
    if site.NAME != "Hexstart":
        pytest.skip("a clone can have versions of its own")
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    text = (ROOT / "CHANGELOG.md").read_text()
    dated = re.findall(r"(?m)^## \[([\d.]+)\] - (\d{4}-\d\d-\d\d)$", text)

    assert dated[0][0] == version
    assert dated == sorted(dated, key=lambda each: version_of(each[0]), reverse=True)
    assert len(re.findall("(?m)^## ", text)) == len(dated) + 1  # [Unreleased]


# What git's union makes of two sides that change neighbouring lines.
BASE = "head\none = 1\ntwo = 2\n)\nlast\n"


@pytest.mark.parametrize(
    "ours, theirs, merged, wanted",
    [
        (
            "head\none = 1\ntwo = 22\n)\nlast\n",
            "head\none = 11\ntwo = 2\n)\nlast\n",
            "head\none = 1\ntwo = 22\none = 11\ntwo = 2\n)\nlast\n",
            "head\ntwo = 22\none = 11\n)\nlast\n",
        ),
        (
            "head\none = 1\n)\nlast\n",
            "head\none = 1\ntwo = 2\nthree = 3\n)\nlast\n",
            "head\none = 1\ntwo = 2\nthree = 3\n)\nlast\n",
            "head\none = 1\nthree = 3\n)\nlast\n",
        ),
        (
            BASE + "new = 1\nmine\n",
            BASE + "new = 1\nother\n",
            BASE + "new = 1\nmine\nnew = 1\nother\n",
            BASE + "new = 1\nmine\nother\n",
        ),
    ],
    ids=["each has changed its line", "one has removed a line", "both have added a line"],
)
def test_a_shared_page_has_no_line_too_often(ours, theirs, merged, wanted):
    assert merging.shared_page(BASE, ours, theirs, merged) == (wanted, [])


def test_lines_that_a_side_has_twice_are_left():
    ours, theirs = BASE + ")\nsame\nsame\n", BASE + ")\n"
    merged = BASE + ")\n)\nsame\nsame\n"

    assert merging.shared_page(BASE, ours, theirs, merged) == (merged, [])


def test_a_line_that_both_sides_have_changed_is_in_doubt():
    page = 'route("GET", "/api/notes", notes.list, "{}")\n'
    ours, theirs = page.format("List my notes"), page.format("List all notes")

    text, doubts = merging.shared_page(page.format("List notes"), ours, theirs, ours + theirs)

    assert text == ours + theirs
    assert doubts == [page.format("List notes").strip()]


def test_a_line_that_both_sides_have_changed_alike_or_removed_is_not_in_doubt():
    assert merging.shared_page(BASE, "one = 1\n", "one = 1\n", "one = 1\n") == ("one = 1\n", [])
    assert merging.shared_page("one = 1\n", "one = 11\n", "one = 11\n", "one = 11\n") == ("one = 11\n", [])


def locked(*packages):
    return "".join(f"{package} \\\n    --hash=sha256:{package}\n    # via acme\n" for package in packages)


def test_a_lock_file_has_the_packages_of_the_release_and_those_of_the_clone():
    base, ours = locked("flask==1", "gone==1", "idna==1"), locked("flask==1", "gone==1", "idna==1", "mine==1")
    theirs = locked("flask==2", "idna==1", "new==1")

    assert merging.lock(base, ours, theirs) == locked("flask==2", "idna==1", "mine==1", "new==1")
    assert merging.lock(base, base, theirs) == theirs
    assert merging.lock(base, ours, base) == ours


PROJECT = """\
[project]
name = "{}"
version = "{}"
dependencies = [
    "flask>={}",
{}]

[[tool.importlinter.contracts]]
name = "inward"
"""


def test_a_clone_keeps_its_name_and_packages_and_gets_those_of_the_release():
    base = PROJECT.format("hexstart", "1.0.0", "3", '    "gone>=1",\n    "queue>=8",\n')
    ours = PROJECT.format("acme", "1.0.0", "3", '    "gone>=1",\n    "queue>=8",\n    "stripe>=9",  # paid\n')
    theirs = PROJECT.format("hexstart", "1.1.0", "4", '    "queue>=9",\n')
    wanted = PROJECT.format("acme", "1.1.0", "4", '    "queue>=9",\n    "stripe>=9",  # paid\n')

    assert merging.project(base, ours, theirs) == (wanted, wanted, wanted)


def test_a_clone_with_a_version_of_its_own_keeps_it():
    base, ours, theirs = (
        PROJECT.format("hexstart", version, "3", "") for version in ("1.0.0", "7.0.0", "1.1.0")
    )

    assert merging.project(base, ours, theirs) == (ours, ours, ours)


def test_a_package_that_both_sides_have_changed_stays_in_conflict():
    texts = tuple(PROJECT.format("hexstart", "1.0.0", bound, "") for bound in ("3", "3.1", "4"))

    assert merging.project(*texts) == texts
