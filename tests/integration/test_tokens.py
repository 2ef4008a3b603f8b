"""API tokens over HTTP."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from domain.events import Tag
from tests.integration.conftest import ADA, COOKIE, counts, statements
from tests.samples import GOOD_PASSWORD, a_token

NEW = {"name": "Deploy", "scope": "write", "current_password": GOOD_PASSWORD}


def created(user, **fields):
    status, answer = user.ask("POST", "/api/tokens", NEW | fields)
    assert status == 201
    return answer["data"]


def by(token):
    return {"headers": {"Authorization": f"Bearer {token['token']}"}}


@pytest.fixture
def program(new_client):
    return new_client()


def test_a_token_is_shown_once_and_listed_without_its_text(ada):
    soon = datetime.now(UTC) + timedelta(days=7)
    token = created(ada, scope="read", expires_at=soon.isoformat())

    assert token["token"].startswith("hxs_")
    assert datetime.fromisoformat(token["expires_at"]) == soon
    status, answer = ada.ask("GET", "/api/tokens")
    del token["token"]
    assert (status, answer) == (200, {"data": [token], "next": None})
    assert (token["name"], token["scope"], token["last_used_at"]) == ("Deploy", "read", None)


def test_a_program_uses_the_api_by_a_token(ada, program):
    token = created(ada)
    assert program.ask("GET", "/api/user", **by(token))[1]["data"]["username"] == "ada"
    status, answer = program.ask("POST", "/api/teams", {"name": "By a program"}, **by(token))
    assert (status, answer["data"]["role"]) == (201, "owner")
    assert ada.ask("GET", "/api/tokens")[1]["data"][0]["last_used_at"] is not None


def test_a_token_that_may_read_changes_nothing(ada, program):
    token = created(ada, scope="read")
    assert program.ask("GET", "/api/teams", **by(token))[0] == 200
    assert program.ask("HEAD", "/api/teams", **by(token))[0] == 200
    assert program.code("POST", "/api/teams", {"name": "x"}, **by(token)) == 40301
    assert len(ada.ask("GET", "/api/teams")[1]["data"]) == 1


@pytest.mark.parametrize("text", ["", "hxs_", "x", "hxs_" + "A" * 43 + "00000000", "secret with blanks"])
def test_an_unknown_token_is_refused_with_its_scheme(ada, text):
    """The cookie of ada is not read beside a token."""
    for scheme in ("Bearer", "bearer"):
        response = ada.get("/api/user", headers={"Authorization": f"{scheme} {text}"})
        assert response.status_code == 401
        assert response.get_json()["errors"]["internal_error_code"] == 40104
        assert response.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'
        assert "Set-Cookie" not in response.headers
        assert not text or text not in response.text


def test_another_scheme_is_left_to_the_proxy(ada):
    assert ada.ask("GET", "/api/user", headers={"Authorization": "Basic eDp5"})[0] == 200


def test_a_revoked_token_is_refused(ada, program):
    token = created(ada)
    assert ada.ask("DELETE", f"/api/tokens/{token['id']}") == (200, {"message": "success"})
    assert program.code("GET", "/api/user", **by(token)) == 40104
    assert ada.code("DELETE", f"/api/tokens/{token['id']}") == 40404
    tags = [event["tag"] for event in ada.ask("GET", "/api/user/events")[1]["data"]]
    assert tags[:2] == [Tag.TOKEN_REVOKED, Tag.TOKEN_CREATED]


def test_no_cookie_is_read_or_set_beside_a_token(ada, new_client):
    eve = new_client()
    eve.ask("POST", "/api/register", ADA | {"username": "eve", "email": "eve@example.org"})
    token = created(ada)

    assert eve.ask("GET", "/api/user", **by(token))[1]["data"]["username"] == "ada"
    login = {"email": ADA["email"], "password": GOOD_PASSWORD}
    response = eve.post("/api/login", json=login, **by(token))
    assert (response.status_code, response.headers.getlist("Set-Cookie")) == (403, [])
    assert eve.ask("GET", "/api/user")[1]["data"]["username"] == "eve"


@pytest.mark.flask_only
def test_a_page_reads_no_cookie_beside_a_token(ada):
    response = ada.get("/settings", **by(created(ada)))
    assert (response.status_code, response.headers["Location"]) == (302, "/login?next=/settings")


def test_a_request_with_a_token_needs_no_origin(ada, program):
    token = created(ada)
    headers = by(token)["headers"] | {"Origin": "https://another.example", "Sec-Fetch-Site": "cross-site"}
    assert program.ask("POST", "/api/teams", {"name": "x"}, headers=headers)[0] == 201
    assert (
        ada.code("POST", "/api/teams", {"name": "x"}, headers=headers | {"Authorization": "Basic eDp5"})
        == 40302
    )


def test_a_token_agrees_with_the_page_of_its_user(ada, program):
    token = created(ada)
    headers = by(token)["headers"] | {"X-User": "00000000-0000-7000-8000-000000000000"}
    assert program.code("GET", "/api/user", headers=headers) == 40906


def test_a_probe_with_a_token_asks_no_database_for_it(client):
    assert client.ask("GET", "/health/live", headers={"Authorization": "Bearer x"})[0] == 200


def test_a_request_by_token_costs_one_statement(ada, program, engines):
    token = created(ada)
    program.ask("GET", "/api/user", **by(token))  # stores its use
    with statements(engines) as asked:
        assert program.ask("GET", "/api/user", **by(token))[0] == 200
    assert len(asked) == 1


def test_an_unknown_token_of_a_wrong_shape_costs_no_statement(program, engines):
    with statements(engines) as asked:
        program.code("GET", "/api/user", headers={"Authorization": "Bearer hxs_x"})
    assert asked == []


@pytest.mark.parametrize(
    "wrong",
    [{"scope": "admin"}, {"expires_at": "tomorrow"}, {"expires_at": "2026-01-31T12:00:00"}, {"name": ""}],
)
def test_a_wrong_field_of_a_new_token_is_named(ada, wrong):
    status, answer = ada.ask("POST", "/api/tokens", NEW | wrong)
    assert (status, list(answer["errors"]["field_errors"])) == (422, list(wrong))


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_an_expiry_at_the_end_of_time_is_refused(ada, moment):
    assert ada.code("POST", "/api/tokens", NEW | {"expires_at": moment}) == 42201


def test_the_export_has_the_tokens_without_their_hashes(ada):
    token = created(ada)
    exported = ada.get("/api/user/export").get_json()["data"]["tokens"]
    assert [each["id"] for each in exported] == [token["id"]]
    assert "hash" not in str(exported)


def test_the_cookie_is_not_touched_by_a_token(ada, program):
    token = created(ada)
    program.ask("GET", "/api/user", **by(token))
    assert program.get_cookie(COOKIE) is None


@pytest.mark.flask_only
def test_the_page_says_how_many_tokens_there_are(ada, container):
    assert counts(ada.get("/settings/tokens")) == [""]
    user_id = UUID(ada.ask("GET", "/api/user")[1]["data"]["id"])
    with container.transaction()() as work:
        for number in range(60):
            work.tokens.add(a_token(user_id, f"{number:064}"))
        work.commit()
    assert counts(ada.get("/settings/tokens")) == ["60 tokens"]
