"""Problems: each error as an HTTP status, a code and a message, for all HTTP entrypoints."""

import re
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from domain import errors
from domain.tokens import TokenGone

STATUS: dict[type[errors.DomainError], int] = {
    errors.Invalid: 422,
    errors.NotAuthenticated: 401,
    errors.Forbidden: 403,
    errors.NotFound: 404,
    errors.Conflict: 409,
    errors.Gone: 410,
    errors.TooManyAttempts: 429,
    errors.Unavailable: 503,
}


class Refused(Exception):
    """An error of the request itself. No use case was called."""

    status: int
    code: int
    message: str


class NotJson(Refused):
    status, code, message = 400, 40001, "The request is not a JSON object."


class UnknownHost(Refused):
    status, code, message = 400, 40002, "This site doesn't have this address."


class CrossSite(Refused):
    status, code, message = 403, 40302, "This request came from another site, so we blocked it."


class TooLarge(Refused):
    status, code, message = 413, 41301, "The request is too large."


class NotJsonType(Refused):
    status, code, message = 415, 41501, "Send JSON in UTF-8 as application/json."


@dataclass(frozen=True, slots=True)
class Problem:
    """`fields` has the errors of wrong fields. `headers` go into the response."""

    status: int
    code: int
    message: str
    fields: dict[str, list[str]] | None = None
    headers: dict[str, str] = field(default_factory=dict)

    def envelope(self) -> dict[str, Any]:
        told: dict[str, Any] = {"display_error": self.message, "internal_error_code": self.code}
        if self.fields is not None:
            told["field_errors"] = self.fields
        return {"errors": told}


# Errors of the web server and the framework, by HTTP status.
PROBLEMS = {
    problem.status: problem
    for problem in (
        Problem(400, NotJson.code, "We couldn't understand this request."),
        Problem(404, errors.NotFound.code, errors.NotFound.message),
        Problem(405, 40501, "This method isn't allowed here."),
        Problem(413, TooLarge.code, TooLarge.message),
        Problem(415, NotJsonType.code, NotJsonType.message),
        Problem(500, 50001, "Something went wrong on our side. Please try again in a moment."),
    )
}

# A body with hundreds of unknown fields gets this many sentences at most.
MOST_SENTENCES = 20

WITH_OFFSET = "Use a date and time with its offset, for example 2026-01-31T12:00:00Z."

A_DATE = "Use a date, for example 2026-01-31."

SENTENCES = {
    "timezone_aware": WITH_OFFSET,
    "missing": "This field is required.",
    "extra_forbidden": "Unknown field.",
    "string_type": "Use text.",
    "string_unicode": "Remove the invalid character.",
    "bool_type": "Use true or false.",
    "list_type": "Use a list.",
    "nul": "Remove the invalid character.",
}


def problem_of(error: Exception) -> Problem:
    """The problem of any error. An unknown error is a bug of ours (500)."""
    if isinstance(error, errors.DomainError):
        return _of_domain(error)
    if isinstance(error, Refused):
        return Problem(error.status, error.code, error.message)
    if isinstance(error, ValidationError):
        return _of_shape(error)
    return PROBLEMS[500]


def _of_domain(error: errors.DomainError) -> Problem:
    family = next(family for family in type(error).__mro__ if family in STATUS)
    return Problem(
        STATUS[family],
        error.code,
        error.message,
        error.fields if isinstance(error, errors.Invalid) else None,
        _headers_of(error),
    )


def _headers_of(error: errors.DomainError) -> dict[str, str]:
    if isinstance(error, errors.TooManyAttempts | errors.Unavailable):
        return {"Retry-After": str(error.retry_after)}
    if isinstance(error, TokenGone):
        return {"WWW-Authenticate": 'Bearer error="invalid_token"'}  # RFC 6750, 3.1
    return {}


def _of_shape(error: ValidationError) -> Problem:
    fields: dict[str, list[str]] = {}
    # Without the input, which may hold a password.
    for item in error.errors(include_input=False, include_url=False)[:MOST_SENTENCES]:
        name = ".".join(map(str, item["loc"]))
        if item["type"] == "extra_forbidden" and not re.fullmatch("[A-Za-z_]{1,30}", name):
            name = ""  # the name of an unknown field is input, too
        if item["type"] in {"string_too_long", "too_long"}:
            sentence = f"Use at most {item['ctx']['max_length']} characters."
        elif item["type"].startswith("datetime_"):
            sentence = WITH_OFFSET
        elif item["type"].startswith("date_"):
            sentence = A_DATE
        elif item["type"] == "enum":
            sentence = f"Use {item['ctx']['expected']}."
        else:
            sentence = SENTENCES.get(item["type"], "This isn't valid.")
        fields.setdefault(name, []).append(sentence)
    return Problem(422, errors.Invalid.code, errors.Invalid.message, fields)
