import pytest

from domain.access import Operator
from domain.users import Role
from tests.fakes import NOON
from tests.integration.conftest import ADA, statements
from tests.samples import CLIENT, GOOD_PASSWORD


@pytest.fixture
def ada_id(ada):
    return ada.ask("GET", "/api/user")[1]["data"]["id"]


@pytest.fixture
def eve(new_client, container):
    """An administrator."""
    eve = new_client()
    body = {"username": "eve", "email": "eve@example.org", "password": GOOD_PASSWORD}
    assert eve.ask("POST", "/api/register", body)[0] == 201
    container.administration().grant(
        Operator(CLIENT),
        container.administration().user_with(Operator(CLIENT), "eve@example.org").id,
        Role.ADMIN,
    )
    return eve


def act(eve, user_id):
    return eve.ask("POST", f"/api/admin/users/{user_id}/impersonation", {"reason": "Ticket 7"})


def name(client):
    return client.ask("GET", "/api/user")[1]["data"]["username"]


def test_an_administrator_acts_as_a_user_and_comes_back(clock, ada, ada_id, eve):
    status, answer = act(eve, ada_id)
    assert (status, answer["data"]["username"], name(eve)) == (200, "ada", "ada")

    assert eve.ask("PATCH", "/api/user", {"username": "countess"})[0] == 200
    assert eve.ask("DELETE", "/api/impersonation") == (200, {"message": "success"})
    assert (name(eve), name(ada)) == ("eve", "countess")

    events = ada.ask("GET", "/api/user/events")[1]["data"]
    assert [event["tag"] for event in events[:3]] == ["acting_ended", "username_changed", "acting_began"]
    assert events[2]["sentence"] == "Support access started (Ticket 7)."


@pytest.mark.flask_only
def test_the_only_session_of_the_user_can_be_ended_while_acting(clock, ada, ada_id, eve):
    assert "No other sessions" in ada.get("/settings/sessions").text
    act(eve, ada_id)
    page = eve.get("/settings/sessions").text
    assert "End all other sessions" in page
    assert "No other sessions" not in page


def test_acting_ends_after_30_minutes(clock, ada, ada_id, eve):
    act(eve, ada_id)
    clock.advance(minutes=29, seconds=59)
    assert name(eve) == "ada"
    clock.advance(seconds=1)
    assert name(eve) == "eve"


def test_an_acting_session_costs_one_statement(clock, engines, ada_id, eve):
    act(eve, ada_id)
    with statements(engines) as asked:
        assert name(eve) == "ada"
    assert len(asked) == 1


def test_a_page_of_the_user_changes_nothing_after_acting_has_ended(clock, ada, ada_id, eve):
    act(eve, ada_id)
    clock.advance(minutes=30)

    assert eve.code("PATCH", "/api/user", {"username": "oops"}, headers={"X-User": ada_id}) == 40906


def test_acting_ends_when_the_user_is_deleted(clock, ada, ada_id, eve):
    act(eve, ada_id)
    assert ada.ask("DELETE", "/api/user", {"current_password": ADA["password"]})[0] == 200

    assert name(eve) == "eve"


def test_a_logout_while_acting_keeps_the_sessions_of_the_user(clock, ada, ada_id, eve):
    act(eve, ada_id)
    [session] = eve.ask("GET", "/api/sessions")[1]["data"]

    assert (session["current"], session["created_at"]) == (False, NOON.isoformat())
    assert eve.ask("POST", "/api/logout")[0] == 200
    assert (eve.code("GET", "/api/user"), name(ada)) == (40102, "ada")
