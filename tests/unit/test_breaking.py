"""The comparison of two OpenAPI documents."""

from copy import deepcopy

import pytest

from entrypoints.container import openapi
from tests.breaking import breaks


@pytest.fixture
def old():
    return deepcopy(openapi("http://localhost", "session"))


@pytest.fixture
def new(old):
    return deepcopy(old)


def operation(document, name):
    method, url = name.split()
    return document["paths"][url][method.lower()]


def schemas(document):
    return document["components"]["schemas"]


def test_the_same_document_breaks_nothing(old, new):
    assert breaks(old, new) == []


def test_an_addition_breaks_nothing(old, new):
    new["paths"]["/api/additions"] = new["paths"]["/api/teams"]
    operation(new, "GET /api/user")["responses"]["410"] = operation(new, "GET /api/user")["responses"]["409"]
    operation(new, "GET /api/teams")["parameters"].append(
        {"name": "q", "in": "query", "schema": {"type": "string"}}
    )
    schemas(new)["User"]["properties"]["shoe_size"] = {"type": "integer"}
    schemas(new)["User"]["required"].append("shoe_size")
    schemas(new)["Login"]["properties"]["code"] = {"type": "string"}
    schemas(new)["TeamRole"]["enum"].append("guest")
    schemas(new)["NameTeam"]["properties"]["name"]["maxLength"] = 900
    schemas(new)["NameTeam"]["required"].remove("name")
    operation(new, "GET /api/user")["security"].append({"token": []})
    assert breaks(old, new) == []


def removed_operation(new):
    del new["paths"]["/api/teams/{id}"]["patch"]


def removed_status(new):
    del operation(new, "GET /api/user")["responses"]["409"]


def another_status(new):
    answers = operation(new, "POST /api/teams")["responses"]
    answers["200"] = answers.pop("201")


def renamed_field(new):
    fields = schemas(new)["Session"]["properties"]
    fields["address"] = fields.pop("ip")


def field_that_may_be_missing(new):
    schemas(new)["Session"]["required"].remove("ip")


def field_that_may_be_null(new):
    schemas(new)["Session"]["properties"]["ip"] = {"anyOf": [{"type": "string"}, {"type": "null"}]}


def another_type(new):
    schemas(new)["Session"]["properties"]["ip"] = {"type": "integer"}


def another_format(new):
    schemas(new)["Team"]["properties"]["id"] = {"type": "string"}


def item_of_another_type(new):
    schemas(new)["User"]["properties"]["roles"]["items"] = {"type": "integer"}


def other_values(new):
    schemas(new)["Live"]["properties"]["status"]["const"] = "alive"


def new_required_field(new):
    schemas(new)["Login"]["properties"]["code"] = {"type": "string"}
    schemas(new)["Login"]["required"].append("code")


def field_that_is_required_now(new):
    schemas(new)["DeleteUser"]["required"] = ["current_password"]


def removed_field_of_a_body(new):
    del schemas(new)["Login"]["properties"]["remember"]


def fewer_values_in_a_body(new):
    schemas(new)["ChangeRole"]["properties"]["role"] = {"type": "string", "enum": ["owner", "admin"]}


def values_in_place_of_text(new):
    schemas(new)["NameTeam"]["properties"]["name"]["enum"] = ["A", "B"]


def shorter_text(new):
    schemas(new)["NameTeam"]["properties"]["name"]["maxLength"] = 100


def null_that_is_refused(new):
    schemas(new)["ChangeUser"]["properties"]["disabled"] = {"type": "boolean"}


def new_body(new):
    operation(new, "POST /api/logout")["requestBody"] = operation(new, "POST /api/login")["requestBody"]


def removed_parameter(new):
    del operation(new, "GET /api/admin/users")["parameters"][-2]


def required_parameter(new):
    operation(new, "GET /api/admin/users")["parameters"][0]["required"] = True


def smaller_limit(new):
    operation(new, "GET /api/sessions")["parameters"][1]["schema"]["maximum"] = 20


def no_longer_public(new):
    operation(new, "POST /api/login")["security"] = [{"session": []}]


BROKEN = {
    removed_operation: "PATCH /api/teams/{id}: removed",
    removed_status: "GET /api/user: the status 409 is removed",
    another_status: "POST /api/teams: the status 201 is removed",
    renamed_field: "GET /api/sessions: 200.data[].ip is removed",
    field_that_may_be_missing: "GET /api/sessions: 200.data[].ip may be missing",
    field_that_may_be_null: "GET /api/sessions: 200.data[].ip: the type was string, and is null or string",
    another_type: "GET /api/sessions: 200.data[].ip: the type was string, and is integer",
    another_format: "GET /api/teams: 200.data[].id: the type was string uuid, and is string",
    item_of_another_type: "GET /api/user: 200.data.roles[]: the type was string, and is integer",
    other_values: "GET /health/live: 200.data.status: the values are others",
    new_required_field: "POST /api/login: body.code is required",
    field_that_is_required_now: "DELETE /api/user: body.current_password is required",
    removed_field_of_a_body: "POST /api/login: body.remember is removed",
    fewer_values_in_a_body: "PATCH /api/teams/{id}/members/{user_id}: body.role: fewer values are accepted",
    values_in_place_of_text: "POST /api/teams: body.name: fewer values are accepted",
    shorter_text: "POST /api/teams: body.name: maxLength is now 100",
    null_that_is_refused: "PATCH /api/admin/users/{id}: body.disabled: the type was boolean or null, "
    "and is boolean",
    new_body: "POST /api/logout: a body is required",
    removed_parameter: "GET /api/admin/users: the parameter q is removed",
    required_parameter: "GET /api/admin/users: the parameter after is required",
    smaller_limit: "GET /api/sessions: parameter limit: maximum is now 20",
    no_longer_public: "POST /api/login: accepts fewer credentials",
}


@pytest.mark.parametrize("change", BROKEN, ids=lambda change: change.__name__)
def test_a_change_that_breaks_clients_is_named(old, new, change):
    change(new)
    assert BROKEN[change] in breaks(old, new)
