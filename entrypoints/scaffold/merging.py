"""Merges of files whose meaning git does not know: shared pages, lock files, pyproject.toml.

A merge has three texts: `base` of the release that the clone has, `ours` of the clone, `theirs` of the next
release.
"""

import difflib
import re
from collections import Counter
from collections.abc import Callable

Three = tuple[str, str, str]

# Fields of [project]. A clone that has changed one keeps it.
OWN_FIELDS = ("name", "version", "description", "license")
FIELD = r'(?m)\A\[project\]\n(?:[^\[].*\n)*?({} = ".*")$'
# A list of packages, one on each line.
LIST = r"(?ms)^{} = \[\n(.*?)^\]"
LISTS = ("dependencies", "dev")


def shared_page(base: str, ours: str, theirs: str, merged: str) -> tuple[str, list[str]]:
    """The union of a shared page without the lines that it has too often, and the lines that are in doubt.

    Git's union keeps the lines of both sides where their changes touch. Then a line that one side has removed
    or changed comes back, and a line that both have added stands twice. A line is in doubt when each side has
    made another one of it. Lines that a side has twice, such as brackets, are left as they are.
    """
    sides = [Counter(text.splitlines()) for text in (base, ours, theirs)]
    kept: list[str] = []
    for line in merged.splitlines():
        before, mine, other = (side[line] for side in sides)
        if re.search(r"\w\w", line) and max(before, mine, other) == 1:
            removed = before and not (mine and other)
            if removed or line in kept:
                continue
        kept.append(line)
    return "\n".join(kept) + "\n", _changed_by_both(*(list(side) for side in sides))


def _changed_by_both(base: list[str], ours: list[str], theirs: list[str]) -> list[str]:
    """The lines of the base that each side has changed in its own way."""
    new = [[line for line in side if line not in base] for side in (ours, theirs)]
    found = []
    for line in base:
        # `make format` makes one import of two.
        if line not in ours and line not in theirs and not line.startswith(("from ", "import ")):
            closest = [difflib.get_close_matches(line, lines, 1, 0.7) for lines in new]
            if all(closest) and closest[0] != closest[1]:
                found.append(line.strip())
    return found


def lock(base: str, ours: str, theirs: str) -> str:
    """The lock file of the release, with the packages that only the clone has. `make lock` completes it."""
    if ours == base:
        return theirs
    if theirs == base:
        return ours
    locked = _locked(theirs)
    for package, text in _locked(ours).items():
        if package not in _locked(base):
            locked.setdefault(package, text)
    return "".join(locked[package] for package in sorted(locked))


def _locked(text: str) -> dict[str, str]:
    """The lines of each package. A package with several versions has one text."""
    found: dict[str, str] = {}
    for block in re.findall(r"(?m)^[a-z0-9].*\n(?:[ \t].*\n)*", text):
        package = block.partition("==")[0]
        found[package] = found.get(package, "") + block
    return found


def project(base: str, ours: str, theirs: str) -> Three:
    """The three texts of pyproject.toml, alike in what needs no decision: packages, name and version.

    Git merges the rest. Packages are merged by their names, so changes of neighbouring lines are no conflict.
    """
    texts = (base, ours, theirs)
    for name in OWN_FIELDS:
        texts = _alike(texts, FIELD.format(name), _own)
    for name in LISTS:
        texts = _alike(texts, LIST.format(name), _packages)
    return texts


def _alike(texts: Three, pattern: str, merged: Callable[[str, str, str], str | None]) -> Three:
    """The texts with the merged part in all of them. Unchanged without the part, or without its merge."""
    base, ours, theirs = (re.search(pattern, text) for text in texts)
    if not (base and ours and theirs):
        return texts
    part = merged(base[1], ours[1], theirs[1])
    if part is None:
        return texts
    a, b, c = (
        text[: found.start(1)] + part + text[found.end(1) :]
        for text, found in zip(texts, (base, ours, theirs), strict=True)
    )
    return a, b, c


def _own(base: str, ours: str, theirs: str) -> str:
    return theirs if ours == base else ours


def _packages(base: str, ours: str, theirs: str) -> str | None:
    """The merged lines. None when both sides have changed a package, or a line has none."""
    sides = [{_package(line): line for line in text.splitlines()} for text in (base, ours, theirs)]
    kept = []
    for package in sorted(set().union(*sides)):
        before, mine, other = (side.get(package) for side in sides)
        if not package or (mine != before and other != before and mine != other):
            return None
        line = other if mine == before else mine
        if line is not None:
            kept.append(line + "\n")
    return "".join(kept)


def _package(line: str) -> str:
    found = re.match(r'\s*"([\w.-]+)', line)
    return found[1].lower().replace("_", "-") if found else ""
