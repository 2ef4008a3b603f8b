"""The page of the API: the OpenAPI document as HTML, with a curl line for each operation."""

import json
import re
import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from typing import Any

from flask.typing import ResponseReturnValue
from markupsafe import Markup, escape

from entrypoints.api.examples import ID
from entrypoints.api.gate import SAFE_METHODS
from entrypoints.api.openapi import Json
from entrypoints.flask_app.login import visitor
from entrypoints.flask_app.page import show_page

JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Field:
    name: str
    kind: str
    required: bool
    told: Markup


@dataclass(frozen=True, slots=True)
class Operation:
    id: str
    word: str
    method: str
    url: str
    does: str
    public: bool
    by_token: bool
    parameters: list[Field]
    body: list[Field]
    status: str
    answer: list[Field]
    example: str
    problems: list[str]
    curl: str


@dataclass(frozen=True, slots=True)
class DocsPages:
    openapi: Callable[[], Json]

    def api(self) -> ResponseReturnValue:
        document = self.openapi()
        by_word = attrgetter("word")
        operations = groupby(sorted(operations_of(document), key=by_word), by_word)
        told = [each["description"] for each in document["components"]["responses"].values()]
        return show_page(
            "docs.html",
            visitor(),
            title=document["info"]["title"],
            about=[marked(paragraph) for paragraph in document["info"]["description"].split("\n\n")],
            words=[(word, title_of(word), list(found)) for word, found in operations],
            codes=[line.split(": ", 1) for lines in told for line in lines.split("\n")],
        )


def operations_of(document: Json) -> Iterator[Operation]:
    components, base_url = document["components"], document["servers"][0]["url"]
    schemas = components["schemas"]
    for url, methods in document["paths"].items():
        for method, operation in methods.items():
            (status, done), *problems = operation["responses"].items()
            answer = done["content"][JSON]
            parameters = [resolved(each, components["parameters"]) for each in operation["parameters"]]
            body = operation.get("requestBody", {"content": {JSON: None}})["content"][JSON]
            yield Operation(
                id=operation["operationId"],
                word=operation["tags"][0],
                method=method.upper(),
                url=url,
                does=operation["summary"],
                public=not operation["security"],
                by_token={"token": []} in operation["security"],
                parameters=[
                    Field(
                        each["name"],
                        f"{each['in']}, {kind(each['schema'], schemas)}",
                        each.get("required", False),
                        marked(each.get("description", "")),
                    )
                    for each in parameters
                ],
                body=list(fields(body["schema"], schemas)) if body else [],
                status=status,
                answer=list(fields(answer["schema"], schemas)),
                example=json.dumps(answer["example"], indent=2, ensure_ascii=False),
                problems=[status for status, _ in problems],
                curl=curl(base_url, method.upper(), url, operation, body and body["example"]),
            )


def title_of(word: str) -> str:
    return "OpenAPI" if word == "openapi" else word.replace("_", " ").capitalize()


def marked(text: str) -> Markup:
    """Names in backticks become code."""
    return Markup(re.sub("`([^`]+)`", r"<code>\1</code>", str(escape(text))))  # noqa: S704 (it is escaped)


def resolved(schema: Json, named: Json) -> Json:
    found: Json = named[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
    return found


def fields(schema: Json, schemas: Json, before: str = "") -> Iterator[Field]:
    """The fields of an object, and those of the objects in it: `data.id`."""
    schema = resolved(schema, schemas)
    for name, unresolved in schema.get("properties", {}).items():
        found = resolved(unresolved, schemas)
        told = marked(found.get("description", "")) if found.get("type") == "object" else Markup()
        yield Field(before + name, kind(unresolved, schemas), name in schema.get("required", ()), told)
        inner = resolved(found["items"], schemas) if found.get("type") == "array" else found
        yield from fields(inner, schemas, f"{before}{name}.")


def kind(schema: Json, schemas: Json) -> str:
    """The type in words."""
    schema = resolved(schema, schemas)
    if "anyOf" in schema:
        return " or ".join(kind(each, schemas) for each in schema["anyOf"])
    if "const" in schema:
        return f'"{schema["const"]}"'
    if "enum" in schema:
        return " or ".join(f'"{value}"' for value in schema["enum"])
    if schema["type"] == "array":
        return f"list of {kind(schema['items'], schemas)}"
    if "minimum" in schema and "maximum" in schema:
        return f"{schema['minimum']} to {schema['maximum']}"
    words = {"uuid": "UUID", "date-time": "date and time in ISO 8601", "email": "email address"}
    type = "text" if schema["type"] == "string" else schema["type"]
    word = words.get(schema.get("format", ""), type)
    return f"{word}, at most {schema['maxLength']} characters" if "maxLength" in schema else word


def curl(base_url: str, method: str, url: str, operation: Json, body: Any) -> str:
    """The command. The session stays in the file cookies.txt."""
    path = url
    for parameter in operation["parameters"]:
        if parameter.get("in") == "path":
            path = path.replace(f"{{{parameter['name']}}}", ID)
    parts = ["curl " + ("" if method == "GET" else f"-X {method} ") + shlex.quote(base_url + path)]
    if operation["security"] or method not in SAFE_METHODS:
        parts.append("-b cookies.txt -c cookies.txt")
    if body is not None:
        parts.append(f"-H 'Content-Type: {JSON}'")
        parts.append(f"-d {shlex.quote(json.dumps(body, ensure_ascii=False))}")
    return " \\\n  ".join(parts)
