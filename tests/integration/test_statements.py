"""How often the database is asked: it is where the time goes."""

import pytest

from tests.integration.conftest import ADA, COOKIE, statements


@pytest.mark.parametrize("path", ["/api/user", "/settings", "/", "/logout"])
def test_who_is_signed_in_costs_one_statement(ada, engines, path):
    with statements(engines) as asked:
        assert ada.get(path).status_code == 200
    assert len(asked) == 1


@pytest.mark.parametrize("path", ["/", "/login", "/register", "/logout", "/static/site.css", "/nowhere"])
def test_a_stranger_costs_none(client, engines, path):
    with statements(engines) as asked:
        client.get(path)
    assert asked == []


@pytest.mark.parametrize("path", ["/static/site.css", "/health/live"])
def test_what_is_for_everybody_costs_none_with_a_session_either(ada, engines, path):
    with statements(engines) as asked:
        ada.get(path)
    assert asked == []


@pytest.mark.parametrize("path", ["/api/user", "/nowhere"])
def test_a_cookie_that_is_nobodys_costs_one(client, engines, path):
    client.set_cookie(COOKIE, "nobody")
    with statements(engines) as asked:
        client.get(path)
    assert len(asked) == 1


@pytest.mark.parametrize(
    "path, count", [("/api/teams", 2), ("/settings/team", 2), ("/login", 1), ("/health/ready", 2)]
)
def test_what_others_cost(ada, engines, path, count):
    with statements(engines) as asked:
        ada.get(path)
    assert len(asked) == count


def test_registering_costs_six_and_two_for_the_mail_with_its_link(client, engines):
    with statements(engines) as asked:
        assert client.ask("POST", "/api/register", ADA)[0] == 201
    assert len(asked) == 8


def test_what_is_refused_before_it_is_understood_costs_none(client, engines):
    with statements(engines) as asked:
        client.post("/api/register", data=b"{", content_type="application/json")
        client.post("/api/register", json=ADA, headers={"Sec-Fetch-Site": "cross-site"})
        client.get("/api/user", headers={"Host": "evil.example"})
    assert asked == []
