"""The API of administrators: users, their sessions and roles, and the events of the site."""

from uuid import UUID

import pytest

from domain.access import Operator
from domain.users import Role
from tests.fakes import NOON
from tests.integration.conftest import ADA, statements
from tests.races import racing
from tests.samples import CLIENT, GOOD_PASSWORD

UNKNOWN = "00000000-0000-7000-8000-000000000000"


@pytest.fixture
def admin(new_client, container):
    """The administrator grace."""
    return make_admin(new_client(), container, "grace")


def make_admin(client, container, name):
    body = {"username": name, "email": f"{name}@example.org", "password": GOOD_PASSWORD}
    assert client.ask("POST", "/api/register", body)[0] == 201
    with container.look()() as stored:
        user = stored.users.by_email(f"{name}@example.org")
    container.administration().grant(Operator(CLIENT), user.id, Role.ADMIN)
    return client


@pytest.fixture
def ada_id(ada):
    return ada.ask("GET", "/api/user")[1]["data"]["id"]


@pytest.fixture
def url(ada_id):
    return f"/api/admin/users/{ada_id}"


def mails_of(container, kind):
    with container.look()() as stored:
        return [mail for mail in stored.mails.undelivered(None, 100).items if mail.kind == kind]


def test_users_are_listed_and_found(admin, ada, url):
    page = admin.ask("GET", "/api/admin/users?limit=1")[1]
    rest = admin.ask("GET", f"/api/admin/users?limit=1&after={page['next']}")[1]
    names = [user["username"] for user in page["data"] + rest["data"]]

    assert sorted(names) == ["ada", "grace"]
    [found] = admin.ask("GET", "/api/admin/users?q=ADA@exam")[1]["data"]
    assert found == admin.ask("GET", url)[1]["data"]
    assert set(found) == {
        *("id", "username", "email", "email_verified", "roles", "created_at"),
        *("disabled", "disabled_at"),
    }
    assert admin.ask("GET", "/api/admin/users?q=da@exam")[1] == {"data": [], "next": None}
    assert admin.code("GET", f"/api/admin/users/{UNKNOWN}") == 40404


def test_a_disabled_user_is_logged_out_and_the_login_says_why(clock, admin, ada, url, client):
    status, answer = admin.ask("PATCH", url, {"disabled": True})
    assert (status, answer["data"]["disabled"]) == (200, True)
    assert answer["data"]["disabled_at"] == NOON.isoformat()

    assert ada.code("GET", "/api/user") == 40102
    login = {"email": ADA["email"], "password": ADA["password"]}
    status, answer = client.ask("POST", "/api/login", login)
    assert (status, answer["errors"]["internal_error_code"]) == (401, 40101)
    assert "disabled" in answer["errors"]["display_error"]
    status, answer = client.ask("POST", "/api/login", login | {"password": "wrong horse battery"})
    assert "disabled" not in answer["errors"]["display_error"]

    assert admin.ask("PATCH", url, {"disabled": False})[1]["data"]["disabled_at"] is None
    assert client.ask("POST", "/api/login", login)[0] == 200


def test_a_disabled_user_has_no_valid_link_and_gets_no_new_one(admin, ada, url, client, container):
    assert client.ask("POST", "/api/password/forgot", {"email": ADA["email"]})[0] == 202
    token = mails_of(container, "reset_password")[0].facts["token"]
    admin.ask("PATCH", url, {"disabled": True})

    body = {"token": token, "new_password": "another horse battery"}
    assert client.code("POST", "/api/password/reset", body) == 41001
    assert client.ask("POST", "/api/password/forgot", {"email": ADA["email"]})[0] == 202
    assert mails_of(container, "reset_password") == []
    for path in ("password-reset", "verification"):
        assert admin.code("POST", f"{url}/{path}") == 40301


def test_roles_are_set_exactly(admin, ada, url):
    assert admin.ask("PATCH", url, {"roles": ["admin"]})[1]["data"]["roles"] == ["admin"]
    assert ada.ask("GET", "/api/admin/users")[0] == 200
    assert admin.ask("PATCH", url, {})[1]["data"]["roles"] == ["admin"]
    assert admin.ask("PATCH", url, {"roles": []})[1]["data"]["roles"] == []
    assert ada.code("GET", "/api/admin/users") == 40301
    status, answer = admin.ask("PATCH", url, {"roles": ["king"]})
    assert (status, list(answer["errors"]["field_errors"])) == (422, ["roles.0"])


@pytest.mark.parametrize("body", [{}, {"disabled": None}, {"roles": None, "disabled": None}])
def test_a_change_of_nothing_shows_no_user_to_others(ada, url, new_client, body):
    eve = {"username": "eve", "email": "eve@example.org", "password": GOOD_PASSWORD}
    client = new_client()
    assert client.ask("POST", "/api/register", eve)[0] == 201

    assert client.code("PATCH", url, body) == 40301


def test_the_last_administrator_cannot_be_removed(admin):
    own = f"/api/admin/users/{admin.ask('GET', '/api/user')[1]['data']['id']}"
    for body in ({"disabled": True}, {"roles": []}):
        assert admin.code("PATCH", own, body) == 40904
    assert admin.code("DELETE", "/api/user", {"current_password": GOOD_PASSWORD}) == 40904


def test_one_of_two_administrators_that_disable_each_other_stays(admin, new_client, container):
    eve = make_admin(new_client(), container, "eve")
    clients = [admin, eve]
    ids = [client.ask("GET", "/api/user")[1]["data"]["id"] for client in clients]
    statuses = racing(
        lambda number: clients[number].ask(
            "PATCH", f"/api/admin/users/{ids[1 - number]}", {"disabled": True}
        )[0],
        times=2,
    )

    assert statuses.count(200) == 1
    with container.look()() as stored:
        users = [stored.users.by_email(f"{name}@example.org") for name in ("grace", "eve")]
    assert [user.disabled for user in users].count(False) == 1


def test_of_three_administrators_that_disable_each_other_in_a_ring_one_stays_and_no_disabled_one_acts(
    admin, new_client, container
):
    clients = [admin, *(make_admin(new_client(), container, name) for name in ("eve", "cyd"))]
    ids = [client.ask("GET", "/api/user")[1]["data"]["id"] for client in clients]
    statuses = racing(
        lambda number: clients[number].ask(
            "PATCH", f"/api/admin/users/{ids[(number + 1) % 3]}", {"disabled": True}
        )[0],
        times=3,
    )

    assert set(statuses) <= {200, 401, 403}
    with container.look()() as stored:
        disabled = [stored.users.get(UUID(id)).disabled for id in ids]
    assert 1 <= disabled.count(True) == statuses.count(200) <= 2


def test_deleting_an_account_and_changing_it_do_not_deadlock(admin, new_client):
    for number in range(8):
        user, name = new_client(), f"user{number}"
        body = {"username": name, "email": f"{name}@example.org", "password": GOOD_PASSWORD}
        url = f"/api/admin/users/{user.ask('POST', '/api/register', body)[1]['data']['id']}"

        def act(turn, user=user, url=url, change={"roles": ["admin"]} if number % 2 else {"disabled": True}):
            if turn:
                return admin.ask("PATCH", url, change)[0]
            return user.ask("DELETE", "/api/user", {"current_password": GOOD_PASSWORD})[0]

        deleted, changed = racing(act, times=2)
        assert (deleted in {200, 401}, changed in {200, 404}) == (True, True), (deleted, changed)


def test_logins_that_race_with_disabling_leave_no_session(admin, ada, ada_id, url, new_client, container):
    clients = [new_client() for _ in range(4)]
    login = {"email": ADA["email"], "password": ADA["password"]}

    def act(number):
        if number == len(clients):
            return admin.ask("PATCH", url, {"disabled": True})[0]
        return clients[number].ask("POST", "/api/login", login)[0]

    *_, disabled = racing(act, times=len(clients) + 1)
    assert disabled == 200
    assert [client.ask("GET", "/api/user")[0] for client in clients] == [401] * len(clients)


def test_all_sessions_of_a_user_end(admin, ada, url):
    assert admin.ask("DELETE", f"{url}/sessions") == (200, {"message": "success"})
    assert ada.code("GET", "/api/user") == 40102


def test_an_administrator_sends_links_that_only_the_user_gets(admin, ada, url, container):
    verification = len(mails_of(container, "verify_email"))
    for path, kind in (("password-reset", "reset_password"), ("verification", "verify_email")):
        assert admin.ask("POST", f"{url}/{path}") == (202, {"message": "success"})
        assert mails_of(container, kind)[0].recipient == ADA["email"]
    assert len(mails_of(container, "verify_email")) == verification + 1


def test_events_are_filtered_and_name_the_user_and_the_administrator(clock, admin, ada, ada_id, url):
    clock.advance(hours=1)
    admin.ask("DELETE", f"{url}/sessions")
    status, answer = admin.ask("GET", f"/api/admin/events?user={ada_id}&tag=all_sessions_ended")

    assert status == 200
    [event] = answer["data"]
    assert (event["username"], event["actor"], event["by"], event["operator"]) == (
        "ada",
        "grace",
        "grace",
        "",
    )
    assert event["user_id"] == ada_id
    assert admin.ask("GET", f"/api/admin/events?team={UNKNOWN}")[1]["data"] == []
    assert len(admin.ask("GET", "/api/admin/events?limit=2")[1]["data"]) == 2
    assert admin.ask("GET", "/api/admin/events?until=2020-01-01T00:00:00Z")[1]["data"] == []
    assert admin.ask("GET", "/api/admin/events?since=2020-01-01T00:00:00+01:00")[1]["data"]
    for query in ("user=m4rk3r", "team=1", "tag=m4rk3r", "since=m4rk3r", "until=2020-01-01", "after=x"):
        assert admin.code("GET", f"/api/admin/events?{query}") == 42201, query


@pytest.mark.parametrize("path", ["/api/admin/users", "/api/admin/users?q=ada", "/api/admin/events"])
def test_a_list_costs_few_statements(admin, ada, engines, path):
    with statements(engines) as asked:
        assert admin.ask("GET", path)[0] == 200
    assert len(asked) <= 4
