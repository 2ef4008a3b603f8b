"""The number of SQL statements of a request. They take most of its time."""

import pytest

from tests.integration.conftest import ADA, COOKIE, of_flask, statements


def test_a_signed_in_user_costs_one_statement(ada, engines):
    with statements(engines) as asked:
        assert ada.get("/api/user").status_code == 200
    assert len(asked) == 1


@pytest.mark.parametrize("path", ["/settings", "/settings/data", "/teams", "/logout"])
@pytest.mark.flask_only
def test_a_page_costs_one_more_for_the_teams_in_its_header(ada, engines, path):
    with statements(engines) as asked:
        assert ada.get(path).status_code == 200
    assert len(asked) == 2


@pytest.mark.parametrize("path", ["/", "/login", "/register", "/logout", "/static/site.css", "/nowhere"])
@pytest.mark.flask_only
def test_a_request_of_a_stranger_costs_no_statement(client, engines, path):
    with statements(engines) as asked:
        client.get(path)
    assert asked == []


@pytest.mark.parametrize("path", [of_flask("/static/site.css"), "/health/live"])
def test_public_answers_cost_no_statement_with_a_session(ada, engines, path):
    with statements(engines) as asked:
        ada.get(path)
    assert asked == []


@pytest.mark.parametrize("path, count", [of_flask("/nowhere", 1), ("/api/user", 2)])
def test_an_unknown_session_cookie_costs_one_statement_and_one_where_a_login_may_wait(
    client, engines, path, count
):
    client.set_cookie(COOKIE, "unknown")
    with statements(engines) as asked:
        client.get(path)
    assert len(asked) == count


@pytest.mark.parametrize(
    "path, count",
    [
        ("/api/teams", 2),
        of_flask("/", 4),
        of_flask("/settings/sessions", 3),
        of_flask("/settings/security", 3),
        of_flask("/login", 1),
        ("/health/ready", 2),
    ],
)
def test_other_requests_cost_few_statements(ada, engines, path, count):
    with statements(engines) as asked:
        ada.get(path)
    assert len(asked) == count


def test_a_registration_costs_eight_statements(client, engines):
    with statements(engines) as asked:
        assert client.ask("POST", "/api/register", ADA)[0] == 201
    assert len(asked) == 8


def test_an_early_refusal_costs_no_statement(client, engines):
    with statements(engines) as asked:
        client.post("/api/register", data=b"{", content_type="application/json")
        client.post("/api/register", json=ADA, headers={"Sec-Fetch-Site": "cross-site"})
        client.get("/api/user", headers={"Host": "evil.example"})
    assert asked == []
