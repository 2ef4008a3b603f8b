import json
from uuid import UUID

import pytest

from domain.access import TeamRole
from domain.teams import Membership
from tests.fakes import NOON
from tests.integration.conftest import ADA, counts
from tests.races import racing
from tests.samples import GOOD_PASSWORD, a_user


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
        "needs_two_factor": False,
        "created_at": user.created_at.isoformat(),
    }
    assert (status, answer) == (200, {"data": [shown], "next": None})


def test_a_user_sees_own_teams_only(ada, eve):
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


def test_markup_is_removed_from_a_name_and_text_stays(ada, container):
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


def test_the_team_of_another_user_is_not_found_even_with_a_bad_name(ada, eve):
    assert eve.code("PATCH", url_of(team_of(ada)), {"name": "<b></b>"}) == 40404


@pytest.fixture
def team(ada):
    """A second team of ada."""
    status, answer = ada.ask("POST", "/api/teams", {"name": "Analysts"})
    assert status == 201
    return answer["data"]


@pytest.fixture
def join(container, team):
    """Makes the user of a client a member of the team. Returns the id of the user."""

    def join(client, role="member"):
        user_id = UUID(client.ask("GET", "/api/user")[1]["data"]["id"])
        joined = Membership(team_id=UUID(team["id"]), user_id=user_id, role=TeamRole(role), joined_at=NOON)
        with container.transaction()() as work:
            work.teams.add_member(joined)
            work.commit()
        return str(user_id)

    return join


def test_a_user_creates_a_team_and_owns_it(ada, team):
    assert (team["name"], team["personal"], team["role"]) == ("Analysts", False, "owner")
    assert [found["name"] for found in ada.ask("GET", "/api/teams")[1]["data"]] == ["ada's team", "Analysts"]
    assert ada.ask("GET", url_of(team)) == (200, {"data": team})


def test_members_are_listed_by_the_page(ada, eve, team, join):
    eve_id = join(eve)
    first = eve.ask("GET", f"{url_of(team)}/members?limit=1")[1]
    second = eve.ask("GET", f"{url_of(team)}/members?limit=1&after={first['next']}")[1]

    assert [member["username"] for member in first["data"] + second["data"]] == ["ada", "eve"]
    assert set(second["data"][0]) == {"user_id", "username", "role", "joined_at"}
    assert (second["data"][0]["user_id"], second["data"][0]["role"], second["next"]) == (
        eve_id,
        "member",
        None,
    )


@pytest.mark.flask_only
def test_the_page_of_members_says_how_many_there_are(ada, team, container):
    page, id = f"/teams/{team['id']}/members", UUID(team["id"])
    assert counts(ada.get(page))[0] == "1 member"
    with container.transaction()() as work:
        for number in range(59):
            user = a_user(f"user{number}@example.org")
            work.users.add(user)
            work.teams.add_member(
                Membership(team_id=id, user_id=user.id, role=TeamRole.MEMBER, joined_at=NOON)
            )
        work.commit()

    assert counts(ada.get(page))[0] == "60 members"
    assert counts(ada.get("/teams")) == ["2 teams"]


def test_permissions_change_with_the_next_request(ada, eve, team, join):
    member = f"{url_of(team)}/members/{join(eve)}"
    assert eve.code("PATCH", url_of(team), {"name": "Eve's"}) == 40301

    assert ada.ask("PATCH", member, {"role": "admin"})[1]["data"]["role"] == "admin"
    assert eve.ask("PATCH", url_of(team), {"name": "Eve's"})[0] == 200

    assert ada.ask("DELETE", member) == (200, {"message": "success"})
    assert eve.code("GET", url_of(team)) == 40404


def test_an_unknown_role_is_refused(ada, eve, team, join):
    status, answer = ada.ask("PATCH", f"{url_of(team)}/members/{join(eve)}", {"role": "king"})

    assert (status, answer["errors"]["field_errors"]) == (
        422,
        {"role": ["Use 'owner', 'admin' or 'member'."]},
    )


def test_the_error_for_the_last_owner_names_the_team(ada, eve, team, join):
    join(eve, "admin")
    my_id = ada.ask("GET", "/api/user")[1]["data"]["id"]
    for method, body in (("DELETE", None), ("PATCH", {"role": "member"})):
        status, answer = ada.ask(method, f"{url_of(team)}/members/{my_id}", body)
        assert (status, answer["errors"]["internal_error_code"]) == (409, 40904)
        assert "“Analysts”" in answer["errors"]["display_error"]

    assert ada.code("DELETE", "/api/user", {"current_password": GOOD_PASSWORD}) == 40904
    assert ada.ask("GET", "/api/user")[0] == 200


def test_a_deleted_team_is_gone_and_its_members_get_a_mail(ada, eve, team, join, container):
    join(eve)
    assert ada.ask("DELETE", url_of(team)) == (200, {"message": "success"})

    assert (ada.code("GET", url_of(team)), eve.code("GET", url_of(team))) == (40404, 40404)
    with container.look()() as stored:
        mails = stored.mails.undelivered(None, 100).items
    assert [mail.recipient for mail in mails if mail.kind == "team_deleted"] == ["eve@example.org"]


def test_one_of_two_racing_owners_stays(ada, eve, team, join, container):
    ids = [ada.ask("GET", "/api/user")[1]["data"]["id"], join(eve, "owner")]
    clients = [ada, eve]
    statuses = racing(
        lambda number: clients[number].ask("DELETE", f"{url_of(team)}/members/{ids[number]}")[0], times=2
    )

    assert sorted(statuses) == [200, 409]
    with container.look()() as stored:
        assert len(stored.teams.owners(UUID(team["id"]))) == 1


def test_one_of_two_owners_that_delete_their_accounts_at_once_stays(
    ada, eve, team, join, new_client, container
):
    join(eve, "owner")
    bob = new_client()
    body = {"username": "bob", "email": "bob@example.org", "password": GOOD_PASSWORD}
    assert bob.ask("POST", "/api/register", body)[0] == 201
    join(bob)
    clients = [ada, eve]
    statuses = racing(
        lambda number: clients[number].ask("DELETE", "/api/user", {"current_password": GOOD_PASSWORD})[0],
        times=2,
    )

    assert sorted(statuses) == [200, 409]
    with container.look()() as stored:
        assert len(stored.teams.owners(UUID(team["id"]))) == 1


def test_a_team_is_deleted_while_a_member_writes(ada, eve, team, join):
    join(eve, "admin")
    clients = [ada, eve]
    asks = [("DELETE", None), ("PATCH", {"name": "Eve's"})]
    deleted, renamed = racing(
        lambda number: clients[number].ask(asks[number][0], url_of(team), asks[number][1])[0], times=2
    )

    assert deleted == 200
    assert renamed in {200, 404, 409}
    assert eve.code("GET", url_of(team)) == 40404


def test_a_member_is_removed_while_the_member_writes(ada, eve, team, join):
    member = f"{url_of(team)}/members/{join(eve, 'admin')}"
    removed, renamed = racing(
        lambda number: (
            ada.ask("DELETE", member)[0] if number else eve.ask("PATCH", url_of(team), {"name": "Eve's"})[0]
        ),
        times=2,
    )[::-1]

    assert removed == 200
    assert renamed in {200, 404}
    assert eve.code("PATCH", url_of(team), {"name": "Again"}) == 40404
