"""JSON in and out, for every view."""

from typing import Any, TypeVar
from uuid import UUID

import orjson
from flask import Flask, Response, request
from flask.json.provider import JSONProvider
from pydantic import BaseModel

from application.ports import LARGEST_PAGE
from domain.errors import Invalid
from entrypoints import schemas
from entrypoints.problems import NotJsonType

DEFAULT_LIMIT = 50

M = TypeVar("M", bound=BaseModel)


def read(model: type[M]) -> M:
    """The body of this request. Raise NotJsonType, NotJson, or pydantic's error."""
    charset = request.mimetype_params.get("charset", "utf-8").lower()
    if request.mimetype != "application/json" or charset not in {"utf-8", "utf8"}:
        raise NotJsonType
    return schemas.parse(model, request.get_data())


def cursor() -> UUID | None:
    """Where a list goes on (`?after=`), or None for its beginning. Raise Invalid."""
    after = request.args.get("after")
    try:
        return UUID(after) if after else None
    except ValueError:
        raise Invalid("after", "This is not a place in the list.") from None


def limit() -> int:
    """How much of a list is wanted (`?limit=`). Raise Invalid unless it is 1 to 100."""
    wanted = request.args.get("limit", str(DEFAULT_LIMIT))
    well_formed = len(wanted) <= 3 and wanted.isascii() and wanted.isdigit()
    if not well_formed or not 1 <= int(wanted) <= LARGEST_PAGE:
        raise Invalid("limit", f"Use a number from 1 to {LARGEST_PAGE}.")
    return int(wanted)


class Orjson(JSONProvider):
    def dumps(self, obj: Any, **options: Any) -> str:
        return orjson.dumps(obj).decode()

    def loads(self, s: str | bytes, **options: Any) -> Any:
        return orjson.loads(s)

    def response(self, *args: Any, **kwargs: Any) -> Response:
        body = orjson.dumps(self._prepare_response_obj(args, kwargs))
        return Response(body, content_type="application/json")


def speak_json(app: Flask) -> None:
    app.json = Orjson(app)
