"""The API as one OpenAPI 3.1 document, made from the rows, and the view that shows it."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, get_origin

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode

from domain.errors import DomainError
from entrypoints import site
from entrypoints.api.examples import ID, example
from entrypoints.api.gate import SAFE_METHODS
from entrypoints.api.http import Request, Response, Route
from entrypoints.problems import PROBLEMS, Refused
from entrypoints.settings import version

Json = dict[str, Any]

UUID = {"type": "string", "format": "uuid"}
ABOUT = """\
Bodies are JSON objects in UTF-8, sent as `application/json`. An answer has `data`, `message` or both.

A list has `next`. Send it as the parameter `after` for the following page. It is null on the last page.

`POST /api/login` begins a session and sets its cookie. Send the cookie with each request. Some calls take \
an API token in its place: `Authorization: Bearer hxs_...`.

All errors have one shape. The status is the first three digits of `internal_error_code`. With status 422, \
`field_errors` has sentences for each field.

New fields can appear in answers, and new codes in errors. Ignore those that you do not know."""

PARAMETERS = {
    "X-User": {
        "name": "X-User",
        "in": "header",
        "description": "The id of the client's user. When the session has another user, the answer is 409.",
        "schema": UUID,
        "example": ID,
    }
}
HEADERS = {
    "X-Request-ID": {
        "description": "A new id for each request. The log has it, too.",
        "required": True,
        "schema": {"type": "string"},
    },
    "Retry-After": {
        "description": "Seconds until the next try.",
        "required": True,
        "schema": {"type": "integer"},
    },
}


def document(rows: Sequence[Route], base_url: str, cookie_name: str) -> Json:
    """The document. It holds JSON values only."""
    shapes, schemas = _schemas(rows)
    paths: Json = {}
    for row in rows:
        url = row.url.replace("<", "{").replace(">", "}")
        paths.setdefault(url, {})[row.method.lower()] = _operation(row, shapes, schemas)
    codes = _codes()
    statuses = sorted({status for row in rows for status in _problems(row)})
    used = {name for row in rows for name in accepted_by(row)}
    schemes: Json = {
        "session": {"type": "apiKey", "in": "cookie", "name": cookie_name, "description": "A session."},
        "token": {"type": "http", "scheme": "bearer", "description": "A personal API token."},
    }
    return {
        "openapi": "3.1.0",
        "info": {"title": f"{site.NAME} API", "version": version(), "description": ABOUT},
        "servers": [{"url": base_url}],
        "tags": [{"name": word} for word in sorted({_word(row) for row in rows})],
        "paths": paths,
        "components": {
            "schemas": schemas | {"Problem": _problem_schema(codes)},
            "responses": {f"Problem{status}": _problem(status, codes) for status in statuses},
            "parameters": PARAMETERS,
            "headers": HEADERS,
            "securitySchemes": {name: scheme for name, scheme in schemes.items() if name in used},
        },
    }


def accepted_by(row: Route) -> tuple[str, ...]:
    """The security schemes of which a request needs one."""
    if row.public:
        return ()
    return ("session", "token") if row.tokens else ("session",)


def operation_id(row: Route) -> str:
    """`GET /api/teams/<id>/members` is `get_teams_by_id_members`."""
    words = re.sub(r"<(\w+)>", r"by_\1", row.url.removeprefix("/api"))
    return row.method.lower() + re.sub(r"\W", "_", words)


def _word(row: Route) -> str:
    return row.view.__module__.rpartition(".")[2]


class _Schemas(GenerateJsonSchema):
    """`UserShape` is `User`. No titles: they would repeat the names."""

    def normalize_name(self, name: str) -> str:
        return super().normalize_name(name).removesuffix("Shape")

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


def _schemas(rows: Sequence[Route]) -> tuple[Json, Json]:
    """The schemas by row and part of the row, and those with a name."""

    def inputs() -> Iterator[tuple[str, JsonSchemaMode, TypeAdapter[Any]]]:
        for row in rows:
            name = operation_id(row)
            if row.body:
                yield f"{name} body", "validation", TypeAdapter(row.body)
            if row.shows:
                yield f"{name} shows", "serialization", TypeAdapter(row.shows)
            for parameter, kind in row.query.items():
                yield f"{name} ?{parameter}", "validation", TypeAdapter(kind)

    found, definitions = TypeAdapter.json_schemas(
        inputs(), ref_template="#/components/schemas/{model}", schema_generator=_Schemas
    )
    schemas = {
        name: {key: value for key, value in schema.items() if key != "title"}
        for name, schema in sorted(definitions["$defs"].items())
    }
    return {key: schema for (key, _), schema in found.items()}, schemas


def _operation(row: Route, shapes: Json, schemas: Json) -> Json:
    name = operation_id(row)
    parameters: list[Json] = [
        {"name": id, "in": "path", "required": True, "schema": UUID, "example": ID}
        for id in re.findall(r"<(\w+)>", row.url)
    ]
    for parameter in row.query:
        schema = shapes[f"{name} ?{parameter}"]
        shown = {"schema": schema, "example": example(schema, schemas, parameter)}
        parameters.append({"name": parameter, "in": "query"} | shown)
    operation: Json = {
        "operationId": name,
        "tags": [_word(row)],
        "summary": row.does,
        "security": [{scheme: []} for scheme in accepted_by(row)],
        "parameters": [*parameters, *({"$ref": f"#/components/parameters/{name}"} for name in PARAMETERS)],
        "responses": {
            str(row.status): {
                "description": HTTPStatus(row.status).phrase,
                "headers": _headers("X-Request-ID"),
                "content": _content(_answer(row, shapes.get(f"{name} shows")), schemas),
            }
        }
        | {str(status): {"$ref": f"#/components/responses/Problem{status}"} for status in _problems(row)},
    }
    if row.body:
        operation["requestBody"] = {"required": True, "content": _content(shapes[f"{name} body"], schemas)}
    return operation


def _content(schema: Json, schemas: Json) -> Json:
    return {"application/json": {"schema": schema, "example": example(schema, schemas)}}


def _headers(*names: str) -> Json:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _answer(row: Route, shape: Json | None) -> Json:
    if shape is not None and not row.envelope:
        return shape
    fields: Json = {}
    if shape is None or (row.method == "POST" and row.message):
        fields["message"] = {"const": "success", "type": "string"}
    if shape is not None:
        fields["data"] = shape
    if get_origin(row.shows) is list:
        fields["next"] = {"anyOf": [UUID, {"type": "null"}]}
    return {"type": "object", "properties": fields, "required": list(fields)}


def _problems(row: Route) -> list[int]:
    """The statuses of errors: those that follow from the row, and those that it names."""
    found = {400, 409, 429, 500, 503, *row.also}  # 400 is an unknown host, 409 another X-User
    if row.url.startswith("/api/"):
        found |= {401, 403}  # no session, a wrong token, or a token that does not reach the row
    if row.method not in SAFE_METHODS:
        found |= {403, 413}  # 403 is a request from another site
    if row.body:
        found |= {415, 422}
    if row.query:
        found.add(422)
    if "<" in row.url:
        found.add(404)
    return sorted(found)


def _codes() -> dict[int, str]:
    """The message of each error code."""

    def below(kind: type[Any]) -> Iterator[type[Any]]:
        for child in kind.__subclasses__():
            yield child
            yield from below(child)

    found = {problem.code: problem.message for problem in PROBLEMS.values()}
    for error in (*below(Refused), *below(DomainError)):
        if hasattr(error, "message"):
            found.setdefault(error.code, error.message)  # a special case comes after its error
    return dict(sorted(found.items()))


def _problem_schema(codes: dict[int, str]) -> Json:
    sentences = {"type": "array", "items": {"type": "string"}}
    fields: Json = {
        "display_error": {"type": "string", "description": "A sentence for users."},
        "internal_error_code": {"type": "integer", "enum": list(codes), "description": "For programs."},
        "field_errors": {
            "type": "object",
            "additionalProperties": sentences,
            "description": "With status 422: sentences for each field. The name of the whole body is empty.",
        },
    }
    errors = {"type": "object", "properties": fields, "required": ["display_error", "internal_error_code"]}
    return {"type": "object", "properties": {"errors": errors}, "required": ["errors"]}


def _problem(status: int, codes: dict[int, str]) -> Json:
    told = {code: message for code, message in codes.items() if code // 100 == status}
    code, message = next(iter(told.items()))
    errors: Json = {"display_error": message, "internal_error_code": code}
    if status == 422:
        errors["field_errors"] = {"email": ["This field is required."]}
    waits = ["Retry-After"] if status in {429, 503} else []
    return {
        "description": "\n".join(f"{code}: {message}" for code, message in told.items()),
        "headers": _headers("X-Request-ID", *waits),
        "content": {
            "application/json": {
                "schema": {"$ref": "#/components/schemas/Problem"},
                "example": {"errors": errors},
            }
        },
    }


@dataclass(frozen=True, slots=True)
class OpenApiViews:
    openapi: Callable[[], Json]

    def show(self, request: Request) -> Response:
        return Response(self.openapi())
