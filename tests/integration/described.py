"""Whether an answer is as the description of the API says."""

from typing import Any

import schemathesis

from entrypoints.container import openapi


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
    method, url = name.split()
    DESCRIBED[url.replace("<", "{").replace(">", "}")][method].validate_response(response)
