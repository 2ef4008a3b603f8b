"""Every error as the client sees it: JSON under /api/, a page elsewhere."""

import logging
from urllib.parse import quote

from flask import Flask, Response, redirect, render_template, request
from flask.typing import ResponseReturnValue
from pydantic import ValidationError
from werkzeug.exceptions import HTTPException

from domain.errors import DomainError, NotAuthenticated, Unavailable
from domain.logins import SecondFactorDue
from domain.passwords import ProofNeeded
from domain.two_factor import TwoFactorNeeded
from entrypoints.api.http import to_json
from entrypoints.flask_app.login import visitor
from entrypoints.flask_app.page import common
from entrypoints.problems import PROBLEMS, Problem, Refused, problem_of

log = logging.getLogger(__name__)

TITLES = {
    400: "Bad request",
    401: "Please log in",
    403: "You don't have access",
    404: "Page not found",
    405: "Not allowed",
    410: "This link is no longer valid",
    413: "Too large",
    429: "Please slow down",
    500: "Sorry about that",
    503: "We'll be right back",
}


def add_error_handlers(app: Flask) -> None:
    for kind in (DomainError, Refused, ValidationError):
        app.register_error_handler(kind, lambda error: show(problem_of(error), error))
    app.register_error_handler(HTTPException, show_http)


def show_http(error: HTTPException) -> ResponseReturnValue:
    """Errors of the framework. A crash comes here too, as a 500. It is logged before."""
    status = error.code or 500
    problem = PROBLEMS.get(status) or Problem(status, status * 100 + 1, error.name)
    allow = dict(error.get_headers()).get("Allow")
    if allow:
        problem = Problem(status, problem.code, problem.message, headers={"Allow": allow})
    return show(problem, error)


def show(problem: Problem, error: Exception) -> ResponseReturnValue:
    if request.path.startswith(("/api/", "/health/")) or request.path == "/api":
        return Response(
            to_json(problem.envelope()), problem.status, problem.headers, content_type="application/json"
        )
    if isinstance(error, NotAuthenticated) and request.method in {"GET", "HEAD"}:
        here = request.full_path.removesuffix("?")
        page = "/login/two-factor" if isinstance(error, SecondFactorDue) else "/login"
        return redirect(f"{page}?next={quote(here, safe='/')}")
    if isinstance(error, TwoFactorNeeded) and request.method in {"GET", "HEAD"}:
        return redirect("/settings/two-factor")
    if isinstance(error, ProofNeeded) and request.method in {"GET", "HEAD"}:
        return redirect(f"/reauthenticate?next={quote(request.path, safe='/')}")
    return _page(problem, error), problem.status, problem.headers


def _page(problem: Problem, error: Exception) -> str:
    actor = None
    if not isinstance(error, Unavailable):  # a second query for the user would wait as long again
        try:
            actor = visitor()
        except Unavailable:
            pass
        except Exception:
            log.exception("the user of an error page is unknown")
    title = TITLES.get(problem.status, "That didn't work")
    return render_template(
        "error.html", **common(actor), status=problem.status, title=title, message=problem.message
    )
