"""What every request passes on its way in, and every response on its way out."""

from collections.abc import Iterable
from os import urandom
from time import perf_counter
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from flask import Flask, request
from werkzeug.exceptions import BadRequest

from entrypoints import logs
from entrypoints.problems import CrossSite, TooLarge, UnknownHost
from entrypoints.settings import Settings

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

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

HEADERS = (
    ("X-Content-Type-Options", "nosniff"),
    ("Content-Security-Policy", POLICY),
    # Not `no-referrer`: with it, browsers send forms with `Origin: null`.
    ("Referrer-Policy", "same-origin"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
)

# Where, in the WSGI environment, the gate and the application tell each other what they know.
REFUSAL = "hexstart.refusal"
USER_ID = "hexstart.user_id"


class Gate:
    """Stands around the whole application as WSGI: there it costs a tenth of what Flask's hooks do.

    A request that is refused still goes in, so that the refusal is shown like any other error.
    """

    def __init__(self, application: "WSGIApplication", settings: Settings) -> None:
        self.application = application
        self.host = urlsplit(settings.base_url).netloc
        self.schemes = own_hosts(settings)
        self.origins = frozenset(f"{scheme}://{host}" for host, scheme in self.schemes.items())
        self.headers = [*HEADERS]
        if settings.base_url.startswith("https:"):
            self.headers.append(("Strict-Transport-Security", "max-age=31536000"))

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        began, request_id = perf_counter(), urandom(16).hex()
        logs.request_id.set(request_id)
        method, path = environ["REQUEST_METHOD"], path_of(environ)
        environ[REFUSAL] = self.refusal(environ, method, path)

        def start(status: str, headers: list[tuple[str, str]], *exc_info: Any) -> Any:
            user_id = environ.get(USER_ID)
            headers = [*headers, ("X-Request-ID", request_id), *self.headers]
            if user_id or path.startswith("/api/"):
                headers.append(("Cache-Control", "no-store"))
            logs.request(
                method=method,
                # Without the query: what people search for is theirs. (Secrets travel in bodies.)
                path=path[:200],
                status=int(status[:3]),
                ms=round((perf_counter() - began) * 1000, 1),
                user_id=user_id,
            )
            return start_response(status, headers, *exc_info)

        return self.application(environ, start)

    def refusal(self, environ: "WSGIEnvironment", method: str, path: str) -> Exception | None:
        """What is wrong with the request before anybody has looked at what it wants, or None."""
        scheme = self.schemes.get(environ.get("HTTP_HOST", "").lower())
        # As people typed it, for url_for() too. Behind a proxy the connection tells only how the proxy came.
        environ["wsgi.url_scheme"] = scheme or self.schemes[self.host]
        if scheme is None:
            # Werkzeug would encode by IDNA whatever was sent, and may refuse.
            environ["HTTP_HOST"] = self.host
            if not path.startswith("/health/"):
                return UnknownHost()
        if not environ.get("QUERY_STRING", "").isascii() and not _is_utf8(environ["QUERY_STRING"]):
            return BadRequest()  # Werkzeug would decode it when first asked for it, and crash there
        if method in SAFE_METHODS:
            return None
        if environ.get("HTTP_SEC_FETCH_SITE") in {"cross-site", "same-site"}:
            return CrossSite()
        if "HTTP_ORIGIN" in environ and environ["HTTP_ORIGIN"] not in self.origins:
            return CrossSite()
        return None


def add_gate(app: Flask, settings: Settings) -> None:
    app.wsgi_app = Gate(app.wsgi_app, settings)  # type: ignore[method-assign]
    # One byte more than we take: a body without a length is silently cut there, and its excess still shows.
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_BODY + 1

    @app.before_request
    def refuse() -> None:
        environ = request.environ
        if environ[REFUSAL] is not None:
            raise environ[REFUSAL]
        if environ["REQUEST_METHOD"] not in SAFE_METHODS and len(request.get_data()) > LARGEST_BODY:
            raise TooLarge


def path_of(environ: "WSGIEnvironment") -> str:
    """The path that was asked for. WSGI hands it over as if it were Latin-1 (PEP 3333)."""
    raw: str = environ.get("PATH_INFO", "")
    return raw.encode("latin-1", "replace").decode("utf-8", "replace")


def _is_utf8(query: str) -> bool:
    try:
        query.encode("latin-1").decode()
    except UnicodeError:
        return False
    return True


def own_hosts(settings: Settings) -> dict[str, str]:
    """The hosts of this site with their schemes: BASE_URL's, and in development all names of this machine."""
    base = urlsplit(settings.base_url)
    hosts: dict[str, str] = {}
    if not settings.production:
        hosts |= {f"{name}:{settings.port}": "http" for name in ("localhost", "127.0.0.1", "[::1]")}
    port = base.port or {"http": 80, "https": 443}[base.scheme]
    if port in {80, 443}:  # some clients name the default port, some do not
        hosts |= {f"{base.hostname}": base.scheme, f"{base.hostname}:{port}": base.scheme}
    return hosts | {base.netloc: base.scheme}
