"""The examples of the documentation: one value for each name of a field, and one for each kind of value."""

from collections.abc import Mapping
from typing import Any

ID = "019a3f5c-7d2e-7b64-9c1f-5a8e2d4b6f10"
MOMENT = "2026-01-31T12:00:00Z"

# A name that is not here gets an example by its type.
EXAMPLES: dict[str, Any] = {
    "actor": "grace",
    "by": "",
    "current_password": "turquoise lantern orbit",
    "device": "Firefox on Linux",
    "disabled": False,
    "disabled_at": None,
    "email": "ada@example.org",
    "email_key": "ada@example.org",
    "email_verified": True,
    "expires_at": "2026-02-07T12:00:00Z",
    "invited_by": "grace",
    "ip": "203.0.113.7",
    "limit": 50,
    "name": "Analysts",
    "new_password": "another horse battery",
    "operator": "",
    "password": "turquoise lantern orbit",
    "personal": False,
    "q": "ada",
    "reason": "Ticket 7",
    "role": "member",
    "roles": ["admin"],
    "sentence": "Logged in",
    "tag": "logged_in",
    "team": "Analysts",
    "token": "the-token-of-the-link",
    "until": "2026-02-01T00:00:00Z",
    "user_agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "username": "ada",
}
BY_FORMAT = {"uuid": ID, "date-time": MOMENT, "date": MOMENT[:10]}
BY_TYPE: dict[str, Any] = {"string": "text", "integer": 1, "number": 1.5, "boolean": True, "null": None}


def example(schema: Mapping[str, Any], schemas: Mapping[str, Any], name: str = "") -> Any:
    """The example of a schema. `schemas` has what it refers to, `name` is the name of its field."""
    if "$ref" in schema:
        return example(schemas[schema["$ref"].rpartition("/")[2]], schemas, name)
    if "const" in schema:
        return schema["const"]
    if schema.get("type") == "object":
        fields = schema.get("properties", {})
        return {field: example(kind, schemas, field) for field, kind in fields.items()}
    if schema.get("format") == "uuid":  # `team` is a name in an answer, and an id in a query
        return ID
    if name in EXAMPLES:
        return EXAMPLES[name]
    if "anyOf" in schema:
        return example(schema["anyOf"][0], schemas, name)
    if schema.get("type") == "array":
        return [example(schema["items"], schemas)]
    if "enum" in schema:
        return schema["enum"][0]
    return BY_FORMAT.get(schema.get("format", ""), BY_TYPE[schema["type"]])
