"""Whether an answer is as the description of the API says."""

import re
from typing import Any

import schemathesis
from schemathesis import checks

from entrypoints.container import openapi

CHECKS = [
    checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]


def closed(part: Any) -> Any:
    """The same document, whose objects have no fields that it does not describe."""
    if isinstance(part, list):
        return [closed(each) for each in part]
    if not isinstance(part, dict):
        return part
    found = {name: closed(each) for name, each in part.items()}
    return {"additionalProperties": False} | found if "properties" in found else found


DOCUMENT = openapi("http://localhost", "session-8000")
DESCRIBED = schemathesis.openapi.from_dict(closed(DOCUMENT))
# A test sends credentials of its own.
DESCRIBED.config.generation.update(with_security_parameters=False)


def assert_described(name: str, response: Any) -> None:
    """The status, the headers and the body of an answer to the row `name`."""
    ids = dict.fromkeys(re.findall(r"<(\w+)>", name), "id")  # for the message of a failure only
    operation_of(name).Case(path_parameters=ids).validate_response(response, CHECKS)


def operation_of(name: str) -> Any:
    """The operation of the row `name`."""
    method, url = name.split()
    return DESCRIBED[url.replace("<", "{").replace(">", "}")][method]
