"""The rules for every request, as functions: hosts, origins, headers."""

import pytest

from entrypoints.api.gate import gate_of
from entrypoints.problems import CrossSite, UnknownHost
from entrypoints.settings import Settings

DEVELOPMENT = {"base_url": "http://localhost"}
PRODUCTION = {
    "app_env": "production",
    "base_url": "https://app.example.com",
    "mail_url": "smtp://mail.example.com:25",
}
OWN = {"sec-fetch-site": "same-origin", "origin": "http://localhost"}


def gate(subdomains=(), **known):
    settings = Settings(_env_file=None, database_url="sqlite:////nowhere.db", **(known or DEVELOPMENT))
    return gate_of(settings, lambda name: name in subdomains)


def refusal(headers, method="POST", path="/api/teams", host="localhost", site=None):
    """The kind of the refusal, or None."""
    found = (site or SITE).refusal(method, path, {"host": host} | headers)
    return type(found) if found else None


SITE = gate()


@pytest.mark.parametrize(
    "host", "localhost LocalHost localhost:80 localhost:8000 127.0.0.1:8000 [::1]:8000".split()
)
def test_a_host_of_the_site_is_accepted(host):
    assert refusal({}, host=host) is None


HOSTS = [
    *"evil.example localhost.evil.example localhost:81 localhost:x localhost: localhost.".split(),
    *". .localhost * x@localhost localhost/x localhost? [::1 ::1 127.0.0.1.x".split(),
    *["", " ", "local host", "localhost,localhost", "localhost,x", "localhost\0", "\xff", "x" * 9999],
]


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_unknown_host_is_refused(method, host):
    assert refusal({}, method, host=host) is UnknownHost
    assert refusal({}, "GET", "/health/live", host=host) is None  # monitors use the IP address as host


def test_a_missing_host_is_refused():
    assert isinstance(SITE.refusal("GET", "/", {}), UnknownHost)


FOREIGN_ORIGINS = [
    *"null evil http://evil.example https://localhost http://localhost:81 http://localhost@evil.example".split(),
    *"http://localhost.evil.example localhost http://localhost/evil".split(),
    *["", "http://localhost http://evil"],
]
FOREIGN = [
    {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site"},
    OWN | {"sec-fetch-site": "cross-site"},
    OWN | {"origin": "http://evil.example"},
    *({"origin": origin} for origin in FOREIGN_ORIGINS),
]


@pytest.mark.parametrize("headers", FOREIGN)
def test_a_request_from_another_site_may_read_and_not_write(headers):
    for method in ("POST", "PUT", "PATCH", "DELETE", "PROPFIND"):
        assert refusal(headers, method) is CrossSite
    for method in ("GET", "HEAD", "OPTIONS"):
        assert refusal(headers, method) is None


@pytest.mark.parametrize(
    "headers",
    [
        {},
        OWN,
        {"sec-fetch-site": "none"},
        {"origin": "http://localhost"},
        {"origin": "http://127.0.0.1:8000"},
    ],
)
def test_own_pages_and_programs_are_accepted(headers):
    assert refusal(headers) is None


def test_in_production_the_site_has_one_host_and_one_origin():
    site = gate(**PRODUCTION)
    for host in ("app.example.com", "app.example.com:443"):
        assert refusal({}, host=host, site=site) is None
    for host in (
        "localhost",
        "localhost:8000",
        "127.0.0.1:8000",
        "app.example.com:80",
        "www.app.example.com",
    ):
        assert refusal({}, host=host, site=site) is UnknownHost
    assert refusal({"origin": "https://app.example.com"}, host="app.example.com", site=site) is None
    for origin in ("http://app.example.com", "http://localhost", "https://app.example.com:444"):
        assert refusal({"origin": origin}, host="app.example.com", site=site) is CrossSite


def test_a_subdomain_accepts_its_own_origin_and_that_of_the_site():
    site = gate(subdomains={"status"})
    assert site.scheme_of("status.localhost") == "http"
    assert refusal({}, host="other.localhost", site=site) is UnknownHost
    assert refusal({}, host="statuslocalhost", site=site) is UnknownHost
    for origin, found in {
        "http://status.localhost": None,
        "http://localhost": None,
        "http://other.localhost": CrossSite,
        "http://status.localhost.evil.example": CrossSite,
    }.items():
        assert refusal({"origin": origin}, host="status.localhost", site=site) is found


def test_hsts_is_sent_where_base_url_has_https():
    assert "Strict-Transport-Security" in dict(gate(**PRODUCTION).headers("/", signed_in=False))
    assert "Strict-Transport-Security" not in dict(SITE.headers("/", signed_in=False))


def test_browsers_store_no_api_answer_and_no_page_of_a_user():
    def stored(path, signed_in):
        return "Cache-Control" not in dict(SITE.headers(path, signed_in))

    assert stored("/", False) and not stored("/", True) and not stored("/api/user", False)
