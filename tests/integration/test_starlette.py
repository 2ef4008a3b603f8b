"""What is Starlette's own: its routes, its threads, and the log lines of requests that it serves together."""

import json
import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from dependency_injector import providers

from domain.errors import Stale
from entrypoints import logs
from entrypoints.api.routes import routes
from entrypoints.container import wire_from
from entrypoints.settings import REQUEST_THREADS
from tests.bindings import BINDINGS
from tests.databases import migrated_database
from tests.integration.conftest import ADA, code
from tests.integration.test_processes import a_person
from tests.servers import running, until

METHODS = {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("entrypoint", ["starlette"], indirect=True)
def test_a_wrong_method_is_refused_with_the_allowed_ones(ada, container, unchanged):
    urls = {}
    for row in routes(wire_from(container)):
        url = re.sub("<[^>]+>", "00000000-0000-0000-0000-000000000000", row.url)
        urls.setdefault(url, set()).update({"GET", "HEAD"} if row.method == "GET" else {row.method})
    for url, methods in urls.items():
        for method in METHODS - methods:
            response = ada.open(url, method=method, data="m4rk3r")
            assert set(response.headers["Allow"].split(", ")) == methods, (method, url)
            assert response.get_json()["errors"]["internal_error_code"] == 40501
            if url.startswith("/api/"):
                assert code(response) == 40501


def test_requests_that_are_served_together_have_log_lines_of_their_own(tmp_path):
    def one(number):
        # Large enough to arrive in pieces, so that requests are read while others run.
        body = json.dumps(a_person() | ({"password": 7} if number % 2 else {})).encode().ljust(40_000)
        return server.ask("POST", "/api/register", body)

    def written():
        return "\n".join(server.log)

    with (
        migrated_database("sqlite", tmp_path) as url,
        running(url, ENTRYPOINT="starlette", WORKERS="1") as server,
    ):
        with ThreadPoolExecutor(20) as crowd:
            answers = list(crowd.map(one, range(60)))
        numbers = {answer.headers["X-Request-ID"]: answer.status for answer in answers}
        until(lambda: all(number in written() for number in numbers), "the log is not written")
        lines = [json.loads(line) for line in server.log]
    told = {line["request_id"]: line["status"] for line in lines if line.get("path") == "/api/register"}
    assert told == numbers
    assert set(numbers.values()) == {201, 422}


@pytest.mark.skipif("flask" not in BINDINGS, reason="this clone has deleted it")
def test_a_session_of_flask_is_one_of_starlette_too(tmp_path):
    production = {
        "APP_ENV": "production",
        "BASE_URL": "https://app.example.com",
        "MAIL_URL": "smtp://127.0.0.1:1",
        "LIMITS": "on",
        "BCRYPT_ROUNDS": "10",
        "WORKERS": "1",
    }
    with (
        migrated_database("sqlite", tmp_path) as url,
        running(url, **production) as flask,
        running(url, **production, ENTRYPOINT="starlette") as starlette,
    ):
        person = a_person()
        cookie = flask.ask("POST", "/api/register", person, Host="app.example.com").cookie
        shown = starlette.ask("GET", "/api/user", cookie=cookie, Host="app.example.com").json["data"]
        assert cookie.startswith("__Host-session=")
        assert shown["username"] == person["username"]
        assert starlette.ask("POST", "/api/logout", cookie=cookie, Host="app.example.com").status == 200
        assert flask.ask("GET", "/api/user", cookie=cookie, Host="app.example.com").code == 40102


def test_a_worker_has_a_bounded_number_of_threads(tmp_path):
    """Many logins wait for the thread that hashes, and each holds a thread of the pool."""
    with (
        migrated_database("sqlite", tmp_path) as url,
        running(url, ENTRYPOINT="starlette", WORKERS="1", BCRYPT_ROUNDS="11") as server,
    ):
        credentials = {"email": "nobody@example.org", "password": "correct horse battery"}

        def log_in(_):
            return server.ask("POST", "/api/login", credentials).status

        with ThreadPoolExecutor(80) as crowd:
            logins = crowd.map(log_in, range(80))
            assert server.ask("GET", "/health/live").status == 200
            statuses = set(logins)
        assert statuses <= {401, 503}
        [worker] = server.workers()
        with open(f"/proc/{worker}/status") as file:
            [threads] = [int(line.split()[1]) for line in file if line.startswith("Threads")]
        assert threads < REQUEST_THREADS + 25


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("entrypoint", ["starlette"], indirect=True)
def test_what_a_use_case_logs_has_the_id_of_its_request(container, client_of):
    seen = []

    class Logging:
        def register(self, *_, **__):
            seen.append(logs.request_id.get())
            raise Stale

    container.accounts.override(providers.Object(Logging()))
    answer = client_of(container).post("/api/register", json=ADA)
    assert (answer.status_code, seen) == (409, [answer.headers["X-Request-ID"]])
