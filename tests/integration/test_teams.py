import json
from uuid import UUID

import pytest
from uuid_utils.compat import uuid7

from tests.integration.conftest import ADA
from tests.samples import GOOD_PASSWORD

ON_ONE_DATABASE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


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


@pytest.mark.parametrize("name", NO_NAMES)
def test_a_name_that_is_none_is_refused(ada, container, name):
    team = team_of(ada)

    assert refused_fields(ada, url_of(team), {"name": name}) == {"name"}

    assert stored_name(container, team) == "ada's team"


@ON_ONE_DATABASE
@pytest.mark.parametrize("name", [None, 1, True, [], {}, ["Analysts"]])
def test_a_name_of_the_wrong_type_is_refused(ada, name):
    assert refused_fields(ada, url_of(team_of(ada)), {"name": name}) == {"name"}


@ON_ONE_DATABASE
def test_a_body_of_the_wrong_shape_is_refused(ada, container):
    team = team_of(ada)

    assert refused_fields(ada, url_of(team), {}) == {"name"}
    assert refused_fields(ada, url_of(team), {"name": "Mine", "personal": False}) == {"personal"}
    assert refused_fields(ada, url_of(team), {"name": 7, "personal": False}) == {"name", "personal"}
    assert refused_fields(ada, url_of(team), {"name": "\ud800"})
    assert stored_name(container, team) == "ada's team"


@ON_ONE_DATABASE
def test_a_stranger_is_told_to_log_in(ada, client):
    path = url_of(team_of(ada))

    assert client.code("GET", "/api/teams") == 40102
    assert client.code("PATCH", path, {"name": "Mine"}) == 40102
    assert client.code("PATCH", f"/api/teams/{uuid7()}", {"name": "Mine"}) == 40102


def test_anothers_team_is_not_there(ada, eve, container):
    team = team_of(ada)
    nowhere = eve.ask("PATCH", f"/api/teams/{uuid7()}", {"name": "Mine"})

    assert eve.code("PATCH", url_of(team), {"name": "Mine"}) == 40404
    assert eve.ask("PATCH", url_of(team), {"name": "Mine"}) == nowhere
    assert eve.ask("PATCH", url_of(team), {"name": "<b></b>"}) == nowhere
    assert stored_name(container, team) == "ada's team"


def test_an_admin_of_the_site_is_no_member_of_every_team(ada, eve, container):
    with container.transaction()() as work:
        work.users.grant(work.users.by_email("eve@example.org").id, "admin")
        work.commit()

    assert eve.code("PATCH", url_of(team_of(ada)), {"name": "Mine"}) == 40404


@ON_ONE_DATABASE
@pytest.mark.parametrize("id", ["1", "x", "00000000-0000-0000-0000-00000000000", "%00", "'--", "٣" * 36])
def test_what_is_no_id_names_no_team(ada, id):
    assert ada.code("PATCH", f"/api/teams/{id}", {"name": "Mine"}) == 40404
