"""The documentation agrees with the code. A clone may remove a page from the list."""

import re
from pathlib import Path

import pytest

from application.ports import Reading
from domain.users import UsernameTaken
from entrypoints.api.routes import routes
from entrypoints.cli import EXIT, cli
from entrypoints.settings import Settings

ROOT = Path(__file__).parents[2]
PAGES = (
    "README.md",
    "AGENTS.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "adapters/mail/README.md",
    "adapters/sql/README.md",
    "entrypoints/README.md",
    "entrypoints/api/README.md",
    "entrypoints/deploy/README.md",
    "entrypoints/deploy/hosts.md",
    "migrations/README.md",
)
TEXT = {page: (ROOT / page).read_text() for page in PAGES}
SETTINGS = {name.upper() for name in Settings.model_fields}
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)

# Not files of the tree: a media type, a network, and files that a command or the example makes.
NO_FILE = re.compile(
    r"application/json|[\d.]+/\d+$|fly\.toml$|\.env$|\.venv/|var/|.*\bprojects\.py$|.*\btest_projects\.py$"
)


def section(page: str, title: str) -> str:
    return TEXT[page].partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def first_column(text: str) -> str:
    return "\n".join(re.findall(r"(?m)^\|([^|]*)\|", text))


def prose(page: str) -> str:
    return BLOCK.sub("", TEXT[page])


def test_the_readme_is_short():
    assert len(TEXT["README.md"].splitlines()) <= 180


def rows_of_the_api() -> dict[tuple[str, str], str]:
    """Method and URL of each row, with the module of its view."""
    made = routes(lambda kind: kind(*[None] * len(kind.__dataclass_fields__)))
    return {(row.method, row.url): row.view.__module__ for row in made}


def rows_of_the_pages() -> dict[tuple[str, str], str]:
    text = (ROOT / "entrypoints/flask_app/routes.py").read_text()
    rows = re.findall(r'page\("(\w+)", "([^"]+)", (\w+)', text)
    return {(method, url): view for method, url, view in rows}


@pytest.mark.parametrize(
    ("title", "rows"), [("The API", rows_of_the_api()), ("The pages", rows_of_the_pages())]
)
def test_the_documented_routes_are_complete(title, rows):
    """All routes of each word that the page names. A word of your own needs no line there."""
    told = re.findall(r"`([A-Z]+) (/[^`]*)`", first_column(section("entrypoints/api/README.md", title)))
    words = {rows[row] for row in told}

    assert sorted(told) == sorted(row for row, word in rows.items() if word in words)


def test_the_documented_settings_are_complete():
    told = first_column(section("entrypoints/deploy/README.md", "Settings"))

    assert sorted(re.findall(r"`([A-Z_]+)`", told)) == sorted(SETTINGS)


@pytest.mark.parametrize("page", PAGES)
def test_a_row_of_a_table_names_one_thing(page):
    assert "·" not in TEXT[page]


def test_the_sample_file_has_all_settings():
    sample = (ROOT / ".env.sample").read_text()
    assert set(re.findall(r"(?m)^#?([A-Z_]+)=", sample)) == SETTINGS


EXCERPTS = [
    (page, *code.split("\n", 1))
    for page in PAGES
    for _, code in BLOCK.findall(TEXT[page])
    if code.startswith("# ")
]


@pytest.mark.parametrize(("page", "path", "code"), EXCERPTS)
def test_the_excerpts_are_in_the_code(page, path, code):
    lines = [line.strip() for line in (ROOT / path.removeprefix("# ")).read_text().splitlines()]
    wanted = [line.strip() for line in code.splitlines()]

    assert any(lines[at : at + len(wanted)] == wanted for at in range(len(lines)))


def test_the_example_of_an_error_matches_the_code():
    assert f'"display_error": "{UsernameTaken.message}"' in TEXT["README.md"]
    assert f'"internal_error_code": {UsernameTaken.code}' in TEXT["README.md"]


def test_the_documented_commands_and_exit_codes_are_complete():
    told = first_column(section("entrypoints/deploy/README.md", "The command line"))
    names = {
        words
        for name, command in cli.commands.items()
        for words in ([f"{name} {sub}" for sub in getattr(command, "commands", {})] or [name])
    }

    assert {
        " ".join(re.findall(r"^[a-z]+(?: [a-z-]+)?", row)) for row in re.findall(r"`([^`]+)`", told)
    } == names
    assert {int(code) for code in re.findall(r"(?m)^ (\d+) $", told)} == {0, 1, 2, *EXIT.values()}


@pytest.mark.parametrize("page", PAGES)
def test_the_documented_options_exist(page):
    known = {
        option
        for group in cli.commands.values()
        for command in (cli, group, *getattr(group, "commands", {}).values())
        for parameter in command.params
        for option in parameter.opts
    }
    told = re.findall(r"`[^`\n]*?(--[a-z-]+)", section(page, "The command line"))

    assert set(told) <= known | {"--help"}


@pytest.mark.parametrize("page", PAGES)
def test_the_documented_make_commands_exist(page):
    targets = set(re.findall(r"(?m)^([a-z]+):.*## ", (ROOT / "Makefile").read_text()))
    assert set(re.findall(r"(?:`|    )make ([a-z]+)", TEXT[page])) <= targets


@pytest.mark.parametrize("page", PAGES)
def test_the_documented_paths_exist(page):
    named = re.findall(r"`(\.?\w[\w.-]*(?:/[\w.-]+)+|\.?\w+\.(?:py|md|toml|html|txt|sample))`", prose(page))
    for path in named:
        if not NO_FILE.match(path):
            places = (ROOT / path, (ROOT / page).parent / path)
            assert any(place.exists() for place in places), path


@pytest.mark.parametrize("page", PAGES)
def test_the_links_have_a_target(page):
    for target in re.findall(r"\]\(([^)]+)\)", prose(page)):
        path, _, anchor = target.partition("#")
        file = (ROOT / page).parent / path if path else ROOT / page
        assert file.exists(), target
        if anchor:
            titles = re.findall(r"(?m)^#+ (.+)$", file.read_text())
            assert anchor in {re.sub(r"[^\w -]", "", title).lower().replace(" ", "-") for title in titles}


def test_the_documented_keys_of_the_export_exist():
    page = TEXT["entrypoints/api/README.md"]
    told = re.findall(r"\w+", page.partition("a download with the keys ")[2].partition("|")[0])

    assert told[0] == "user"
    assert set(told[1:]) < set(Reading.__annotations__)
