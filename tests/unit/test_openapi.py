"""The description of the API: complete, valid, and with examples that fit."""

import json
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner
from openapi_schema_validator import OAS31Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from entrypoints.api.http import Request
from entrypoints.api.openapi import OpenApiViews, operation_id
from entrypoints.api.routes import routes
from entrypoints.cli import cli
from entrypoints.container import openapi
from tests.breaking import breaks
from tests.samples import CLIENT

ROOT = Path(__file__).parents[2]
RELEASED = ROOT / "entrypoints/api/openapi-released.json"
DOCUMENT = openapi("http://localhost", "session")
OPERATIONS = {
    operation["operationId"]: operation
    for methods in DOCUMENT["paths"].values()
    for operation in methods.values()
}
ROWS = {operation_id(row): row for row in routes(lambda kind: kind(*[None] * len(kind.__dataclass_fields__)))}


def assert_fits(example, schema):
    OAS31Validator(schema | {"components": DOCUMENT["components"]}).validate(example)


def contents(part):
    for content in part.get("content", {}).values():
        yield content["example"], content["schema"]


def test_the_document_is_valid():
    OpenAPIV31SpecValidator(DOCUMENT).validate()


def test_the_document_has_the_version_of_the_site():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert DOCUMENT["info"]["version"] == project["version"]


def test_the_document_holds_json_only():
    assert json.loads(json.dumps(DOCUMENT)) == DOCUMENT


def test_every_row_is_described_in_one_short_sentence():
    assert OPERATIONS.keys() == ROWS.keys()
    for name, row in ROWS.items():
        assert 1 <= len(row.does.split()) <= 20, f"{name}: say in the row what it does"
        assert row.does[0].isupper() and row.does[-1] not in ".!", name


@pytest.mark.parametrize("name", OPERATIONS)
def test_the_examples_fit(name):
    operation = OPERATIONS[name]
    body = operation.get("requestBody", {})
    for example, schema in contents(body):
        assert_fits(example, schema)
        assert ROWS[name].body.model_validate_json(json.dumps(example))
    for parameter in operation["parameters"]:
        if "$ref" not in parameter:
            assert_fits(parameter["example"], parameter["schema"])
    for answer in operation["responses"].values():
        for example, schema in contents(answer):
            assert_fits(example, schema)


def test_the_examples_of_errors_fit():
    for status, answer in DOCUMENT["components"]["responses"].items():
        [(example, schema)] = contents(answer)
        assert_fits(example, schema)
        assert status == f"Problem{example['errors']['internal_error_code'] // 100}"


def test_the_schemas_have_readable_names():
    names = set(DOCUMENT["components"]["schemas"])
    assert {"User", "Team", "Login", "Problem"} <= names
    assert all(name.isidentifier() and not name.endswith("Shape") for name in names)


def test_credentials_are_schemes_and_public_rows_need_none():
    schemes = DOCUMENT["components"]["securitySchemes"]
    assert schemes["session"]["name"] == "session"
    for name, row in ROWS.items():
        ways = [scheme for way in OPERATIONS[name]["security"] for scheme in way]
        assert bool(ways) != row.public, name
        assert set(ways) <= set(schemes), name


def test_the_view_shows_the_document_without_an_envelope():
    assert OpenApiViews(lambda: DOCUMENT).show(Request(CLIENT)).data == DOCUMENT


def test_the_command_prints_the_description_without_a_database(monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgresql://127.0.0.1:1/nowhere")
    monkeypatch.setenv("BASE_URL", "http://localhost")

    printed = CliRunner().invoke(cli, ["openapi"])

    assert printed.exit_code == 0
    assert json.loads(printed.stdout)["paths"] == DOCUMENT["paths"]


def test_nothing_breaks_clients_of_the_last_release():
    """Renew the file at a release, by `make released`."""
    assert breaks(json.loads(RELEASED.read_text()), DOCUMENT) == []
