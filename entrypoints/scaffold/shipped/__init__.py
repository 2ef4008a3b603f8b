"""What `make remove` can take out of Hexstart itself: one file for each word, with its files and edits.

An edit is found by a name or a text of the file, so it also works in a clone that has changed other parts.
An edit that finds nothing is left to the founder: `make remove` prints it.
"""

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

FOLDER = Path(__file__).parent
ROOT = FOLDER.parents[2]


@dataclass(frozen=True)
class Edit:
    """`change` returns the text without the word, or None where it finds nothing. `what` is printed then."""

    path: str
    what: str
    change: Callable[[str], str | None]


@dataclass(frozen=True)
class Shipped:
    """A word of Hexstart. `names` is a regular expression: what names the word in the code.

    `upgrade` and `downgrade` are the bodies of the migration. Without `upgrade`, there is none.
    `takes` are the words that work only with this one. They go first.
    """

    title: str
    names: str
    files: tuple[str, ...]
    edits: tuple[Edit, ...]
    upgrade: str = ""
    downgrade: str = ""
    packages: tuple[str, ...] = ()
    takes: tuple[str, ...] = ()


def words() -> list[str]:
    return sorted(file.stem for file in FOLDER.glob("[a-z]*.py"))


def shipped(word: str) -> Shipped:
    found: Shipped = import_module(f"{__name__}.{word}").SHIPPED
    return found


def drop(path: str, *names: str) -> Iterator[Edit]:
    """Functions, classes and values of a Python file. `Teams.invite` is a method or field of `Teams`."""
    for name in names:
        yield Edit(path, name, lambda text, name=name: _dropped(text, name))  # type: ignore[misc]


def lines(path: str, *begins: str) -> Iterator[Edit]:
    """Lines that begin so, without regard to indentation. In Python, a line ends where its brackets close."""
    for begin in begins:
        yield Edit(path, begin, lambda text, begin=begin: _without(text, begin, path.endswith(".py")))  # type: ignore[misc]


def swap(path: str, old: str, new: str = "") -> Iterator[Edit]:
    """Replace a text wherever it stands."""
    first = old.strip().partition("\n")[0]
    yield Edit(path, first, lambda text: text.replace(old, new) if old in text else None)


def sub(path: str, pattern: str, new: str = "") -> Iterator[Edit]:
    """Replace each match of a regular expression. `^` and `$` are the ends of a line."""
    found = re.compile(pattern, re.MULTILINE)
    yield Edit(path, pattern, lambda text: found.sub(new, text) if found.search(text) else None)


def everywhere(paths: str, pattern: str, new: str = "") -> Iterator[Edit]:
    """`sub` in the files that a glob finds. A file without a match stays as it is."""
    found = re.compile(pattern, re.MULTILINE)
    for file in sorted(ROOT.glob(paths)):
        yield Edit(str(file.relative_to(ROOT)), pattern, lambda text: found.sub(new, text))


def section(path: str, heading: str) -> Iterator[Edit]:
    """A heading of a Markdown file, and what follows until the next heading of its level or above."""
    yield Edit(path, heading, lambda text: _without_section(text, heading))


def edited(root: Path, word: str, what: Shipped) -> tuple[dict[str, str], list[str]]:
    """The changed files with their new texts, and the edits that found nothing. Writes nothing."""
    texts: dict[str, str] = {}
    missed = []
    for edit in (*what.edits, *lines("CONTRIBUTING.md", f"| `{word}` |")):
        file = root / edit.path
        # The file may have gone with another word.
        if edit.path in what.files or not file.is_file():
            continue
        changed = edit.change(texts[edit.path] if edit.path in texts else file.read_text())
        if changed is None:
            missed.append(f"{edit.path}: {edit.what}")
        else:
            texts[edit.path] = changed
    return texts, missed


def _dropped(text: str, name: str) -> str | None:
    found = _place(ast.parse(text).body, name.split("."))
    if found is None:
        return None
    all_lines = text.splitlines(keepends=True)
    decorators = [each.lineno for each in getattr(found, "decorator_list", [])]
    start, end = min([found.lineno, *decorators]) - 1, found.end_lineno or found.lineno
    while start and all_lines[start - 1].lstrip().startswith("#"):
        start -= 1
    return "".join(all_lines[:start] + all_lines[end:])


def _place(body: list[ast.stmt], names: list[str]) -> ast.stmt | None:
    for each in body:
        if isinstance(each, ast.Assign):
            named = [target.id for target in each.targets if isinstance(target, ast.Name)]
        elif isinstance(each, ast.AnnAssign) and isinstance(each.target, ast.Name):
            named = [each.target.id]
        else:
            named = [getattr(each, "name", "")]
        if names[0] in named:
            if len(names) == 1:
                return each
            return _place(each.body, names[1:]) if isinstance(each, ast.ClassDef) else None
    return None


def _without_section(text: str, heading: str) -> str | None:
    level = heading.partition(" ")[0]
    kept, inside, found, code = [], False, False, False
    for line in text.splitlines(keepends=True):
        code ^= line.startswith("```")
        mark = "" if code else line.partition(" ")[0]  # a comment in an example is no heading
        if line.rstrip() == heading:
            inside = found = True
        elif inside and mark.strip("#") == "" and 0 < len(mark) <= len(level):
            inside = False
        if not inside:
            kept.append(line)
    return "".join(kept) if found else None


def _without(text: str, begin: str, python: bool) -> str | None:
    kept: list[str] = []
    depth, found = 0, False
    for line in text.splitlines(keepends=True):
        if depth > 0 or line.lstrip().startswith(begin):
            found = True
            if python:
                depth += sum(map(line.count, "([{")) - sum(map(line.count, ")]}"))
            continue
        kept.append(line)
    return "".join(kept) if found else None
