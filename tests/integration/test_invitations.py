from uuid import UUID

import pytest

from domain.access import TeamRole
from domain.teams import Membership
from tests.fakes import NOON
from tests.integration.conftest import counts
from tests.races import racing
from tests.samples import GOOD_PASSWORD, an_invitation

INVITATION = {"email": "bob@example.org", "role": "member"}


@pytest.fixture
def register(new_client):
    def register(name):
        client = new_client()
        body = {"username": name, "email": f"{name}@example.org", "password": GOOD_PASSWORD}
        assert client.ask("POST", "/api/register", body)[0] == 201
        return client

    return register


@pytest.fixture
def team(ada):
    """A team that ada owns."""
    return ada.ask("POST", "/api/teams", {"name": "Analysts"})[1]["data"]


@pytest.fixture
def url(team):
    return f"/api/teams/{team['id']}/invitations"


@pytest.fixture
def token(ada, url, container):
    """The token of an invitation for bob@example.org."""
    assert ada.ask("POST", url, INVITATION)[0] == 201
    return sent(container)


def sent(container):
    """The token of the last invitation."""
    with container.look()() as stored:
        mails = stored.mails.undelivered(None, 100).items
    return next(mail.facts["token"] for mail in mails if mail.kind == "invitation")


def team_ids(client):
    return [team["id"] for team in client.ask("GET", "/api/teams")[1]["data"]]


def test_an_invitation_is_sent_listed_shown_and_accepted(ada, register, team, url, container):
    status, answer = ada.ask("POST", url, INVITATION)
    assert (status, set(answer["data"])) == (
        201,
        {"id", "email", "role", "invited_by", "created_at", "expires_at"},
    )
    assert ada.ask("GET", url) == (200, {"data": [answer["data"]], "next": None})

    token, bob = sent(container), register("bob")
    shown = {
        "team": "Analysts",
        "role": "member",
        "invited_by": "ada",
        "email": "bob@example.org",
        "email_key": "bob@example.org",
    }
    assert bob.ask("POST", "/api/invitations/show", {"token": token}) == (200, {"data": shown})
    status, answer = bob.ask("POST", "/api/invitations/accept", {"token": token})
    assert (status, answer["data"]["id"], answer["data"]["role"]) == (200, team["id"], "member")
    assert team["id"] in team_ids(bob)
    assert bob.ask("GET", "/api/user")[1]["data"]["email_verified"]
    assert ada.ask("GET", url)[1]["data"] == []


def test_the_answer_is_the_same_with_and_without_an_account(ada, register, url):
    register("bob")
    known, unknown = (
        ada.ask("POST", url, INVITATION | {"email": email})[1]
        for email in ("bob@example.org", "cyd@example.org")
    )
    differ = {"id", "email", "created_at", "expires_at"}

    assert set(known) == set(unknown)
    assert {key: value for key, value in known["data"].items() if key not in differ} == {
        key: value for key, value in unknown["data"].items() if key not in differ
    }


def test_an_account_with_another_address_is_refused(register, token):
    assert register("eve").code("POST", "/api/invitations/accept", {"token": token}) == 40301


def test_a_member_is_not_added_twice(ada, register, url, token, container):
    bob = register("bob")
    assert bob.ask("POST", "/api/invitations/accept", {"token": token})[0] == 200
    ada.ask("POST", url, INVITATION)

    assert bob.code("POST", "/api/invitations/accept", {"token": sent(container)}) == 40905


def test_a_revoked_or_replaced_token_is_gone(ada, register, url, token, container):
    bob = register("bob")
    [invitation] = ada.ask("GET", url)[1]["data"]
    status, answer = ada.ask("POST", f"{url}/{invitation['id']}/resend")
    assert status == 201
    assert bob.code("POST", "/api/invitations/accept", {"token": token}) == 41001

    assert ada.ask("DELETE", f"{url}/{answer['data']['id']}") == (200, {"message": "success"})
    assert bob.code("POST", "/api/invitations/show", {"token": sent(container)}) == 41001


def test_an_invitation_of_another_team_is_not_found(ada, register, url, token):
    [invitation] = ada.ask("GET", url)[1]["data"]
    eve = register("eve")
    own = f"/api/teams/{team_ids(eve)[0]}/invitations"

    assert eve.code("DELETE", f"{own}/{invitation['id']}") == 40404
    assert eve.code("POST", f"{own}/{invitation['id']}/resend") == 40404


def test_one_invitation_accepted_20_times_makes_one_member(register, team, token, container):
    bob = register("bob")
    cookie = bob.get_cookie("session-8000").value
    clients = [bob] * 20
    answers = racing(
        lambda number: clients[number].ask(
            "POST", "/api/invitations/accept", {"token": token}, headers={"Cookie": f"session-8000={cookie}"}
        ),
        times=20,
    )

    statuses = [status for status, _ in answers]
    assert statuses.count(200) == 1
    assert set(statuses) <= {200, 409, 410, 503}  # a busy machine may run out of connections
    with container.look()() as stored:
        members = stored.teams.members(UUID(team["id"]), None, 10).items
    assert [member.username for member in members] == ["ada", "bob"]


def test_a_team_is_deleted_while_users_join(ada, register, team, url, container):
    names = ("bob", "cyd", "dan")
    tokens = []
    for name in names:
        ada.ask("POST", url, INVITATION | {"email": f"{name}@example.org"})
        tokens.append(sent(container))
    clients = [register(name) for name in names]

    def act(number):
        if number == len(names):
            return ada.ask("DELETE", f"/api/teams/{team['id']}")[0]
        return clients[number].ask("POST", "/api/invitations/accept", {"token": tokens[number]})[0]

    *joined, deleted = racing(act, times=len(names) + 1)
    assert deleted == 200
    assert set(joined) <= {200, 409, 410}
    assert all(team["id"] not in team_ids(client) for client in clients)


def test_a_race_revokes_or_accepts_an_invitation(ada, register, team, url, token):
    bob = register("bob")
    [invitation] = ada.ask("GET", url)[1]["data"]
    accepted, revoked = racing(
        lambda number: (
            ada.ask("DELETE", f"{url}/{invitation['id']}")[0]
            if number
            else bob.ask("POST", "/api/invitations/accept", {"token": token})[0]
        ),
        times=2,
    )

    assert (accepted, revoked) in {(200, 404), (410, 200)}
    assert (team["id"] in team_ids(bob)) == (accepted == 200)


def test_the_invitations_of_a_demoted_admin_are_deleted(ada, register, team, url, container):
    cyd = register("cyd")
    user_id = cyd.ask("GET", "/api/user")[1]["data"]["id"]
    with container.transaction()() as work:
        work.teams.add_member(
            Membership(team_id=UUID(team["id"]), user_id=UUID(user_id), role=TeamRole.ADMIN, joined_at=NOON)
        )
        work.commit()
    assert cyd.ask("POST", url, INVITATION)[0] == 201
    assert cyd.code("POST", url, INVITATION | {"role": "owner"}) == 40301
    ada.ask("PATCH", f"/api/teams/{team['id']}/members/{user_id}", {"role": "member"})

    assert ada.ask("GET", url)[1]["data"] == []
    assert cyd.code("GET", url) == 40301


def test_an_invitation_that_is_revoked_is_not_sent_again_meanwhile(ada, url, token):
    for _ in range(10):
        [invitation] = ada.ask("GET", url)[1]["data"]
        own = f"{url}/{invitation['id']}"
        revoked, sent_again = racing(
            lambda number, own=own: ada.ask(*(("POST", f"{own}/resend") if number else ("DELETE", own)))[0],
            times=2,
        )
        assert (revoked, sent_again) in {(200, 404), (404, 201)}
        if revoked == 200:
            ada.ask("POST", url, INVITATION)


@pytest.mark.flask_only
def test_the_page_of_members_says_how_many_invitations_are_pending(ada, team, url, container):
    page = f"/teams/{team['id']}/members"
    assert counts(ada.get(page)) == ["1 member", ""]
    assert ada.ask("POST", url, INVITATION)[0] == 201
    assert counts(ada.get(page)) == ["1 member", "1 invitation"]

    with container.transaction()() as work:
        [inviter] = work.teams.owners(UUID(team["id"]))
        user, of_team = work.users.get(inviter), work.teams.get(UUID(team["id"]))
        for number in range(100):
            work.invitations.add(
                an_invitation(
                    of_team,
                    user,
                    f"user{number}@example.org",
                    token_hash=f"{number:064}",
                    expires_at=NOON.replace(year=2100),
                )
            )
        work.commit()
    assert counts(ada.get(page)) == ["1 member", "More than 100 invitations"]
