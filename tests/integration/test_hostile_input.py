"""Whatever comes in is answered in our own shape, as the client's mistake; no echo, and nothing is stored."""

import io
import json
from itertools import product

import pytest
from dependency_injector import providers
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from werkzeug.test import EnvironBuilder, run_wsgi_app

from adapters.sql.limits import metadata
from domain.access import Operator
from domain.errors import NotFound, Stale, TooManyAttempts, Unavailable
from domain.secrets import hash_of
from domain.sessions import Client
from domain.users import Role
from entrypoints.flask_app.app import create_app
from tests.integration.conftest import ADA, COOKIE
from tests.samples import GOOD_PASSWORD

ON_ONE_DATABASE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

# In all that is sent; nothing that is answered may hold it.
MARK = "m4rk3r"
LARGEST = 64 * 1024

# What is right for each endpoint, so that a test may spoil one thing. In this order all of it succeeds.
RIGHT = {
    "POST /api/login": {"email": ADA["email"], "password": GOOD_PASSWORD, "remember": True},
    "POST /api/email": {"email": "countess@example.org", "current_password": GOOD_PASSWORD},
    "PATCH /api/teams/{team}": {"name": "Analysts"},
    "POST /api/register": {"username": "eve", "email": "eve@example.org", "password": GOOD_PASSWORD},
}


@pytest.fixture
def send(ada):
    """Sends a body to an endpoint, logged in, so that only the body is to blame."""
    team = ada.ask("GET", "/api/teams")[1]["data"][0]["id"]

    def send(endpoint, data, content_type="application/json", **options):
        method, path = endpoint.format(team=team).split()
        return ada.open(path, method=method, data=data, content_type=content_type, **options)

    return send


@pytest.fixture
def unchanged(engines):
    """Fails the test when it has added or taken rows."""

    def rows():
        with engines.reader.connect() as connection:
            tables = metadata.sorted_tables
            return {
                table.name: connection.scalar(select(func.count()).select_from(table)) for table in tables
            }

    before = rows()
    yield
    assert rows() == before


def code(response):
    """The code of a failure, which has the promised shape and echoes nothing."""
    assert response.content_type == "application/json"
    assert response.headers["Cache-Control"] == "no-store"
    assert_no_echo(response)
    assert list(response.get_json()) == ["errors"]
    errors = response.get_json()["errors"]
    assert errors["display_error"]
    more = {"field_errors"} if response.status_code == 422 else set()
    assert set(errors) == {"display_error", "internal_error_code"} | more
    assert errors["internal_error_code"] // 100 == response.status_code
    return errors["internal_error_code"]


def assert_no_echo(response):
    assert MARK not in response.text
    assert MARK not in str(response.headers)


def nested(depth, opening, closing):
    return opening * depth + json.dumps(MARK) + closing * depth


NOT_JSON = {
    "nothing": b"",
    "no value": MARK.encode(),
    "half": b'{"email": "m4rk3r',
    "more than one": b'{"email": "m4rk3r"} {"m4rk3r": 1}',
    "single quotes": b"{'email': 'm4rk3r'}",
    "a comment": b'{"email": "x" /* m4rk3r */}',
    "a trailing comma": b'{"email": "m4rk3r",}',
    "a form": b"email=m4rk3r&password=m4rk3r",
    "an array": b'["m4rk3r"]',
    "a string": b'"m4rk3r"',
    "a number": b"4",
    "null": b"null",
    "deep arrays": nested(5000, "[", "]").encode(),
    "deep objects": nested(5000, '{"a":', "}").encode(),
    "deep in a field": f'{{"email": {nested(5000, "[", "]")}}}'.encode(),
    "one level too deep": f'{{"email": {nested(500, "[", "]")}}}'.encode(),
    "NaN": b'{"email": "m4rk3r", "password": NaN}',
    "Infinity": b'{"email": "m4rk3r", "name": Infinity}',
    "-Infinity": b'{"m4rk3r": [-Infinity]}',
    "too long a number": b'{"name": ' + b"7" * 5000 + b"}",
    "a key twice": b'{"email": "m4rk3r", "email": "m4rk3r"}',
    "a key twice further in": b'{"email": {"m4rk3r": 1, "m4rk3r": 2}}',
    "a key twice in disguise": b'{"email": "m4rk3r", "\\u0065mail": "m4rk3r"}',
    "UTF-8 with a BOM": json.dumps({"name": MARK}).encode("utf-8-sig"),
    "UTF-16": json.dumps({"name": MARK}).encode("utf-16"),
    "UTF-16 without a BOM": json.dumps({"name": MARK}).encode("utf-16-le"),
    "UTF-32": json.dumps({"name": MARK}).encode("utf-32"),
    "Latin-1": '{"name": "m4rk3r é"}'.encode("latin-1"),
    "a surrogate in bytes": b'{"name": "m4rk3r \xed\xa0\x80"}',
    "a bare NUL": b'{"name": "m4rk3r \x00"}',
    "a bare line break": b'{"name": "m4rk3r \n"}',
}
MISSHAPEN = {
    "nothing in it": b"{}",
    "a field nobody knows": b'{"m4rk3r": 1}',
    "a key with NUL": b'{"\\u0000m4rk3r": 1}',
    "a key that is no text": b'{"m4rk3r \\ud800": 1}',
    "a long key": b'{"' + b"m4rk3r" * 9000 + b'": 1}',
    "a key with markup": b'{"<script>m4rk3r": 1}',
    "a magic key": b'{"__proto__": {"m4rk3r": 1}, "__class__": "m4rk3r"}',
    "many keys": json.dumps({f"{MARK}{number}": 1 for number in range(3000)}).encode(),
    "deep enough to be read": f'{{"email": {nested(499, "[", "]")}}}'.encode(),
    "a number beyond": b'{"name": 1e999, "email": -1e999, "password": 1e-999}',
}
NO_TEXT = ["m4rk3r\0", "m4rk3r\ud800", "\udfffm4rk3r", None, True, 7, ["m4rk3r"], {"m4rk3r": 1}]
ODD_TEXT = ["' OR ''='", "%s %(x)s {0}", "\\", "\U0010ffff", "\ufffe\uffff", "\u202e", "é" * 200, "\x7f\x80"]


@ON_ONE_DATABASE
@pytest.mark.parametrize("body", NOT_JSON)
def test_what_is_not_a_json_object_is_refused(send, unchanged, body):
    for endpoint in RIGHT:
        assert code(send(endpoint, NOT_JSON[body])) == 40001


@ON_ONE_DATABASE
@pytest.mark.parametrize("body", MISSHAPEN)
def test_an_object_of_another_shape_is_refused(send, unchanged, body):
    for endpoint in RIGHT:
        assert code(send(endpoint, MISSHAPEN[body])) == 42201


@pytest.mark.parametrize("endpoint", RIGHT)
def test_no_field_takes_what_is_not_text(send, unchanged, endpoint):
    right = RIGHT[endpoint]
    for name, spoiled in product(set(right) - {"remember"}, NO_TEXT):
        assert code(send(endpoint, json.dumps(right | {name: spoiled}))) == 42201


@pytest.mark.parametrize("endpoint", RIGHT)
def test_text_that_looks_like_something_else_is_only_text(send, endpoint):
    right = RIGHT[endpoint]
    for name, text in product(set(right) - {"remember"}, ODD_TEXT):
        response = send(endpoint, json.dumps(right | {name: text}))
        assert response.status_code in {200, 201, 401, 403, 409, 422}


CONTENT_TYPES = """text/plain text/json application/* application/jsonm4rk3r application/vnd.api+json m4rk3r
    application/x-www-form-urlencoded multipart/form-data;boundary=m4rk3r application/json,text/plain
    application/json;charset=utf-16 application/json;charset=latin-1 application/json;charset=m4rk3r"""


@ON_ONE_DATABASE
@pytest.mark.parametrize("content_type", [None, "", *CONTENT_TYPES.split()])
def test_what_is_not_said_to_be_json_is_refused(send, unchanged, content_type):
    for endpoint, right in RIGHT.items():
        assert code(send(endpoint, json.dumps(right), content_type)) == 41501


@ON_ONE_DATABASE
@pytest.mark.parametrize("parameters", ["", "; charset=utf-8", ';charset="UTF-8"', "; x=y"])
@pytest.mark.parametrize("mimetype", ["application/json", "Application/JSON"])
def test_json_may_be_announced_in_several_ways(send, mimetype, parameters):
    for endpoint, right in RIGHT.items():
        assert send(endpoint, json.dumps(right), mimetype + parameters).status_code in {200, 201, 202}


@ON_ONE_DATABASE
@pytest.mark.parametrize("endpoint", RIGHT)
@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_may_have_64_kib_and_no_more(send, endpoint, chunked):
    def of_size(size):
        body = json.dumps(RIGHT[endpoint]).encode().ljust(size)
        if not chunked:
            return send(endpoint, body)
        # As servers hand over a body that says only at its end how long it was.
        environ = {"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"}
        return send(endpoint, None, input_stream=io.BytesIO(body), environ_overrides=environ)

    for size in (LARGEST + 1, LARGEST + 2, 10 * LARGEST):
        assert code(of_size(size)) == 41301
    assert of_size(LARGEST).status_code in {200, 201, 202}


@ON_ONE_DATABASE
@pytest.mark.parametrize("length", ["100", "-1", "m4rk3r", "1e3"])
def test_a_length_that_is_not_the_bodys_is_refused(send, unchanged, length):
    response = send("POST /api/login", b'{"email": "m4rk3r"}', environ_overrides={"CONTENT_LENGTH": length})
    assert code(response) == 40001


@ON_ONE_DATABASE
def test_a_page_refuses_too_large_a_body_too(ada):
    response = ada.post("/logout", data=b"x" * (LARGEST + 1))
    assert (response.status_code, response.mimetype) == (413, "text/html")
    assert ada.ask("GET", "/api/user")[0] == 200


@ON_ONE_DATABASE
def test_each_url_says_which_methods_it_has(ada, app, unchanged):
    urls = {}
    for rule in app.url_map.iter_rules():
        url = rule.rule.replace("<uuid:id>", "0" * 8 + "-0000-0000-0000-" + "0" * 12)
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
@pytest.mark.parametrize("path", ["", "/", "/m4rk3r", "/user/m4rk3r", "/user/", "/login;x", "/teams/m4rk3r"])
def test_an_unknown_url_of_the_api_is_told_in_json(ada, unchanged, path):
    for method in ("GET", "POST", "DELETE", "PROPFIND"):
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
@pytest.mark.parametrize("path", PATHS)
def test_no_path_is_a_crash(ada, unchanged, path):
    for method in ("GET", "POST", "PATCH"):
        response = ada.open("/", method=method, environ_overrides={"PATH_INFO": path})
        assert response.status_code in {404, 405}
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


def test_no_query_is_a_crash(ada, client, container):
    container.administration().grant(Operator(Client("")), ADA["email"], Role.ADMIN)
    for query in QUERIES:
        assert_no_crash(ada, query)
        assert_no_crash(client, query)


@ON_ONE_DATABASE
def test_a_query_in_no_encoding_is_no_crash(client):
    assert_no_crash(client, "q=m4rk3r\xff\xfe")


HOSTS = [
    *"evil.example m4rk3r localhost.evil.example localhost:81 localhost:m4rk3r localhost: localhost.".split(),
    *"m4rk3r@localhost localhost/m4rk3r localhost? [::1 ::1 127.0.0.1.m4rk3r . .localhost *".split(),
    *[
        "",
        " ",
        "local host",
        "localhost,localhost",
        "localhost,m4rk3r",
        "localhost\0",
        "\xff",
        "m4rk3r" * 999,
    ],
]
KNOWN_HOSTS = "localhost LocalHost localhost:80 localhost:8000 127.0.0.1:8000 [::1]:8000".split()


@ON_ONE_DATABASE
@pytest.mark.parametrize("host", HOSTS)
def test_an_unknown_host_is_refused(ada, unchanged, host):
    environ = {"HTTP_HOST": host}
    assert code(ada.get("/api/user", environ_overrides=environ)) == 40002
    assert code(ada.post("/api/logout", environ_overrides=environ)) == 40002
    assert code(ada.get("/api/nowhere", environ_overrides=environ)) == 40002
    page = ada.get("/login", environ_overrides=environ)
    assert (page.status_code, page.mimetype) == (400, "text/html")
    assert_no_echo(page)


@ON_ONE_DATABASE
def test_a_missing_host_is_refused(app):
    environ = EnvironBuilder(path="/api/user").get_environ() | {"HTTP_X_FORWARDED_HOST": "localhost"}
    del environ["HTTP_HOST"]
    body, status, _ = run_wsgi_app(app, environ, buffered=True)
    assert status.startswith("400")
    assert json.loads(b"".join(body))["errors"]["internal_error_code"] == 40002


@ON_ONE_DATABASE
@pytest.mark.parametrize("host", KNOWN_HOSTS)
def test_a_known_host_is_answered(client, host):
    assert client.code("GET", "/api/user", headers={"Host": host}) == 40102


FOREIGN_ORIGINS = [
    *"null m4rk3r http://evil.example https://localhost http://localhost:81 http://localhost@evil.example".split(),
    *"http://localhost.evil.example localhost http://localhost/m4rk3r".split(),
    *["", "http://localhost http://m4rk3r"],
]
FOREIGN = [
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost"},
    {"Sec-Fetch-Site": "same-origin", "Origin": "http://evil.example"},
    *({"Origin": origin} for origin in FOREIGN_ORIGINS),
]
OWN = [
    {},
    {"Sec-Fetch-Site": "same-origin", "Origin": "http://localhost"},
    {"Sec-Fetch-Site": "none"},
    {"Origin": "http://localhost"},
    {"Origin": "http://127.0.0.1:8000"},
]


@ON_ONE_DATABASE
@pytest.mark.parametrize("headers", FOREIGN)
def test_another_site_changes_nothing_and_may_link_to_us(send, ada, unchanged, headers):
    for endpoint, right in RIGHT.items():
        assert code(send(endpoint, json.dumps(right), headers=headers)) == 40302
    assert code(ada.post("/api/logout", headers=headers)) == 40302
    page = ada.post("/logout", data={"x": MARK}, headers=headers)
    assert (page.status_code, page.mimetype) == (403, "text/html")
    assert_no_echo(page)
    assert ADA["email"] in ada.get("/settings", headers=headers).text


@ON_ONE_DATABASE
@pytest.mark.parametrize("headers", OWN)
def test_our_own_pages_and_programs_are_let_through(send, headers):
    for endpoint, right in RIGHT.items():
        assert send(endpoint, json.dumps(right), headers=headers).status_code in {200, 201, 202}


COOKIES = [
    *"{name}= {name} =m4rk3r ;;=; {name}=m4rk3r {name}=%00m4rk3r {name}=m4rk3r\xff".split(),
    *"remember_token=1|m4rk3r ;=m4rk3r remember_token={live} remember_token={live}|m4rk3r".split(),
    *"{wrong}={live} {name}={live}m4rk3r __Host-session={live} {name}={id} {name}={hash}".split(),
    *["{name}=\0m4rk3r", '{name}="\\000m4rk3r"', "{name}=" + "m4rk3r" * 10_000, "; {name}=m4rk3r" * 500],
    "{name}=eyJfdXNlcl9pZCI6IjEiLCJfZnJlc2giOnRydWV9.aSFm4g.m4rk3r",  # as Flask would sign it
]


@ON_ONE_DATABASE
@pytest.mark.parametrize("cookies", COOKIES)
def test_a_cookie_that_is_no_session_is_nobody(ada, client, container, unchanged, cookies):
    live = ada.get_cookie(COOKIE).value
    with container.look()() as stored:
        session, _ = stored.sessions.find(hash_of(live), container.now()())
    names = {"name": COOKIE, "wrong": COOKIE.title()}
    sent = cookies.format(**names, live=live, id=session.id, hash=session.secret_hash)
    environ = {"HTTP_COOKIE": sent}

    assert code(client.get("/api/user", environ_overrides=environ)) == 40102
    assert client.get("/settings", environ_overrides=environ).status_code == 302
    assert_no_echo(client.get("/", environ_overrides=environ))


class Raising:
    """A service that fails with the one error, whatever is asked of it."""

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
def test_what_a_use_case_raises_is_told_in_the_one_shape(container, told):
    error, headers = RAISED[told]
    container.accounts.override(providers.Object(Raising(error)))
    response = create_app(container).test_client().post("/api/register", json=ADA)

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
a_few = hypothesis_settings(
    max_examples=20, deadline=None, database=None, suppress_health_check=list(HealthCheck)
)


@ON_ONE_DATABASE
@pytest.mark.parametrize("endpoint", RIGHT)
@given(body=st.binary(max_size=99))
@a_few
def test_no_bytes_are_a_crash(send, endpoint, body):
    assert 400 <= send(endpoint, body).status_code < 500


@ON_ONE_DATABASE
@pytest.mark.parametrize("endpoint", RIGHT)
@given(data=st.data())
@a_few
def test_no_json_is_a_crash(send, endpoint, data):
    shaped = st.fixed_dictionaries({name: TEXTS for name in RIGHT[endpoint] if name != "remember"})
    assert send(endpoint, json.dumps(data.draw(shaped | VALUES))).status_code < 500


@ON_ONE_DATABASE
@given(environ=st.dictionaries(st.sampled_from(HEADERS.split()), LATIN))
@a_few
def test_no_header_is_a_crash(send, environ):
    for endpoint in ("GET /settings", "GET /static/site.css", "POST /logout", "POST /api/login"):
        right = json.dumps(RIGHT["POST /api/login"])
        assert send(endpoint, right, environ_overrides=environ).status_code < 500
