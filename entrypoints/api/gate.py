"""The gate: rules for each request (host, origin, size), and headers for each response."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from time import perf_counter
from typing import Any
from urllib.parse import unquote, urlsplit
from uuid import UUID

from domain.links import Purpose
from entrypoints.api.tokens import bearer_token
from entrypoints.logs import without_secrets
from entrypoints.problems import CrossSite, Refused, UnknownHost
from entrypoints.settings import Settings

LARGEST_BODY = 64 * 1024
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

# Browsers run scripts from files of the site only, and show no page in a frame.
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
# A link of a mail, with # decoded from %23. Some mail clients add a slash or a query to the path.
LINK = re.compile(rf"({'|'.join(purpose.page for purpose in Purpose)})/?(?:\?[^#]*)?#([A-Za-z0-9_-]+)")
# Each mail program on the way may encode the % once more.
MOST_DECODINGS = 5

# The row of a request that has none, such as a 404.
OTHER = "other"

HEADERS = (
    ("X-Content-Type-Options", "nosniff"),
    ("Content-Security-Policy", POLICY),
    # Not `no-referrer`: with it, browsers send forms with `Origin: null`.
    ("Referrer-Policy", "same-origin"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
)

UNTRUSTED = (
    "X-Forwarded-For is ignored, because TRUSTED_PROXIES is empty. Behind a proxy all users then share its "
    "address, and its limits: set TRUSTED_PROXIES to the address of the proxy."
)


@dataclass(frozen=True, slots=True)
class Gate:
    """`host` is the host of BASE_URL. `schemes` has the scheme of each host of the site.

    `has_subdomain` tells whether a subdomain of `host` has routes.
    """

    host: str
    schemes: Mapping[str, str]
    has_subdomain: Callable[[str], bool] = lambda subdomain: False

    def scheme_of(self, host: str) -> str | None:
        """http or https. None for a host that is not of this site."""
        subdomain = host.removesuffix("." + self.host)
        if subdomain != host and self.has_subdomain(subdomain):
            host = self.host
        return self.schemes.get(host)

    def refusal(self, method: str, path: str, headers: Mapping[str, str]) -> Refused | None:
        """The reason to refuse the request, or None. The names in `headers` are in lower case."""
        host = headers.get("host", "").lower()
        scheme = self.scheme_of(host)
        if scheme is None and not path.startswith("/health/"):
            return UnknownHost()
        # No browser adds a token by itself, so another site cannot send one.
        if method in SAFE_METHODS or bearer_token(headers.get("authorization", "")) is not None:
            return None
        site, origin = headers.get("sec-fetch-site"), headers.get("origin")
        if site in {"cross-site", "same-site"}:
            return CrossSite()
        if origin == "null" and site == "same-origin":
            return None  # a proxy's `Referrer-Policy: no-referrer` makes the origin null
        if origin is not None and not self._is_own(origin, f"{scheme}://{host}"):
            return CrossSite()
        return None

    def _is_own(self, origin: str, asked: str) -> bool:
        return origin == asked or any(origin == f"{scheme}://{host}" for host, scheme in self.schemes.items())

    def headers(self, path: str, signed_in: bool) -> list[tuple[str, str]]:
        """The headers of a response."""
        headers = [*HEADERS]
        if self.schemes[self.host] == "https":
            headers.append(("Strict-Transport-Security", "max-age=31536000"))
        if signed_in or path.startswith("/api/"):
            headers.append(("Cache-Control", "no-store"))
        return headers


def gate_of(settings: Settings, has_subdomain: Callable[[str], bool] = lambda subdomain: False) -> Gate:
    """The gate for the host of BASE_URL, and in development for all names of this machine."""
    base = urlsplit(settings.base_url)
    hosts: dict[str, str] = {}
    if not settings.production:
        hosts |= {f"{name}:{settings.port}": "http" for name in ("localhost", "127.0.0.1", "[::1]")}
    port = base.port or {"http": 80, "https": 443}[base.scheme]
    if port in {80, 443}:  # some clients name the default port
        hosts |= {f"{base.hostname}": base.scheme, f"{base.hostname}:{port}": base.scheme}
    return Gate(base.netloc, hosts | {base.netloc: base.scheme}, has_subdomain)


def joined(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """The headers as `refusal` wants them. A header that comes twice has a comma between its values."""
    found: dict[str, str] = {}
    for name, value in headers:
        key, text = name.decode("latin-1").lower(), value.decode("latin-1")
        found[key] = f"{found[key]},{text}" if key in found else text
    return found


def repaired_link(method: str, path: str, query: str) -> str | None:
    """The original link of a mail, when a mail client has turned its `#` into `%23`. Otherwise None."""
    found = LINK.match(_decoded(f"{path}?{query}")) if method in SAFE_METHODS else None
    return f"{found[1]}#{found[2]}" if found else None


def facts_to_log(
    method: str, path: str, status: int, began: float, user_id: UUID | None, row: str
) -> dict[str, Any]:
    """The log line of a request. `began` is in seconds of `perf_counter`. `row` is for the metrics."""
    return {
        "row": row,
        "method": method,
        # Without the query: it may be private. (Secrets travel in bodies.)
        "path": path_to_log(path)[:200],
        "status": status,
        "ms": round((perf_counter() - began) * 1000, 1),
        "user_id": user_id,
    }


def path_to_log(path: str) -> str:
    """The path without possible secrets: the part behind a `#`, and each long word."""
    before, fragment, _ = _decoded(path).partition("#")
    return without_secrets(f"{before}#..." if fragment else path)


def _decoded(text: str) -> str:
    for _ in range(MOST_DECODINGS):
        if "%" not in text:
            break
        text = unquote(text)
    return text
