"""No log and no answer holds the token of a link. Links that mail clients damage are repaired."""

import json
import logging

import pytest
from click.testing import CliRunner
from dependency_injector import providers
from sqlalchemy import select

from adapters.sql.tables import metadata
from domain.links import Purpose
from domain.secrets import hash_of
from entrypoints.cli import cli
from entrypoints.logs import JsonLines, TextLines
from tests.fakes import FakeMailer
from tests.integration.conftest import ADA
from tests.samples import GOOD_PASSWORD

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

TOKEN = "tOken-_0" + "q7" * 17 + "Z"
PAGES = [purpose.page for purpose in Purpose]
DAMAGED = [
    "{page}%23{token}",
    "{page}/%23{token}",
    "{page}%23{token}/",
    "{page}%23{token}?utm_source=mail",
    "{page}?%23{token}",
    "{page}?utm_source=mail%23{token}",
    "{page}/?utm_source=mail%2523{token}",
    "{page}%2523{token}",
    "{page}%252523{token}",
    "{page}%3Futm_source=mail%23{token}",
    "{page}%23{token}%3E",
]
# No link can be made of these, and still no log has the token.
LOST = ["{page}/{token}", "{page}{token}", "{page}?token={token}", "/nowhere%23{token}", "/x/{token}/y"]


@pytest.fixture
def lines():
    """All that is logged, in both formats."""
    lines = []

    class Both(logging.Handler):
        def emit(self, record):
            lines.extend([JsonLines().format(record), TextLines().format(record)])

    root, both = logging.getLogger(), Both()
    level = root.level
    root.setLevel(logging.INFO)
    root.addHandler(both)
    yield lines
    root.removeHandler(both)
    root.setLevel(level)


def without_token(*texts):
    for text in texts:
        assert TOKEN not in text and TOKEN[:20] not in text and TOKEN[-20:] not in text


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("damaged", DAMAGED)
def test_a_link_that_a_mail_client_has_damaged_leads_to_its_page(client, lines, method, page, damaged):
    response = client.open(damaged.format(page=page, token=TOKEN), method=method)

    assert (response.status_code, response.headers["Location"]) == (302, f"{page}#{TOKEN}")
    assert response.headers["Cache-Control"] == "no-store"
    assert response.data == b""
    without_token(*lines, *(value for name, value in response.headers if name != "Location"))
    assert json.loads(lines[-2])["path"].startswith(page)


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("lost", LOST)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_no_log_and_no_error_page_has_a_token(client, ada, lines, method, page, lost):
    for asker in (client, ada):
        response = asker.open(lost.format(page=page, token=TOKEN), method=method)
        without_token(response.text, str(response.headers))
    assert lines
    without_token(*lines)


def test_a_short_or_missing_token_in_the_path_is_not_logged(client, lines):
    assert client.get("/verify-email%23TOKEN").headers["Location"] == "/verify-email#TOKEN"
    assert client.get("/verify-email%23").status_code == 404
    assert [json.loads(line)["path"] for line in lines[::2]] == ["/verify-email#..."] * 2


def test_a_damaged_link_on_another_host_is_refused(client):
    response = client.get(f"/verify-email%23{TOKEN}", headers={"Host": "evil.example"})
    assert response.status_code == 400
    without_token(response.text, str(response.headers))


def test_a_log_message_of_another_package_holds_no_token(app, lines):
    @app.get("/founders/<token>")
    def crash(token):
        raise RuntimeError("a bug")

    assert app.test_client().get(f"/founders/{TOKEN}").status_code == 500
    logging.getLogger("werkzeug").info('127.0.0.1 - - "GET /verify-email%%23%s HTTP/1.1" 302 -', TOKEN)
    assert any("a bug" in line for line in lines)
    without_token(*lines)


def test_a_token_is_written_in_its_mail_only(ada, new_client, container, engines, lines):
    """Registration, a change of the address, a reset: delivered, used, refused, exported, listed."""
    container.mailer.override(providers.Object(FakeMailer()))
    ada.ask("POST", "/api/password/forgot", {"email": ADA["email"]})
    change = {"email": "new@example.org", "current_password": GOOD_PASSWORD}
    ada.ask("POST", "/api/email", change)

    waiting = rows(engines)["mails"]
    tokens = {row.facts["token"] for row in waiting if "token" in row.facts}
    assert len(tokens) == 3 and all(len(token) == 43 for token in tokens)

    listed = CliRunner().invoke(cli, ["mails", "list", "--json"], obj=container)
    assert listed.exit_code == 0 and "verify_email" in listed.output
    answers = [listed.output]
    for path in ("/api/user/export", "/api/user/events", "/api/sessions", "/settings/history", "/settings"):
        answers.append(ada.get(path).text)
    container.delivery().deliver()
    answers.append(str(rows(engines)))
    assert {hash_of(token) for token in tokens} & {row.token_hash for row in rows(engines)["links"]}

    for token in tokens:
        for path, body in (
            ("/api/email/verify", {"token": token}),
            ("/api/password/reset", {"token": token, "new_password": "another horse battery"}),
            ("/api/password/reset", {"token": token, "new_password": "short"}),
            ("/api/email/verify", {"token": token, token: token}),
            ("/api/email/verify", {"token": [token]}),
        ):
            response = new_client().post(path, json=body)
            answers += [response.text, str(response.headers)]
    answers.append(str(rows(engines)))

    written = "\n".join([*answers, *lines])
    assert not [token for token in tokens if token in written]


def rows(engines):
    with engines.reader.connect() as connection:
        return {name: connection.execute(select(table)).all() for name, table in metadata.tables.items()}
