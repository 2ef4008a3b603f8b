"""What breaks clients between two OpenAPI documents, as sentences. Additions break nothing."""

from collections.abc import Iterator
from typing import Any

Json = dict[str, Any]
# A body must fit into bounds. A new bound, or a tighter one, refuses what was accepted.
BOUNDS = {"maxLength": 1, "maximum": 1, "maxItems": 1, "minLength": -1, "minimum": -1, "minItems": -1}


def breaks(old: Json, new: Json) -> list[str]:
    found: list[str] = []
    for url, methods in old["paths"].items():
        for method, before in methods.items():
            after = new["paths"].get(url, {}).get(method)
            sentences = Comparison(old, new).operation(before, after) if after else ["removed"]
            found += [f"{method.upper()} {url}: {sentence}" for sentence in sentences]
    return found


class Comparison:
    def __init__(self, old: Json, new: Json) -> None:
        self.old, self.new = old, new

    def operation(self, old: Json, new: Json) -> Iterator[str]:
        ways = old["security"], new["security"]
        if ways[1] and not (ways[0] and all(way in ways[1] for way in ways[0])):
            yield "accepts fewer credentials"
        before, after = (
            {each["name"]: each for each in (resolved(part, document) for part in operation["parameters"])}
            for operation, document in ((old, self.old), (new, self.new))
        )
        yield from (f"the parameter {name} is removed" for name in before.keys() - after.keys())
        for name, parameter in after.items():
            if parameter.get("required") and not before.get(name, {}).get("required"):
                yield f"the parameter {name} is required"
            elif name in before:
                yield from self.schema(before[name]["schema"], parameter["schema"], f"parameter {name}", True)
        if "requestBody" in new:
            if "requestBody" in old:
                yield from self.schema(content(old["requestBody"]), content(new["requestBody"]), "body", True)
            else:
                yield "a body is required"
        for status, answer in old["responses"].items():
            if status not in new["responses"]:
                yield f"the status {status} is removed"
                continue
            then = resolved(answer, self.old), resolved(new["responses"][status], self.new)
            yield from self.schema(content(then[0]), content(then[1]), status, False)

    def schema(self, old: Json, new: Json, where: str, sent: bool) -> Iterator[str]:
        """`sent` is True for what clients send: it may accept more. What they get may not have more types."""
        before, after = alternatives(old, self.old), alternatives(new, self.new)
        lost, wider = (before.keys() - after.keys(), ()) if sent else ((), after.keys() - before.keys())
        if lost or wider or not before.keys() & after.keys():
            yield f"{where}: the type was {' or '.join(sorted(before))}, and is {' or '.join(sorted(after))}"
        for kind in sorted(before.keys() & after.keys()):
            yield from self.alternative(before[kind], after[kind], where, sent)

    def alternative(self, old: Json, new: Json, where: str, sent: bool) -> Iterator[str]:
        values = [[each["const"]] if "const" in each else each.get("enum") for each in (old, new)]
        if sent and values[1] is not None and not (values[0] and set(values[0]) <= set(values[1])):
            yield f"{where}: fewer values are accepted"
        if not sent and values[0] is not None and not (values[1] and set(values[0]) & set(values[1])):
            yield f"{where}: the values are others"
        for bound, sign in BOUNDS.items():
            if sent and bound in new and (bound not in old or sign * new[bound] < sign * old[bound]):
                yield f"{where}: {bound} is now {new[bound]}"
        if "items" in old and "items" in new:
            yield from self.schema(old["items"], new["items"], f"{where}[]", sent)
        fields, now = old.get("properties", {}), new.get("properties", {})
        needed = [set(schema.get("required", ())) for schema in (old, new)]
        if sent:
            yield from (f"{where}.{name} is required" for name in needed[1] - needed[0])
        else:
            yield from (f"{where}.{name} may be missing" for name in (needed[0] & now.keys()) - needed[1])
        for name, field in fields.items():
            if name in now:
                yield from self.schema(field, now[name], f"{where}.{name}", sent)
            elif not sent or new.get("additionalProperties") is False:
                yield f"{where}.{name} is removed"


def content(part: Json) -> Json:
    found: Json = part["content"]["application/json"]["schema"]
    return found


def resolved(part: Json, document: Json) -> Json:
    for name in part.get("$ref", "#").split("/")[1:]:
        document = document[name]
    return document if "$ref" in part else part


def alternatives(schema: Json, document: Json) -> dict[str, Json]:
    """The schemas of which one fits, by type and format."""
    schema = resolved(schema, document)
    if "anyOf" in schema:
        return {kind: each for part in schema["anyOf"] for kind, each in alternatives(part, document).items()}
    return {" ".join(filter(None, (schema.get("type"), schema.get("format")))): schema}
