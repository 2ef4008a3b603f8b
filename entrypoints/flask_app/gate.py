"""The gate around the whole Flask application: rules, response headers, the log line of each request."""

import logging
from collections.abc import Iterable
from os import urandom
from time import perf_counter
from typing import TYPE_CHECKING, Any

from flask import Flask, request
from werkzeug.exceptions import BadRequest

from entrypoints import logs
from entrypoints.api.gate import (
    LARGEST_BODY,
    OTHER,
    SAFE_METHODS,
    UNTRUSTED,
    facts_to_log,
    gate_of,
    repaired_link,
)
from entrypoints.problems import TooLarge
from entrypoints.settings import Settings

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

log = logging.getLogger("hexstart.request")

# Keys of the WSGI environment, for what the gate and the application tell each other.
REFUSAL = "hexstart.refusal"
USER_ID = "hexstart.user_id"

# The headers that the gate looks at, as WSGI names them.
NAMES = {
    "host": "HTTP_HOST",
    "origin": "HTTP_ORIGIN",
    "sec-fetch-site": "HTTP_SEC_FETCH_SITE",
    "authorization": "HTTP_AUTHORIZATION",
}


class FlaskGate:
    """Wraps the application as WSGI, which costs a tenth of Flask's hooks.

    A refused request still goes in: the refusal is shown like any other error.
    """

    def __init__(self, app: Flask, settings: Settings) -> None:
        self.app, self.application = app, app.wsgi_app
        self.gate = gate_of(settings, self._has_subdomain)
        self.ignores_proxies = settings.production and not settings.trusted_proxies

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        began, request_id = perf_counter(), urandom(16).hex()
        logs.request_id.set(request_id)
        if self.ignores_proxies and "HTTP_X_FORWARDED_FOR" in environ:
            self.ignores_proxies = False  # one warning is enough
            log.warning(UNTRUSTED)
        method, path = environ["REQUEST_METHOD"], path_of(environ)
        headers = {name: environ[key] for name, key in NAMES.items() if key in environ}
        environ[REFUSAL] = self.gate.refusal(method, path, headers) or _bad_query(environ)
        scheme = self.gate.scheme_of(headers.get("host", "").lower())
        if scheme is None:
            environ["HTTP_HOST"] = self.gate.host  # Werkzeug would encode any host by IDNA, and may fail
        # For url_for(). Behind a proxy the connection does not tell what the user typed.
        environ["wsgi.url_scheme"] = scheme or self.gate.schemes[self.gate.host]

        def start(status: str, headers: list[tuple[str, str]], *exc_info: Any) -> Any:
            user_id = environ.get(USER_ID)
            facts = facts_to_log(method, path, int(status[:3]), began, user_id, _row_of(environ))
            log.info("request", extra=facts)
            ours = [("X-Request-ID", request_id), *self.gate.headers(path, user_id is not None)]
            return start_response(status, headers + ours, *exc_info)

        link = repaired_link(method, path, environ.get("QUERY_STRING", ""))
        if link and environ[REFUSAL] is None:
            # Answered here: no error page, hook or extension sees the token.
            start("302 FOUND", [("Location", link), ("Cache-Control", "no-store"), ("Content-Length", "0")])
            return []
        return self.application(environ, start)

    def _has_subdomain(self, subdomain: str) -> bool:
        """Whether the founder's own routes use it. A rule such as <name> takes any."""
        used = {rule.subdomain for rule in self.app.url_map.iter_rules() if rule.subdomain}
        return subdomain in used or any("<" in name for name in used)


def add_gate(app: Flask, settings: Settings) -> None:
    app.wsgi_app = FlaskGate(app, settings)  # type: ignore[method-assign]
    # One byte more than the limit: a body without a length is silently cut there, and its excess still shows.
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_BODY + 1

    @app.before_request
    def refuse() -> None:
        logs.route.set(request.endpoint)
        if request.environ[REFUSAL] is not None:
            raise request.environ[REFUSAL]
        if request.method not in SAFE_METHODS and len(request.get_data()) > LARGEST_BODY:
            raise TooLarge


def path_of(environ: "WSGIEnvironment") -> str:
    """The path that was asked for. WSGI passes its bytes as Latin-1 (PEP 3333)."""
    raw: str = environ.get("PATH_INFO", "")
    return raw.encode("latin-1", "replace").decode("utf-8", "replace")


def _row_of(environ: "WSGIEnvironment") -> str:
    """The row, or the endpoint of a view that has no row. Flask names the endpoint of a row after the row."""
    # Before Flask has the request, a test client may have left one of Werkzeug there, without an endpoint.
    return getattr(environ.get("werkzeug.request"), "endpoint", None) or OTHER


def _bad_query(environ: "WSGIEnvironment") -> BadRequest | None:
    """Refuses a query that is not UTF-8: Werkzeug would fail when it is first read."""
    try:
        environ.get("QUERY_STRING", "").encode("latin-1").decode()
    except UnicodeError:
        return BadRequest()
    return None
