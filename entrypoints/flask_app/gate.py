"""What every request passes on its way in, and every response on its way out."""

import logging
from time import perf_counter
from urllib.parse import urlsplit
from uuid import uuid4

from flask import Flask, Response, g, request
from werkzeug.exceptions import BadRequest

from entrypoints import logs
from entrypoints.problems import CrossSite, TooLarge, UnknownHost
from entrypoints.settings import Settings

LARGEST_BODY = 64 * 1024
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

# A browser runs nothing here that we did not send as a file, and shows us in nobody's frame.
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)

log = logging.getLogger("hexstart.request")


def add_gate(app: Flask, settings: Settings) -> None:
    hosts = own_hosts(settings)
    origins = {f"{scheme}://{host}" for scheme, host in hosts}
    names = {host for _, host in hosts}
    headers = [
        ("X-Content-Type-Options", "nosniff"),
        ("Content-Security-Policy", POLICY),
        # Not `no-referrer`: with it, browsers send forms with `Origin: null`.
        ("Referrer-Policy", "same-origin"),
        ("Cross-Origin-Opener-Policy", "same-origin"),
    ]
    if settings.base_url.startswith("https:"):
        headers.append(("Strict-Transport-Security", "max-age=31536000"))

    # Without it Werkzeug encodes the Host of each request by IDNA, and refuses some that probes may send.
    app.config["SERVER_NAME"] = urlsplit(settings.base_url).netloc
    # One byte more than we take: a body without a length is silently cut there, and its excess still shows.
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_BODY + 1

    @app.before_request
    def check() -> None:
        logs.request_id.set(uuid4().hex)
        g.began = perf_counter()
        if request.environ.get("HTTP_HOST", "").lower() not in names and not request.path.startswith(
            "/health/"
        ):
            raise UnknownHost
        if not _is_utf8(request.query_string):
            raise BadRequest
        if request.method in SAFE_METHODS:
            return
        if request.headers.get("Sec-Fetch-Site") in {"cross-site", "same-site"}:
            raise CrossSite
        origin = request.headers.get("Origin")
        if origin is not None and origin not in origins:
            raise CrossSite
        if len(request.get_data()) > LARGEST_BODY:
            raise TooLarge

    @app.after_request
    def finish(response: Response) -> Response:
        signed_in = g.get("user_id")
        response.headers["X-Request-ID"] = logs.request_id.get() or ""
        response.headers.extend(headers)
        if signed_in or request.path.startswith("/api/"):
            response.headers["Cache-Control"] = "no-store"
        log.info(
            "request",
            extra={
                "method": request.method,
                # Without the query: what people search for is theirs. (Secrets travel in bodies.)
                "path": request.path[:200],
                "status": response.status_code,
                "ms": round((perf_counter() - g.began) * 1000, 1),
                "user_id": signed_in,
            },
        )
        return response


def _is_utf8(query: bytes) -> bool:
    """Werkzeug decodes it when first asked for it, and crashes there."""
    try:
        query.decode()
    except UnicodeDecodeError:
        return False
    return True


def own_hosts(settings: Settings) -> set[tuple[str, str]]:
    """Scheme and host of this site: BASE_URL's, and in development all names of this machine."""
    base = urlsplit(settings.base_url)
    hosts = {(base.scheme, base.netloc)}
    port = base.port or {"http": 80, "https": 443}[base.scheme]
    if port in {80, 443}:  # some clients name the default port, some do not
        hosts |= {(base.scheme, f"{base.hostname}"), (base.scheme, f"{base.hostname}:{port}")}
    if not settings.production:
        hosts |= {("http", f"{name}:{settings.port}") for name in ("localhost", "127.0.0.1", "[::1]")}
    return hosts
