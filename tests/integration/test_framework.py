"""The framework stays whole: what a founder expects of Flask and of logging works beside the product."""

import io
import logging
import logging.config
import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Blueprint
from flask.cli import routes_command

from entrypoints import logs
from entrypoints.api.routes import routes
from entrypoints.container import wire_from
from tests.databases import ROOT
from tests.integration.conftest import ADA

pytestmark = [pytest.mark.flask_only, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]


def test_an_async_view_answers(app):
    async def later():
        return {"data": "in time"}

    app.add_url_rule("/later", "later", later)

    # In a new thread: the main thread may have an event loop of the browser tests.
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(app.test_client().get, "/later").result()
    assert answer.get_json() == {"data": "in time"}


@pytest.fixture
def with_subdomain(app):
    app.subdomain_matching = True
    app.config["SERVER_NAME"] = "localhost"
    status = Blueprint("status", __name__, subdomain="status")
    status.add_url_rule("/", "show", lambda: "all is well")
    status.add_url_rule("/", "post", lambda: "posted", methods=["POST"])
    app.register_blueprint(status)
    return app.test_client()


def test_a_blueprint_answers_on_its_subdomain(with_subdomain):
    assert with_subdomain.get("/", base_url="http://status.localhost").text == "all is well"
    assert with_subdomain.get("/health/live", base_url="http://localhost").status_code == 200


def test_a_subdomain_accepts_its_own_form_and_refuses_that_of_another_site(with_subdomain):
    def post(origin):
        headers = {"Origin": origin}
        return with_subdomain.post("/", base_url="http://status.localhost", headers=headers).status_code

    assert post("http://status.localhost") == 200
    assert post("http://evil.localhost") == post("http://status.localhost.evil.example") == 403


def test_a_subdomain_without_routes_is_an_unknown_host(with_subdomain):
    assert with_subdomain.get("/", base_url="http://other.localhost").status_code == 400


class Kept(logging.Handler):
    def __init__(self):
        super().__init__()
        self.records = []

    def emit(self, record):
        self.records.append(record)


@pytest.mark.parametrize("log_format", ["json", "text"])
def test_a_handler_on_the_root_logger_gets_each_request(client, log_format, monkeypatch):
    monkeypatch.setattr("sys.stderr", io.StringIO())
    logs.configure(log_format)
    kept = Kept()
    logging.getLogger().addHandler(kept)
    try:
        client.get("/health/live")
    finally:
        logging.getLogger().removeHandler(kept)
        logging.config.dictConfig({"version": 1, "disable_existing_loggers": False, "root": {"handlers": []}})

    [record] = [record for record in kept.records if record.name == "hexstart.request"]
    assert (record.path, record.status) == ("/health/live", 200)
    assert (record.module, record.funcName) == ("gate", "start")
    assert record.lineno > 0
    assert record.thread


def test_a_founder_can_use_flask_sessions(app):
    app.secret_key = "for the founder's own views"

    @app.get("/count")
    def count():
        from flask import session

        session["count"] = session.get("count", 0) + 1
        return str(session["count"])

    client = app.test_client()
    assert [client.get("/count").text for _ in range(3)] == ["1", "2", "3"]
    assert client.ask("POST", "/api/register", ADA)[0] == 201
    assert client.ask("GET", "/api/user")[0] == 200


def test_the_remember_cookie_of_flask_login_is_ignored(ada, client):
    for cookies in ("remember_token=1|b", ";=1|b", '";"=1|b', "%3B=1|b"):
        assert client.code("GET", "/api/user", headers={"Cookie": cookies}) == 40102
    assert ada.ask("GET", "/api/user")[0] == 200


def test_flask_routes_lists_every_row(app, container):
    listed = app.test_cli_runner().invoke(routes_command).output

    pages = re.findall(r'page\("(\w+)", "([^"]+)"', (ROOT / "entrypoints/flask_app/routes.py").read_text())
    rows = [(route.method, route.url) for route in routes(wire_from(container))]
    assert len(pages) > 10
    for method, url in [*rows, *pages]:
        assert f"{method} {url} " in listed
