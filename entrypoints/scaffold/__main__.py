"""Writes a feature, or removes it. The Makefile calls it:

python -m entrypoints.scaffold feature name=projects of=team fields="title:text:80 due:date? done:flag"
python -m entrypoints.scaffold remove name=projects
"""

import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from entrypoints.scaffold import migration, pages, shipped
from entrypoints.scaffold.feature import ROOT, Feature, singular, wanted
from entrypoints.scaffold.fields import Refused

TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    block_start_string="<%",
    block_end_string="%>",
    variable_start_string="<<",
    variable_end_string=">>",
    comment_start_string="<#",
    comment_end_string="#>",
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
    undefined=StrictUndefined,
    autoescape=False,  # noqa: S701 (it writes code)
)
# Where `remove` looks for the word, and what has a word as its example.
SEARCHED = "domain application adapters entrypoints tests README.md SECURITY.md"
EXAMPLES = (
    "entrypoints/scaffold/",
    "tests/clones.py",
    "tests/releases.py",
    "tests/unit/test_scaffold.py",
    "tests/integration/test_feature.py",
    "tests/integration/test_remove.py",
    "tests/integration/test_upgrade.py",
)
RELEASED = "entrypoints/api/openapi-released.json"
USAGE = "Use feature name= of= fields= entity=, or remove name=."


def add(root: Path, feature: Feature) -> None:
    """Write the files, the lines on shared pages and the migration, and print them."""
    values = feature.values()
    files = {
        path: TEMPLATES.get_template(f"{name}.jinja").render(values) for path, name in feature.files.items()
    }
    shared = pages.texts(root, feature)
    lines = pages.lines_of(feature)
    for line in lines:
        shared[line.path] = pages.inserted(shared[line.path], line)
    for path, text in (files | shared).items():
        (root / path).write_text(text)
    made = migration.write(
        root,
        f"add {feature.word}",
        TEMPLATES.get_template("migration.py.jinja").render(values),
        f'op.drop_table("{feature.word}")',
    )
    files[str(made.relative_to(root))] = ""
    tidy(root, [*files, *shared])
    print("Files:")
    for path in files:
        print(f"  {path}")
    print("Lines on shared pages:")
    for line in lines:
        print(f"  {line.path}: {line.begins.lstrip()}{line.rest}")
    print("Read them, then run: make check, make migrate, make test")


def remove(root: Path, feature: Feature) -> None:
    """Delete what `add` wrote, write the migration that drops the table, print what still names the word."""
    upgrade, downgrade = migration.made_and_dropped(root, feature.word)
    shared = pages.texts(root, feature)
    for line in pages.lines_of(feature):
        shared[line.path] = pages.without(shared[line.path], line)
    for path, text in shared.items():
        (root / path).write_text(text)
    for path in feature.files:
        (root / path).unlink(missing_ok=True)
    made = migration.write(root, f"drop {feature.word}", downgrade, upgrade)
    tidy(root, [*shared, str(made.relative_to(root))])
    print(f"{feature.word} is removed. {made.relative_to(root)} drops its table.")
    names = "|".join((feature.word, feature.word.upper(), feature.service, feature.path, feature.kind))
    show_left(root, rf"(?<![\w-])({names}|{feature.kind}(Store|Shape|Views|Pages))(?![\w-])")


def remove_shipped(root: Path, word: str) -> None:
    """Take a word of Hexstart out of the clone, after the words that work only with it."""
    changed = subprocess.run(["git", "status", "--porcelain"], cwd=root, capture_output=True, text=True)  # noqa: S607
    if changed.returncode or changed.stdout:
        raise Refused("Commit your changes to git first. Then `git diff` shows what goes.")
    left = [each for each in shipped.shipped(word).takes if each in shipped.words()]
    for each in (*left, word):
        take_out(root, each)


def take_out(root: Path, word: str) -> None:
    """Delete and edit the files of the word, and describe the API anew."""
    what = shipped.shipped(word)
    texts, missed = shipped.edited(root, word, what)
    made = []
    if what.upgrade:
        file = migration.write(root, f"drop {word}", what.upgrade, what.downgrade)
        made.append(str(file.relative_to(root)))
    for path, text in texts.items():
        (root / path).write_text(text)
    for path in (*what.files, f"entrypoints/scaffold/shipped/{word}.py"):
        (root / path).unlink(missing_ok=True)
    tidy(root, [path for path in (*texts, *made) if path not in what.files])
    command = [sys.executable, "-m", "entrypoints.cli", "openapi"]
    described = subprocess.run(command, cwd=root, capture_output=True, text=True)  # noqa: S603
    if described.returncode == 0:
        (root / RELEASED).write_text(described.stdout)
    else:
        missed.append(f"{RELEASED}: make released")
    print(f"Removed: {what.title}.", *(f"{path} drops its tables." for path in made))
    if what.packages:
        print(f"{' and '.join(what.packages)} left pyproject.toml. Then run: make lock")
    if missed:
        print("These places were not found. This clone, or another removal, has changed them:")
        for each in missed:
            print(f"  {each}")
    show_left(root, what.names)


def show_left(root: Path, names: str) -> None:
    places = named(root, re.compile(names))
    print("These lines still name it:" if places else "Nothing else names it.")
    for place in places:
        print(f"  {place}")


def removable(root: Path, word: str, entity: str) -> Feature:
    """The feature that `add` wrote. Raise Refused for another word."""
    views = root / "entrypoints" / "api" / f"{word}.py"
    found = re.search(r"(?m)^def (\w+)_rows\(", views.read_text()) if views.is_file() else None
    if found is None:
        raise Refused(f"{word} is not a feature that `make feature` wrote.")
    of = "team" if "/api/teams/<id>/" in views.read_text() else "user"
    return Feature(word, entity or found[1] or singular(word), of)


def named(root: Path, pattern: re.Pattern[str]) -> list[str]:
    """The places that match, with their lines."""
    places = [root / name for name in SEARCHED.split()]
    files = [file for place in places for file in ([place] if place.is_file() else sorted(place.rglob("*")))]
    found = []
    for file in files:
        path = str(file.relative_to(root))
        if file.suffix in {".py", ".html", ".js", ".md"} and not path.startswith(EXAMPLES):
            for at, line in enumerate(file.read_text().splitlines(), 1):
                if pattern.search(line) and "`make feature " not in line:  # an example of the documentation
                    found.append(f"{path}:{at}: {line.strip()}")
    return found


def tidy(root: Path, paths: Sequence[str]) -> None:
    """Sort the imports and wrap the lines, as `make format` does."""
    python = [path for path in paths if path.endswith(".py")]
    for arguments in (["check", "--quiet", "--fix-only"], ["format", "--quiet"]):
        subprocess.run([sys.executable, "-m", "ruff", *arguments, *python], cwd=root, check=True)  # noqa: S603


def main(arguments: Sequence[str], root: Path = ROOT) -> int:
    command, *pairs = arguments or [""]
    given = dict(pair.partition("=")[::2] for pair in pairs)
    try:
        if command not in {"feature", "remove"} or set(given) - {"name", "of", "fields", "entity"}:
            raise Refused(USAGE)
        if not given.get("name"):
            raise Refused("Give it a name: name=projects")
        name, entity = given["name"], given.get("entity", "")
        if command == "remove" and name in shipped.words():
            remove_shipped(root, name)
        elif command == "remove":
            remove(root, removable(root, name, entity))
        else:
            add(root, wanted(name, given.get("of") or "team", given.get("fields", ""), entity, root))
    except Refused as refused:
        print(refused, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
