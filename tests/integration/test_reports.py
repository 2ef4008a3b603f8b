"""Faults are reported to Sentry, with nothing that a user has sent. A server of these tests takes them."""

import gzip
import json
import logging
import logging.config
import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from dependency_injector import providers

from adapters.sql.engines import connect
from domain.errors import Unavailable
from entrypoints import logs
from entrypoints.background import Background
from entrypoints.settings import ROOT, Settings, version
from tests.databases import migrated_database
from tests.integration.conftest import ADA, COOKIE
from tests.samples import GOOD_PASSWORD
from tests.servers import running, until

ON_ONE_DATABASE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

# What a request holds. No report may hold it.
IP, AGENT, QUERY, TOKEN = "203.0.113.77", "a-rare-browser", "private-question", "hexstart_" + "q7" * 22


class Sink:
    """Takes reports on a port of this machine."""

    def __init__(self, server):
        self.server, self.bodies, self.headers = server, [], []
        self.dsn = f"http://key@127.0.0.1:{server.server_port}/7"

    def reports(self, count=1):
        """The events, after waiting for this number of them."""
        until(lambda: len(self.bodies) >= count, f"{len(self.bodies)} of {count} reports came")
        return [json.loads(body.split(b"\n")[2]) for body in self.bodies]

    @property
    def text(self):
        return b"\n".join(self.bodies).decode() + "\n".join(self.headers)


@pytest.fixture
def sink():
    class Take(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            sink.headers.append(str(self.headers))
            sink.bodies.append(gzip.decompress(body) if "gzip" in self.headers["Content-Encoding"] else body)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_): ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Take)
    sink = Sink(server)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield sink
    server.shutdown()
    server.server_close()


@pytest.fixture
def reported(sink):
    """The log of this process, with reports to the sink."""
    before = threading.excepthook
    logs.route.set(None)  # of a test before
    logs.request_id.set(None)
    logs.configure("json", sink.dsn)
    yield sink
    logging.config.dictConfig({"version": 1, "disable_existing_loggers": False, "root": {"handlers": []}})
    logging.captureWarnings(False)
    threading.excepthook = before


class Quoting:
    """A service whose methods all fail, with all that they got in the message and in its variables."""

    def __getattr__(self, name):
        def fail(*given, **named):
            quoted = f"{given} {named} {ADA} {IP} {TOKEN}"
            try:
                raise ValueError(quoted)
            except ValueError as cause:
                cause.add_note(quoted)
                raise RuntimeError(quoted) from cause

        return fail


@pytest.fixture
def broken(container, client_of, ada):
    """A client with a session, of a site where two services are broken."""
    session = ada.get_cookie(COOKIE).value
    container.accounts.override(providers.Object(Quoting()))
    container.teams.override(providers.Object(Quoting()))
    client = client_of(container)
    client.set_cookie(COOKIE, session)
    client.session = session
    return client


@ON_ONE_DATABASE
def test_a_report_has_request_id_route_release_and_lines_of_code(broken, reported):
    number = broken.post("/api/register", json=ADA).headers["X-Request-ID"]

    [report] = reported.reports()
    assert report["tags"] == {"request_id": number}
    assert report["transaction"] == "POST /api/register"
    commit = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True).stdout
    assert report["release"] == commit.strip() or report["release"] == version()
    kinds = [found["type"] for found in report["exception"]["values"]]
    assert kinds == ["ValueError", "RuntimeError"]
    lines = [frame["context_line"] for frame in report["exception"]["values"][-1]["stacktrace"]["frames"]]
    assert any("self.accounts.register(" in line for line in lines)


@ON_ONE_DATABASE
def test_the_route_of_a_report_has_no_id(broken, reported):
    broken.delete("/api/teams/01890a5d-ac96-774b-bcce-b302099a8057")

    [report] = reported.reports()
    assert report["transaction"] == "DELETE /api/teams/<id>"
    assert "01890a5d" not in reported.text


@ON_ONE_DATABASE
def test_a_report_has_nothing_of_the_request(broken, reported):
    for method, path, body in (
        ("POST", f"/api/register?q={QUERY}", ADA),
        ("PATCH", "/api/user", {"username": "grace"}),
        ("POST", "/api/teams", {"name": "Secret plans"}),
    ):
        headers = {"X-Forwarded-For": IP, "User-Agent": AGENT, "Referer": f"http://localhost/x?{QUERY}"}
        answer = broken.open(
            path, method=method, json=body, headers=headers, environ_base={"REMOTE_ADDR": IP}
        )
        assert answer.status_code == 500

    assert len(reported.reports(3)) == 3
    for private in (
        *(
            ADA["email"],
            GOOD_PASSWORD,
            "'ada'",
            "grace",
            "Secret plans",
            IP,
            AGENT,
            QUERY,
            TOKEN,
            broken.session,
        ),
        *("127.0.0.1:", "REMOTE_ADDR", "/api/register?", os.uname().nodename),
    ):
        assert private not in reported.text.replace(f"Host: 127.0.0.1:{reported.server.server_port}", "")


@ON_ONE_DATABASE
def test_a_report_holds_these_keys_and_no_others(broken, reported):
    broken.post("/api/register", json=ADA)

    [report] = reported.reports()
    assert report.keys() == {
        *("event_id", "timestamp", "platform", "level", "release", "environment", "sdk"),
        *("exception", "transaction", "tags"),
    }
    for found in report["exception"]["values"]:
        assert found.keys() == {"type", "module", "stacktrace"}
        for frame in found["stacktrace"]["frames"]:
            assert "vars" not in frame and "abs_path" not in frame


def test_background_work_and_threads_are_reported(reported):
    for work in (Background(Quoting(), Quoting()).step, lambda: 1 / 0):
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()

    reports = reported.reports(2)
    kinds = [report["exception"]["values"][-1]["type"] for report in reports]
    assert sorted(kinds) == ["RuntimeError", "ZeroDivisionError"]
    assert {report["tags"]["request_id"] for report in reports} == {""}
    assert TOKEN not in reported.text


@ON_ONE_DATABASE
def test_errors_of_clients_and_a_database_that_is_away_are_no_faults(client, container, client_of, reported):
    assert client.code("GET", "/api/user") == 40102
    assert client.code("POST", "/api/register", {}) == 42201
    assert client.ask("GET", "/api/nowhere")[0] == 404
    container.accounts.override(providers.Object(Away()))
    assert client_of(container).ask("POST", "/api/register", ADA)[0] == 503
    Background(Away(), Quoting()).step()
    logging.getLogger("any").error("an error without an exception")

    logging.getLogger("any").error("the first fault", exc_info=RuntimeError())
    assert len(reported.reports()) == 1


class Away:
    """A service whose database does not answer."""

    def __getattr__(self, name):
        def fail(*_, **__):
            raise Unavailable(1)

        return fail


@ON_ONE_DATABASE
@pytest.mark.flask_only
@pytest.mark.parametrize("dsn", ["", "http://key@127.0.0.1:1/7"])
def test_the_error_page_says_that_we_know_only_when_faults_are_reported(container, client_of, settings, dsn):
    container.settings.override(providers.Object(settings.model_copy(update={"sentry_dsn": dsn})))
    container.teams.override(providers.Object(Quoting()))
    container.accounts.override(providers.Object(Quoting()))
    container.administration.override(providers.Object(Quoting()))
    client = client_of(container)
    client.application.add_url_rule("/broken", "broken", lambda: 1 / 0)

    crash, unknown = client.get("/broken"), client.get("/nowhere")

    assert (crash.status_code, unknown.status_code) == (500, 404)
    assert ("We&#39;ve been notified" in crash.text or "We've been notified" in crash.text) == bool(dsn)
    assert "been notified" not in unknown.text


@ON_ONE_DATABASE
def test_a_sink_that_is_away_changes_no_answer(broken, reported):
    reported.server.shutdown()
    reported.server.server_close()

    for _ in range(150):  # more than wait in the queue of the package
        assert broken.post("/api/register", json=ADA).status_code == 500


def test_the_package_is_imported_only_with_a_dsn(sink):
    code = (
        "import sys; from entrypoints import logs, settings, worker; c = settings.load();"
        "logs.configure('json', c.sentry_dsn); print('sentry_sdk' in sys.modules)"
    )
    for dsn, imported in (("", "False"), (sink.dsn, "True")):
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=ROOT, env={**os.environ, "SENTRY_DSN": dsn}, capture_output=True
        )
        assert done.stdout.decode().strip() == imported, done.stderr[-500:]


@pytest.mark.parametrize("value", ["key", "https://sentry.test/1", "https://k@sentry.test/x", "ftp://k@h/1"])
def test_a_dsn_that_cannot_be_parsed_is_refused_without_its_value(value):
    with pytest.raises(ValueError, match="must be the DSN of a project in Sentry"):
        Settings(_env_file=None, sentry_dsn=value)


def test_a_process_sends_what_waits_before_it_ends(sink):
    code = (
        "import logging, sys; from entrypoints import logs; logs.configure('json', sys.argv[1]);"
        "[logging.getLogger('any').error('a fault', exc_info=ValueError()) for _ in range(20)]"
    )
    subprocess.run([sys.executable, "-c", code, sink.dsn], cwd=ROOT, check=True, timeout=30)

    assert len(sink.bodies) == 20


def test_a_worker_of_the_server_reports(sink, entrypoint, tmp_path):
    with migrated_database("sqlite", tmp_path) as url:
        with running(url, SENTRY_DSN=sink.dsn, SENTRY_RELEASE="of-a-test", ENTRYPOINT=entrypoint) as server:
            session = server.ask("POST", "/api/register", ADA).cookie
            engines = connect(url)
            with engines.writer.begin() as connection:
                connection.exec_driver_sql("UPDATE users SET created_at = 'no moment'")
            engines.dispose()
            answer = server.ask("GET", "/api/user", cookie=session)
            assert answer.status == 500
            server.end()

        [report] = sink.reports()
        assert report["tags"] == {"request_id": answer.headers["X-Request-ID"]}
        assert (report["transaction"], report["release"]) == ("GET /api/user", "of-a-test")
