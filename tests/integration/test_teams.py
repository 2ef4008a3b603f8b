import json
from uuid import UUID

import pytest

from tests.integration.conftest import ADA
from tests.samples import GOOD_PASSWORD


@pytest.fixture
def eve(new_client):
    eve = new_client()
    body = {"username": "eve", "email": "eve@example.org", "password": GOOD_PASSWORD}
    assert eve.ask("POST", "/api/register", body)[0] == 201
    return eve


def team_of(client):
    [team] = client.ask("GET", "/api/teams")[1]["data"]
    return team


def url_of(team):
    return f"/api/teams/{team['id']}"


def stored_name(container, team):
    with container.look()() as stored:
        return stored.teams.get(UUID(team["id"])).name


def refused_fields(client, path, body):
    response = client.patch(path, data=json.dumps(body), content_type="application/json")
    errors = response.get_json()["errors"]
    assert (response.status_code, errors["internal_error_code"]) == (422, 42201)
    return set(errors["field_errors"])


def test_the_list_has_the_personal_team(ada, container):
    status, answer = ada.ask("GET", "/api/teams")

    with container.look()() as stored:
        user = stored.users.by_email(ADA["email"])
        [(team, _)] = stored.teams.of(user.id)
    shown = {
        "id": str(team.id),
        "name": "ada's team",
        "personal": True,
        "role": "owner",
        "created_at": user.created_at.isoformat(),
    }
    assert (status, answer) == (200, {"data": [shown], "next": None})


def test_one_sees_ones_own_teams_only(ada, eve):
    assert team_of(eve)["name"] == "eve's team"
    assert team_of(ada)["name"] == "ada's team"


def test_an_owner_renames_the_team(ada, container):
    team = team_of(ada)

    answer = ada.ask("PATCH", url_of(team), {"name": "Smith & Sons"})

    assert answer == (200, {"data": team | {"name": "Smith & Sons"}})
    assert team_of(ada) == team | {"name": "Smith & Sons"}
    assert stored_name(container, team) == "Smith & Sons"


KEPT = {
    "x": "x",
    "x" * 80: "x" * 80,
    "🐎" * 80: "🐎" * 80,
    "Käse <b>&</b> Söhne": "Käse & Söhne",
    "  two \n lines ": "two lines",
    "<a href='javascript:alert(1)'>Analysts</a>": "Analysts",
    "R&amp;D": "R&D",
    "1 < 2": "1 < 2",
    "<b>" * 60 + "x" * 80 + "</b>" * 60: "x" * 80,
    "'; DROP TABLE teams; --": "'; DROP TABLE teams; --",
}
NO_NAMES = [
    *["", " \n", "<b></b>", "<br>" * 20, "x" * 81, "<b>" + "x" * 81 + "</b>", "x" * 501],
    *["nul\0", "bell\a", "escape\x1b[2J", "\x7f", "\x9b", "\u202egnp", "\u2066x"],
]


def test_markup_is_taken_out_of_a_name_and_all_else_stays(ada, container):
    team = team_of(ada)
    for typed, kept in KEPT.items():
        status, answer = ada.ask("PATCH", url_of(team), {"name": typed})
        assert (status, answer["data"]["name"]) == (200, kept)
        assert stored_name(container, team) == kept


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_an_invalid_name_is_refused(ada, container):
    team = team_of(ada)

    for name in NO_NAMES:
        assert refused_fields(ada, url_of(team), {"name": name}) == {"name"}, name

    assert stored_name(container, team) == "ada's team"


def test_the_team_of_another_user_is_not_there_even_for_a_bad_name(ada, eve):
    assert eve.code("PATCH", url_of(team_of(ada)), {"name": "<b></b>"}) == 40404
