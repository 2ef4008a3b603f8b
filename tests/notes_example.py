"""Applies the example of CONTRIBUTING.md ("Add a feature") to a copy of the tree.

python -m tests.notes_example FOLDER [WORD]: with the word `task`, the feature is `tasks` and not `notes`.
"""

import re
import sys
from pathlib import Path

PAGE = Path(__file__).parents[1] / "CONTRIBUTING.md"
# A path alone on its line, then a block. It is a whole file, or lines to add to a file.
BLOCK = re.compile(r"^`([\w/.]+)`\n\n```(python|diff)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(word: str = "note") -> list[tuple[str, str, str]]:
    """Path, kind and text of every block."""
    page = PAGE.read_text().partition("\n## Add a feature\n")[2].partition("\n## ")[0]
    for old, new in (("note", word), ("Note", word.capitalize()), ("NOTE", word.upper())):
        page = page.replace(old, new)
    return BLOCK.findall(page)


def add_lines(text: str, lines: str) -> str:
    """Lines with `+` are added below the line that stands above them."""
    found, at = text.splitlines(), 0
    for line in lines.splitlines():
        if line.startswith("+"):
            found.insert(at, line[1:])
        else:
            at = found.index(line[1:], at)
        at += 1
    return "\n".join(found) + "\n"


def apply(folder: Path, word: str = "note") -> None:
    for path, kind, text in blocks(word):
        file = folder / path
        file.write_text(add_lines(file.read_text(), text) if kind == "diff" else text)


if __name__ == "__main__":
    apply(Path(sys.argv[1]), *sys.argv[2:])
