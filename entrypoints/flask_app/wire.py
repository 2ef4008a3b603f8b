"""JSON in and out, for every view."""

from typing import Any, TypeVar

import orjson
from flask import Flask, Response, request
from flask.json.provider import JSONProvider
from pydantic import BaseModel

from entrypoints import schemas
from entrypoints.problems import NotJsonType

M = TypeVar("M", bound=BaseModel)


def read(model: type[M]) -> M:
    """The body of this request. Raise NotJsonType, NotJson, or pydantic's error."""
    charset = request.mimetype_params.get("charset", "utf-8").lower()
    if request.mimetype != "application/json" or charset not in {"utf-8", "utf8"}:
        raise NotJsonType
    return schemas.parse(model, request.get_data())


class Orjson(JSONProvider):
    def dumps(self, obj: Any, **options: Any) -> str:
        return orjson.dumps(obj).decode()

    def loads(self, s: str | bytes, **options: Any) -> Any:
        return orjson.loads(s)

    def response(self, *args: Any, **kwargs: Any) -> Response:
        body = orjson.dumps(self._prepare_response_obj(args, kwargs))
        return Response(body, mimetype="application/json")


def speak_json(app: Flask) -> None:
    app.json = Orjson(app)
