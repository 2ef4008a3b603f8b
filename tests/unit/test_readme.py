"""What the README says of the code is what the code says. (When the README is your own, this file can go.)"""

import re
from pathlib import Path

import pytest

from entrypoints.cli import EXIT, cli
from entrypoints.settings import Settings

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
SETTINGS = {name.upper() for name in Settings.model_fields}


def section(title: str) -> str:
    return README.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def test_the_routes_that_it_names_are_there():
    rows = re.findall(r'route\("(\w+)", "([^"]+)"', (ROOT / "entrypoints/flask_app/routes.py").read_text())
    assert set(re.findall(r"`([A-Z]+) (/[^`]*)`", section("The routes"))) <= set(rows)


def test_the_settings_are_all_there_and_no_others():
    first_column = "".join(re.findall(r"(?m)^\|([^|]*)\|", section("Configuration")))
    assert set(re.findall(r"`([A-Z_]+)`", first_column)) == SETTINGS


def test_the_sample_sets_what_can_be_set():
    sample = (ROOT / ".env.sample").read_text()
    assert set(re.findall(r"(?m)^#?([A-Z_]+)=", sample)) == SETTINGS


@pytest.mark.parametrize(
    "excerpt",
    re.findall(
        r"(?s)\n# \d\. [^\n]+?: (\S+\.py)[^\n]*\n(.+?)\n(?=\n#|```)", section("One request, five files")
    ),
    ids=lambda part: part[:40],
)
def test_the_excerpts_are_true(excerpt):
    path, code = excerpt
    lines = [line.strip() for line in (ROOT / path.rstrip(",.")).read_text().splitlines()]
    wanted = [line.strip() for line in code.splitlines()]
    assert any(lines[at : at + len(wanted)] == wanted for at in range(len(lines)))


def test_the_commands_and_exit_codes_are_named():
    told = section("The command line")
    for name, command in cli.commands.items():
        for words in [f"{name} {sub}" for sub in getattr(command, "commands", {})] or [name]:
            assert f"`{words}" in told
    assert {int(code) for code in re.findall(r"\b(\d+)\s[a-z]", told)} == {0, 1, 2, *EXIT.values()}
