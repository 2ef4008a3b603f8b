"""A page was rendered for one user, and the session belongs to another user now."""

import re
from uuid import UUID

import pytest
from sqlalchemy import select

from adapters.sql.tables import metadata
from domain.access import Operator
from domain.users import Role
from entrypoints.api.routes import routes
from entrypoints.container import wire_from
from tests.integration.conftest import ADA, COOKIE
from tests.samples import CLIENT, GOOD_PASSWORD

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

BOB = {"username": "bob", "email": "bob@example.org", "password": GOOD_PASSWORD}
# Bodies that would change something.
BODIES = {
    "POST /api/register": {"username": "eve", "email": "eve@example.org", "password": GOOD_PASSWORD},
    "POST /api/login": {"email": ADA["email"], "password": ADA["password"]},
    "PATCH /api/user": {"username": "renamed"},
    "DELETE /api/user": {"current_password": GOOD_PASSWORD},
    "POST /api/email": {"email": "new@example.org", "current_password": GOOD_PASSWORD},
    "POST /api/password": {"current_password": GOOD_PASSWORD, "new_password": "another horse battery"},
    "POST /api/password/forgot": {"email": BOB["email"]},
    "PATCH /api/teams/<id>": {"name": "Renamed"},
}


@pytest.fixture
def bob(new_client, ada):
    bob = new_client()
    assert bob.ask("POST", "/api/register", BOB)[0] == 201
    return bob


@pytest.fixture
def stored(engines):
    def stored():
        with engines.reader.connect() as connection:
            return {name: connection.execute(select(table)).all() for name, table in metadata.tables.items()}

    return stored


def id_of(client):
    return client.ask("GET", "/api/user")[1]["data"]["id"]


def test_the_page_of_another_user_changes_nothing_on_any_row(ada, bob, container, stored):
    other, team = {"X-User": id_of(ada)}, bob.ask("GET", "/api/teams")[1]["data"][0]["id"]
    sessions = bob.ask("GET", "/api/sessions")[1]["data"]
    before = stored()

    for row in routes(wire_from(container)):
        its_id = sessions[0]["id"] if "sessions" in row.url else team
        body = BODIES.get(f"{row.method} {row.url}", {} if row.body else None)
        url = re.sub("<[^>]+>", its_id, row.url)
        if url.startswith("/health/"):
            assert bob.open(url, headers=other).status_code == 409
        else:
            assert bob.code(row.method, url, body, headers=other) == 40906, row

    assert stored() == before
    assert bob.ask("GET", "/api/user")[1]["data"]["username"] == "bob"


def test_the_page_of_the_session_s_own_user_works(bob):
    me = id_of(bob)
    for value in (me, me.upper()):
        assert bob.ask("PATCH", "/api/user", {"username": "robert"}, headers={"X-User": value})[0] == 200


@pytest.mark.parametrize("value", ["", " ", "m4rk3r", str(UUID(int=7)), "ada,bob", "\xff"])
def test_another_value_of_x_user_is_refused_without_an_echo(bob, value):
    response = bob.patch("/api/user", json={"username": "robert"}, headers={"X-User": value})

    assert response.status_code == 409
    assert response.get_json()["errors"] == {
        "display_error": "This page belongs to another account. Please reload.",
        "internal_error_code": 40906,
    }
    assert "Set-Cookie" not in response.headers


def test_the_page_of_a_user_whose_session_has_ended_asks_for_a_login(ada, client):
    other = {"X-User": id_of(ada)}
    assert client.code("PATCH", "/api/user", {"username": "x"}, headers=other) == 40102
    assert client.ask("POST", "/api/login", BODIES["POST /api/login"], headers=other)[0] == 200


def test_a_public_call_without_the_header_asks_for_no_session(bob):
    bob.ask("POST", "/api/login", BODIES["POST /api/login"])
    assert bob.ask("GET", "/api/user")[1]["data"]["username"] == "ada"


@pytest.mark.flask_only
def test_each_page_names_the_user_that_it_was_rendered_for(bob, client):
    for path in ("/", "/settings", "/teams", "/verify-email", "/forgot-password", "/nowhere"):
        assert f'<body data-user="{id_of(bob)}">' in bob.get(path).text
        assert "data-user" not in client.get(path).text


@pytest.mark.flask_only
def test_the_log_out_button_of_a_stale_page_asks_the_present_user(ada, bob):
    for path in ("/", "/logout"):
        assert f'<button name="user" value="{id_of(ada)}"' in ada.get(path).text

    response = bob.post("/logout", data={"user": id_of(ada)})

    assert (response.status_code, response.headers["Location"]) == (303, "/logout")
    assert "Set-Cookie" not in response.headers
    assert "<strong>bob</strong>" in bob.get("/logout").text
    assert bob.post("/logout", data={"user": id_of(bob)}).headers["Location"] == "/"
    assert bob.code("GET", "/api/user") == 40102


SENTENCE = "Your session has ended. Log in to continue."


@pytest.mark.flask_only
def test_the_login_page_says_that_the_session_has_ended(bob, client):
    bob.set_cookie(COOKIE, "ended")
    assert SENTENCE in bob.get("/teams", follow_redirects=True).text
    assert SENTENCE not in bob.get("/login").text
    assert SENTENCE not in client.get("/teams", follow_redirects=True).text


@pytest.mark.flask_only
def test_every_time_on_a_page_is_shown_in_the_user_s_time_zone(ada, container):
    container.administration().grant(
        Operator(CLIENT), container.administration().user_with(Operator(CLIENT), ADA["email"]).id, Role.ADMIN
    )
    for path in ("/settings", "/settings/sessions", "/settings/history", "/admin"):
        page = ada.get(path).text
        assert page.count("<time ") == page.count("data-local=") > 0
        assert "/static/times.js" in page
