"""The health of the site, and its log."""

import io
import json
import logging

import pytest
from dependency_injector import providers

from adapters.sql.engines import connect
from domain.secrets import hash_of
from entrypoints.logs import JsonLines, TextLines
from tests.databases import migrated_database
from tests.integration.conftest import ADA, COOKIE
from tests.samples import GOOD_PASSWORD

ON_ONE_DATABASE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
AWAY = {
    "sqlite": "sqlite:////nowhere/at/all.db",
    "postgresql": "postgresql+psycopg://postgres@127.0.0.1:1/nowhere",
    "mariadb": "mysql+pymysql://root@127.0.0.1:1/nowhere",
}

# Sent in place of secrets. No log may hold it.
MARK = "m4rk3r"
SESSION = "secret-of-a-session"
CREDENTIALS = {"email": ADA["email"], "password": GOOD_PASSWORD}


@pytest.fixture(params=AWAY)
def without_database(request, container, client_of):
    """A client of the site while its database does not answer."""
    engines = connect(AWAY[request.param])
    container.engines.override(providers.Object(engines))
    yield client_of(container)
    engines.dispose()


@pytest.fixture(params=[JsonLines])
def log(request):
    """A function: the text of the log since the last call."""
    stream, root = io.StringIO(), logging.getLogger()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(request.param())
    level = root.level
    root.setLevel(logging.INFO)
    root.addHandler(handler)

    def read():
        text = stream.getvalue()
        stream.seek(0)
        stream.truncate()
        return text

    yield read
    root.removeHandler(handler)
    root.setLevel(level)


class Broken:
    """A service whose methods all fail."""

    def __getattr__(self, name):
        def fail(*_, **__):
            raise RuntimeError("the cause")

        return fail


def assert_no_secret(text, *more):
    for secret in (GOOD_PASSWORD, MARK, "$bcrypt", *more):
        assert secret not in text


def test_the_site_is_live_and_ready(client):
    assert client.ask("GET", "/health/live") == (200, {"data": {"status": "live"}})
    mail = {"waiting": 0, "parked": 0}
    assert client.ask("GET", "/health/ready") == (200, {"data": {"status": "ready", "mail": mail}})


@ON_ONE_DATABASE
@pytest.mark.parametrize("path", ["/health/live", "/health/ready"])
@pytest.mark.parametrize(
    "host", ["10.0.0.7:8000", "evil.example", "", "a b", "x:y", "[::1", "ÿ", ".", "x" * 300]
)
def test_health_is_answered_for_any_host(client, path, host):
    assert client.ask("GET", path, environ_overrides={"HTTP_HOST": host})[0] == 200


@ON_ONE_DATABASE
@pytest.mark.parametrize("path", ["/health/live", "/health/ready"])
def test_health_refuses_post(client, path):
    response = client.post(path)
    assert (response.status_code, response.get_json()["errors"]["internal_error_code"]) == (405, 40501)


@ON_ONE_DATABASE
def test_the_site_without_a_database_is_live_and_not_ready(without_database):
    assert without_database.ask("GET", "/health/live")[0] == 200
    assert without_database.code("GET", "/health/ready") == 50301
    assert int(without_database.get("/health/ready").headers["Retry-After"]) > 0


@ON_ONE_DATABASE
@pytest.mark.parametrize(
    "method, path, body",
    [
        ("GET", "/api/user", None),
        ("GET", "/api/teams", None),
        ("POST", "/api/logout", None),
        ("POST", "/api/register", ADA),
        ("POST", "/api/login", {"email": ADA["email"], "password": ADA["password"]}),
    ],
)
def test_the_api_without_a_database_answers_503_and_when_to_retry(without_database, method, path, body):
    without_database.set_cookie(COOKIE, "secret")

    response = without_database.open(path, method=method, json=body)

    assert (response.status_code, response.get_json()["errors"]["internal_error_code"]) == (503, 50301)
    assert int(response.headers["Retry-After"]) > 0


@ON_ONE_DATABASE
@pytest.mark.flask_only
def test_pages_without_a_database_answer_503_and_when_to_retry(without_database):
    assert without_database.get("/").status_code == 200
    assert without_database.get("/login").status_code == 200
    without_database.set_cookie(COOKIE, "secret")
    for path in ("/", "/settings", "/admin"):
        response = without_database.get(path)
        assert (response.status_code, response.mimetype) == (503, "text/html")
        assert int(response.headers["Retry-After"]) > 0
    assert without_database.get("/nowhere").status_code == 404


@ON_ONE_DATABASE
def test_a_crash_is_logged_with_its_traceback_and_request_id(container, client_of, log):
    container.accounts.override(providers.Object(Broken()))
    client = client_of(container)
    client.set_cookie(COOKIE, SESSION)

    number = client.post(f"/api/register?token={MARK}", json=ADA).headers["X-Request-ID"]

    text = log()
    assert_no_secret(text, SESSION)
    crash, request = map(json.loads, text.splitlines())
    assert (crash["level"], request["level"], request["status"]) == ("error", "info", 500)
    assert "RuntimeError: the cause" in crash["traceback"]
    assert request["request_id"] == number
    assert crash.get("request_id") == number


@ON_ONE_DATABASE
def test_a_crash_in_the_database_logs_nothing_of_what_is_stored(container, client_of, log, tmp_path):
    overflow = "CREATE VIEW {0} AS SELECT * FROM kept_{0} WHERE abs(-9223372036854775807 - 1) > 0"
    with migrated_database("sqlite", tmp_path) as url:
        engines = connect(url)
        with engines.writer.begin() as connection:  # no statement can work
            for table in ("users", "sessions"):
                connection.exec_driver_sql(f"ALTER TABLE {table} RENAME TO kept_{table}")
                connection.exec_driver_sql(overflow.format(table))
        container.engines.override(providers.Object(engines))
        client = client_of(container)
        assert client.post("/api/register", json=ADA).status_code == 500
        client.set_cookie(COOKIE, SESSION)
        assert client.get("/api/user").status_code == 500
        engines.dispose()

    text = log()
    assert "integer overflow" in text
    assert_no_secret(text, SESSION, hash_of(SESSION), ADA["email"])


def test_each_request_is_one_line_of_the_log(ada, client, log):
    user_id = ada.ask("GET", "/api/user")[1]["data"]["id"]
    for asker, method, path, status, known in [
        (ada, "GET", "/api/teams?q=m4rk3r", 200, user_id),
        (client, "GET", "/api/teams?q=m4rk3r", 401, None),
        (client, "POST", "/api/nowhere", 404, None),
        (ada, "GET", "/health/live?m4rk3r", 200, None),
        (client, "HEAD", "/health/live", 200, None),
    ]:
        log()
        number = asker.open(path, method=method).headers["X-Request-ID"]
        line = json.loads(log())
        assert line.pop("ms") >= 0
        assert line.pop("at").endswith("Z")
        assert line == {
            "level": "info",
            "logger": "hexstart.request",
            "message": "request",
            "request_id": number,
            "method": method,
            "path": path.partition("?")[0],
            "status": status,
            "user_id": known,
        }


def test_no_secret_is_in_any_log(client, log):
    client.ask("POST", f"/api/register?password={MARK}", ADA, headers={"Referer": MARK, "User-Agent": MARK})
    first = client.get_cookie(COOKIE).value
    user_id = client.ask("GET", "/api/user")[1]["data"]["id"]
    client.ask("POST", "/api/login", {"email": ADA["email"], "password": MARK})
    client.ask("POST", "/api/login", CREDENTIALS)
    second = client.get_cookie(COOKIE).value
    client.ask("POST", "/api/email", {"email": "a@example.org", "current_password": MARK})
    client.ask("POST", "/api/email", {"email": "a@example.org", "current_password": GOOD_PASSWORD})
    client.post("/api/login", data=MARK, content_type="application/json")
    client.get("/api/user", headers={"Host": MARK})
    client.post("/api/logout")

    text = log()
    assert_no_secret(text, first, second, hash_of(first), hash_of(second))
    seen = [(line["status"], line["user_id"]) for line in map(json.loads, text.splitlines())]
    strangers, user = [401, 400, 400], [201, 200, 200, 403, 202, 200]
    assert sorted(seen, key=str) == sorted(
        [(n, None) for n in strangers] + [(n, user_id) for n in user], key=str
    )


@ON_ONE_DATABASE
@pytest.mark.parametrize("log", [JsonLines, TextLines], indirect=True)
def test_a_client_cannot_write_a_line_of_the_log(client, log):
    client.get("/x%0a12:00:00%20error%20forged%0d%1b[2J%c2%85")

    text = log()
    assert text.count("\n") == 1
    assert not {"\r", "\x1b"} & set(text)
