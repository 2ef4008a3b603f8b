"""Hostile input is an error of the client. The answer has the usual shape and no echo. Nothing is stored."""

import json
import re
from itertools import product

import pytest
from dependency_injector import providers
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from werkzeug.test import EnvironBuilder, run_wsgi_app

from domain.access import Operator
from domain.errors import NotFound, Stale, TooManyAttempts, Unavailable
from domain.secrets import hash_of
from domain.sessions import Client
from domain.users import Role
from entrypoints.api.gate import LARGEST_BODY
from tests.integration.conftest import ADA, COOKIE, MARK, assert_no_echo, code
from tests.samples import GOOD_PASSWORD

ON_ONE_DATABASE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

# The right body of each endpoint. A test makes one thing wrong. In this order all of them succeed.
RIGHT = {
    "POST /api/login": {"email": ADA["email"], "password": GOOD_PASSWORD, "remember": True},
    "POST /api/email": {"email": "countess@example.org", "current_password": GOOD_PASSWORD},
    "PATCH /api/teams/{team}": {"name": "Analysts"},
    "POST /api/register": {"username": "eve", "email": "eve@example.org", "password": GOOD_PASSWORD},
}


@pytest.fixture
def send(ada):
    """Sends a body to an endpoint, with a session. Only the body can be wrong."""
    team = ada.ask("GET", "/api/teams")[1]["data"][0]["id"]

    def send(endpoint, data, content_type="application/json", **options):
        method, path = endpoint.format(team=team).split()
        return ada.open(path, method=method, data=data, content_type=content_type, **options)

    return send


ODD_TEXT = ["' OR ''='", "%s %(x)s {0}", "\\", "\U0010ffff", "\ufffe\uffff", "\u202e", "é" * 200, "\x7f\x80"]


@pytest.mark.parametrize("endpoint", RIGHT)
def test_text_with_special_characters_is_only_text(send, endpoint):
    right = RIGHT[endpoint]
    for name, text in product(set(right) - {"remember"}, ODD_TEXT):
        response = send(endpoint, json.dumps(right | {name: text}))
        assert response.status_code in {200, 201, 401, 403, 409, 422}


@ON_ONE_DATABASE
@pytest.mark.parametrize("length", ["100", "-1", "m4rk3r", "1e3"])
@pytest.mark.flask_only  # with ASGI, the server refuses it
def test_a_wrong_content_length_is_refused(send, unchanged, length):
    response = send("POST /api/login", b'{"email": "m4rk3r"}', environ_overrides={"CONTENT_LENGTH": length})
    assert code(response) == 40001


@ON_ONE_DATABASE
@pytest.mark.flask_only
def test_a_page_refuses_a_body_that_is_too_large(ada):
    response = ada.post("/logout", data=b"x" * (LARGEST_BODY + 1))
    assert (response.status_code, response.mimetype) == (413, "text/html")
    assert ada.ask("GET", "/api/user")[0] == 200


@ON_ONE_DATABASE
@pytest.mark.flask_only
def test_a_wrong_method_is_refused_with_the_allowed_ones(ada, app, unchanged):
    urls = {}
    for rule in app.url_map.iter_rules():
        url = re.sub("<uuid:[^>]+>", "0" * 8 + "-0000-0000-0000-" + "0" * 12, rule.rule)
        urls.setdefault(url.replace("<path:filename>", "site.css"), set()).update(rule.methods)
    assert len(urls) > 14
    for url, methods in urls.items():
        for method in {"GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND"} - methods:
            response = ada.open(url, method=method, data=MARK)
            assert response.status_code == 405, (method, url)
            assert set(response.headers["Allow"].split(", ")) == methods
            if url.startswith("/api/"):
                assert code(response) == 40501
            assert_no_echo(response)


@ON_ONE_DATABASE
def test_an_unknown_url_of_the_api_is_answered_in_json(ada, unchanged):
    paths = ["", "/", "/m4rk3r", "/user/m4rk3r", "/user/", "/login;x", "/teams/m4rk3r"]
    for method, path in product(("GET", "POST", "DELETE", "PROPFIND"), paths):
        response = ada.open("/api" + path, method=method, data=b"m4rk3r")
        assert (response.status_code, response.get_json()["errors"]["internal_error_code"]) == (404, 40404)
        assert_no_echo(response)


PATHS = [
    *"//m4rk3r.example/ m4rk3r * /static/../m4rk3r /static/%00m4rk3r /static//etc/passwd /%s%n".split(),
    *"/<script>m4rk3r /{{m4rk3r}} /api/teams/../../m4rk3r".split(),
    *["/m4rk3r\0", "/api/m4rk3r\0", "/api/teams/m4rk3r\0", "/static/m4rk3r\0", "/login\0m4rk3r"],
    *[
        "/m4rk3r\r\nSet-Cookie: m4rk3r=1",
        "/api/m4rk3r\r\nX: m4rk3r",
        "/m4rk3r\xff",
        "/api/m4rk3r\xed\xa0\x80",
    ],
    *["/static/" + "m4rk3r" * 500, "/m4rk3r" * 5000],
]


@ON_ONE_DATABASE
def test_no_path_causes_a_crash(ada, unchanged):
    for method, path in product(("GET", "POST", "PATCH"), PATHS):
        response = ada.open("/", method=method, environ_overrides={"PATH_INFO": path})
        assert response.status_code in {404, 405}, (method, path)
        assert_no_echo(response)


QUERIES = [
    "q=m4rk3r\xc3\xa9",
    "q=\0m4rk3r",
    "after=m4rk3r",
    "after=\0",
    "&&=&;m4rk3r",
    "%",
    "q=" + "a" * 9999,
]


def assert_no_crash(client, query):
    for path in ("/admin", "/settings", "/login", "/", "/api/user", "/api/teams", "/nowhere"):
        response = client.get(path, environ_overrides={"QUERY_STRING": query})
        assert response.status_code < 500, (path, query)
        if response.status_code >= 400:
            assert_no_echo(response)


def test_no_query_causes_a_crash(ada, client, container):
    container.administration().grant(
        Operator(Client("")),
        container.administration().user_with(Operator(Client("")), ADA["email"]).id,
        Role.ADMIN,
    )
    for query in QUERIES:
        assert_no_crash(ada, query)
        assert_no_crash(client, query)


@ON_ONE_DATABASE
def test_a_query_in_no_encoding_causes_no_crash(client):
    assert_no_crash(client, "q=m4rk3r\xff\xfe")


# Each is hard to read for Werkzeug; tests/unit/test_gate.py has many more.
@ON_ONE_DATABASE
@pytest.mark.parametrize("host", ["m4rk3r.example", "", ".", "[::1", "localhost\0", "\xff", "m4rk3r" * 999])
def test_an_unknown_host_is_refused(ada, unchanged, host):
    environ = {"HTTP_HOST": host}
    assert code(ada.get("/api/user", environ_overrides=environ)) == 40002
    assert code(ada.post("/api/logout", environ_overrides=environ)) == 40002
    assert code(ada.get("/api/nowhere", environ_overrides=environ)) == 40002


@ON_ONE_DATABASE
@pytest.mark.flask_only
def test_an_unknown_host_gets_a_page_without_an_echo(ada):
    page = ada.get("/login", environ_overrides={"HTTP_HOST": "m4rk3r.example"})
    assert (page.status_code, page.mimetype) == (400, "text/html")
    assert_no_echo(page)


@ON_ONE_DATABASE
def test_a_missing_host_is_refused(application):
    environ = EnvironBuilder(path="/api/user").get_environ() | {"HTTP_X_FORWARDED_HOST": "localhost"}
    del environ["HTTP_HOST"]
    body, status, _ = run_wsgi_app(application, environ, buffered=True)
    assert status.startswith("400")
    assert json.loads(b"".join(body))["errors"]["internal_error_code"] == 40002


COOKIES = [
    *"{name}= {name} =m4rk3r ;;=; {name}=m4rk3r {name}=%00m4rk3r {name}=m4rk3r\xff".split(),
    *"remember_token=1|m4rk3r ;=m4rk3r remember_token={live} remember_token={live}|m4rk3r".split(),
    *"{wrong}={live} {name}={live}m4rk3r __Host-session={live} {name}={id} {name}={hash}".split(),
    *["{name}=\0m4rk3r", '{name}="\\000m4rk3r"', "{name}=" + "m4rk3r" * 10_000, "; {name}=m4rk3r" * 500],
    "{name}=eyJfdXNlcl9pZCI6IjEiLCJfZnJlc2giOnRydWV9.aSFm4g.m4rk3r",  # as Flask would sign it
]


@ON_ONE_DATABASE
def test_an_invalid_session_cookie_is_no_session(ada, client, container, unchanged):
    live = ada.get_cookie(COOKIE).value
    with container.look()() as stored:
        session, _ = stored.sessions.find(hash_of(live), container.now()())
    known = {"name": COOKIE, "wrong": COOKIE.title(), "live": live, "id": session.id}
    for cookies in COOKIES:
        environ = {"HTTP_COOKIE": cookies.format(**known, hash=session.secret_hash)}
        assert code(client.get("/api/user", environ_overrides=environ)) == 40102, cookies
        # A binding without pages does not crash, either.
        assert client.get("/settings", environ_overrides=environ).status_code in {302, 404}, cookies
        assert_no_echo(client.get("/", environ_overrides=environ))


class Raising:
    """A service whose methods all raise `error`."""

    def __init__(self, error):
        self.error = error

    def __getattr__(self, name):
        def fail(*_, **__):
            raise self.error

        return fail


RAISED = {
    50001: (RuntimeError(f"{MARK} in the machine"), {}),
    40404: (NotFound(), {}),
    40901: (Stale(), {}),
    42901: (TooManyAttempts(retry_after=7), {"Retry-After": "7"}),
    50301: (Unavailable(retry_after=8), {"Retry-After": "8"}),
}


@ON_ONE_DATABASE
@pytest.mark.parametrize("told", RAISED)
def test_an_error_of_a_use_case_has_the_one_shape(container, client_of, told):
    error, headers = RAISED[told]
    container.accounts.override(providers.Object(Raising(error)))
    response = client_of(container).post("/api/register", json=ADA)

    assert code(response) == told
    assert {name: response.headers[name] for name in headers} == headers


TEXTS = st.text(st.characters(), max_size=40) | st.emails() | st.just(GOOD_PASSWORD)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)
HEADERS = """HTTP_COOKIE HTTP_HOST HTTP_ORIGIN HTTP_USER_AGENT HTTP_RANGE HTTP_AUTHORIZATION
    HTTP_X_FORWARDED_FOR HTTP_SEC_FETCH_SITE HTTP_IF_NONE_MATCH HTTP_TRANSFER_ENCODING
    CONTENT_TYPE CONTENT_LENGTH REMOTE_ADDR"""
LATIN = st.text(st.characters(max_codepoint=255), max_size=40)
a_few = hypothesis_settings(max_examples=20, database=None, suppress_health_check=list(HealthCheck))


@ON_ONE_DATABASE
@pytest.mark.parametrize("endpoint", RIGHT)
@given(body=st.binary(max_size=99))
@a_few
def test_no_bytes_cause_a_crash(send, endpoint, body):
    assert 400 <= send(endpoint, body).status_code < 500


@ON_ONE_DATABASE
@pytest.mark.parametrize("endpoint", RIGHT)
@given(data=st.data())
@a_few
def test_no_json_causes_a_crash(send, endpoint, data):
    shaped = st.fixed_dictionaries({name: TEXTS for name in RIGHT[endpoint] if name != "remember"})
    assert send(endpoint, json.dumps(data.draw(shaped | VALUES))).status_code < 500


@ON_ONE_DATABASE
@given(environ=st.dictionaries(st.sampled_from(HEADERS.split()), LATIN))
@a_few
def test_no_header_causes_a_crash(send, environ):
    for endpoint in ("GET /settings", "GET /static/site.css", "POST /logout", "POST /api/login"):
        right = json.dumps(RIGHT["POST /api/login"])
        assert send(endpoint, right, environ_overrides=environ).status_code < 500
