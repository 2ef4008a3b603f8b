"""The files for containers, CI and editors agree with the tree. Their linters, of 80 MB, are run by hand."""

import json
import re
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text()
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
WORKFLOW = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text())
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text())


def test_ci_runs_on_each_supported_python():
    [job] = WORKFLOW["jobs"].values()
    first, end = re.findall(r"3\.(\d+)", PROJECT["project"]["requires-python"])

    assert job["strategy"]["matrix"]["python"] == [f"3.{minor}" for minor in range(int(first), int(end))]
    assert job["steps"][-1] == {"run": ".ci/run"}


def test_the_actions_of_ci_are_pinned_by_their_commit():
    used = [step["uses"] for job in WORKFLOW["jobs"].values() for step in job["steps"] if "uses" in step]

    assert used
    assert all(re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", action) for action in used)


def test_the_image_has_each_package_of_the_tree():
    copied = set(re.findall(r"^COPY (\w+) \1$", DOCKERFILE, re.MULTILINE))
    allowed = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line[:1] == "!"}

    assert copied == {*PROJECT["tool"]["mypy"]["files"], "migrations"}
    assert allowed == copied | {"pyproject.toml", "requirements.lock"}


def test_the_image_runs_as_a_number_that_is_not_root():
    assert re.findall(r"^USER (.*)$", DOCKERFILE, re.MULTILINE) == ["10001:10001"]


def test_the_services_of_the_site_are_read_only_and_without_capabilities():
    for name in ("site", "migrate"):
        service = COMPOSE["services"][name]
        assert service["read_only"] and service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
    grace = int(COMPOSE["services"]["site"]["stop_grace_period"].removesuffix("s"))
    assert grace > int(re.search(r"GRACE_SECONDS = (\d+)", (ROOT / "entrypoints/serve.py").read_text())[1])


@pytest.mark.parametrize("path", [".devcontainer/devcontainer.json", ".vscode/settings.json"])
def test_the_files_of_editors_are_json(path):
    assert json.loads((ROOT / path).read_text())


def test_editors_break_lines_where_ruff_does():
    length = re.search(r"max_line_length = (\d+)", (ROOT / ".editorconfig").read_text())
    assert int(length[1]) == PROJECT["tool"]["ruff"]["line-length"]
