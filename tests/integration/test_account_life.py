"""An account over HTTP: username, events, export, deletion."""

import pytest
from sqlalchemy import select

from adapters.sql.links import links
from adapters.sql.mails import mails
from adapters.sql.users import users
from domain.access import Operator
from domain.sessions import Client
from domain.users import Role
from tests.integration.conftest import ADA, COOKIE, everything_stored
from tests.integration.test_emails import (
    ANOTHER_PASSWORD,
    EVE,
    ON_ONE_DATABASE,
    SUCCESS,
    ask_to_change,
    delivered,
    events_of,
    refused_fields,
    token_of,
    user_with,
    verify,
    waiting,
)
from tests.races import racing
from tests.samples import GOOD_PASSWORD, an_event

pytestmark = pytest.mark.usefixtures("clock")

OPERATOR = Operator(Client("", "command line"))
CURRENT_PASSWORD = {"current_password": GOOD_PASSWORD}
CREDENTIALS = {"email": ADA["email"], "password": GOOD_PASSWORD}
FROM_ADAS_CLIENT = {
    "headers": {"User-Agent": "Engine/1.0 (of Ada)"},
    "environ_base": {"REMOTE_ADDR": "203.0.113.77"},
}


def data(client, path):
    status, answer = client.ask("GET", path)
    assert status == 200
    return answer


def test_a_new_username_is_stored_and_recorded(ada, container):
    before = data(ada, "/api/user")["data"]

    status, answer = ada.ask("PATCH", "/api/user", {"username": "Countess_1"})

    assert (status, answer) == (200, {"data": before | {"username": "Countess_1"}})
    assert data(ada, "/api/user") == answer
    assert user_with(container, ADA["email"]).username == "Countess_1"
    renamed, _ = events_of(container)
    assert (renamed.tag, renamed.actor_id, renamed.detail) == ("username_changed", renamed.user_id, "")


def test_the_own_username_in_another_case_is_accepted(ada):
    assert ada.ask("PATCH", "/api/user", {"username": "ADA"})[1]["data"]["username"] == "ADA"


def test_an_earlier_username_can_be_registered_again(ada, client):
    assert ada.ask("PATCH", "/api/user", {"username": "countess"})[0] == 200
    assert client.ask("POST", "/api/register", EVE | {"username": "ADA"})[0] == 201


@pytest.mark.parametrize("username", ["eve", "EVE"])
def test_a_username_is_taken_in_any_case(ada, client, container, username):
    client.ask("POST", "/api/register", EVE)

    assert ada.code("PATCH", "/api/user", {"username": username}) == 40903

    assert user_with(container, ADA["email"]).username == "ada"
    assert [event.tag for event in events_of(container)] == ["registered"]


def test_one_of_two_racing_renames_wins(ada, client):
    client.ask("POST", "/api/register", EVE)
    people = [ada, client]

    answers = racing(lambda number: people[number].ask("PATCH", "/api/user", {"username": "Queen"}), times=2)

    assert sorted(status for status, _ in answers) == [200, 409]
    assert {a["errors"]["internal_error_code"] for s, a in answers if s == 409} == {40903}


@ON_ONE_DATABASE
def test_a_username_that_breaks_the_rules_is_refused(ada, container):
    for username in ["", "1ada", "a-b", "ädä", "Admin"]:
        assert refused_fields(ada, "PATCH", "/api/user", {"username": username}) == {"username"}
    assert user_with(container, ADA["email"]).username == "ada"


def test_events_are_listed_newest_first_with_sentences(ada, client, clock):
    client.ask("POST", "/api/register", EVE)
    clock.advance(seconds=5)
    ada.code("POST", "/api/login", CREDENTIALS | {"password": "wrong horse battery"}, **FROM_ADAS_CLIENT)

    answer = data(ada, "/api/user/events")

    assert answer["next"] is None
    failed, registered = answer["data"]
    assert failed == {
        "id": failed["id"],
        "tag": "login_failed",
        "sentence": "Login failed: wrong password.",
        "by": "",
        "created_at": clock.now.isoformat(),
        "ip": "203.0.113.77",
        "user_agent": "Engine/1.0 (of Ada)",
        "device": "Unknown device",
    }
    assert (registered["tag"], registered["ip"]) == ("registered", "127.0.0.1")


def test_events_are_listed_page_by_page(ada):
    for number in range(6):
        assert ada.ask("PATCH", "/api/user", {"username": f"ada{number}"})[0] == 200
    whole = data(ada, "/api/user/events")["data"]
    assert len(whole) == 7

    found, after = [], ""
    while True:
        page = data(ada, f"/api/user/events?limit=3{after}")
        found += page["data"]
        assert len(page["data"]) <= 3
        if page["next"] is None:
            break
        after = f"&after={page['next']}"
    assert found == whole
    assert data(ada, "/api/user/events?after=00000000-0000-0000-0000-000000000000")["data"] == []


@ON_ONE_DATABASE
@pytest.mark.parametrize("name, value", [("limit", "101"), ("limit", "%00"), ("after", "%00")])
def test_a_wrong_paging_parameter_is_named(ada, name, value):
    status, answer = ada.ask("GET", f"/api/user/events?{name}={value}")
    assert (status, set(answer["errors"]["field_errors"])) == (422, {name})


def test_the_export_holds_everything_and_no_secret(ada, client, container, engines, clock):
    token = token_of(container, "verify_email")
    client.ask("POST", "/api/register", EVE)
    ada.ask("POST", "/api/login", CREDENTIALS | {"remember": True}, **FROM_ADAS_CLIENT)
    ada.code("POST", "/api/login", CREDENTIALS | {"password": "wrong horse battery"}, **FROM_ADAS_CLIENT)
    verify(ada, token)
    expected = {
        "user": data(ada, "/api/user")["data"],
        "sessions": data(ada, "/api/sessions")["data"],
        "teams": data(ada, "/api/teams")["data"],
        "events": data(ada, "/api/user/events")["data"],
    }

    response = ada.get("/api/user/export")

    assert response.status_code == 200
    assert response.mimetype == "application/json"
    assert response.headers["Content-Disposition"] == 'attachment; filename="account.json"'
    document = response.get_json()["data"]
    assert document["events"].pop(0)["tag"] == "exported"
    assert {name: document[name] for name in expected} == expected
    assert len(document["sessions"]) == 1 and len(document["events"]) == 4
    assert events_of(container)[0].tag == "exported"
    assert EVE["email"] not in response.text and '"eve"' not in response.text
    secrets = ["$bcrypt", GOOD_PASSWORD, ada.get_cookie(COOKIE).value]
    with engines.reader.connect() as connection:
        secrets += connection.execute(select(users.c.password_hash)).scalars()
        secrets += connection.execute(select(links.c.token_hash)).scalars()
    secrets += [mail.facts["token"] for mail in waiting(container) if "token" in mail.facts]
    for secret in secrets:
        assert secret not in response.text


def test_the_export_has_the_new_address_that_is_not_verified(ada, container):
    ask_to_change(ada, container, "countess@example.org")

    assert "countess@example.org" in ada.get("/api/user/export").text


def test_all_events_are_exported(ada, container):
    user = user_with(container, ADA["email"])
    with container.transaction()() as work:
        for _ in range(230):
            work.events.add(an_event(user.id))
        work.commit()

    assert len(ada.ask("GET", "/api/user/export")[1]["data"]["events"]) == 232


@ON_ONE_DATABASE
@pytest.mark.parametrize("password", [None, "", "wrong horse battery", GOOD_PASSWORD.upper()])
def test_a_deletion_without_the_current_password_is_refused(ada, container, password):
    body = {} if password is None else {"current_password": password}

    response = ada.delete("/api/user", json=body)

    assert response.get_json()["errors"]["internal_error_code"] == 40303
    assert response.headers.getlist("Set-Cookie") == []
    assert ada.ask("GET", "/api/user")[0] == 200
    assert [event.tag for event in events_of(container)].count("password_refused") == bool(password)


def test_a_deletion_ends_all_sessions_and_frees_the_address(ada, client, new_client, container):
    other = new_client()
    other.ask("POST", "/api/login", CREDENTIALS)

    response = ada.delete("/api/user", json=CURRENT_PASSWORD)

    assert (response.status_code, response.get_json()) == (200, SUCCESS)
    [cookie] = response.headers.getlist("Set-Cookie")
    assert cookie.startswith(f"{COOKIE}=;") and "Max-Age=0" in cookie
    for one in (ada, other):
        assert one.code("GET", "/api/user") == 40102
    assert client.code("POST", "/api/login", CREDENTIALS) == 40101
    assert client.ask("POST", "/api/register", ADA)[0] == 201
    assert [event.tag for event in events_of(container)] == ["registered"]  # of the new account


def test_a_deleted_user_leaves_events_and_no_trace(client, container, engines):
    """The mails are delivered first: the rows of delivered mails are kept for a week."""
    client.ask("POST", "/api/register", ADA | {"username": "lovelace"}, **FROM_ADAS_CLIENT)
    client.ask("PATCH", "/api/user", {"username": "lovelace2"}, **FROM_ADAS_CLIENT)
    client.code("POST", "/api/login", CREDENTIALS | {"password": "wrong horse battery"}, **FROM_ADAS_CLIENT)
    client.ask("POST", "/api/password/forgot", {"email": ADA["email"]}, **FROM_ADAS_CLIENT)
    client.ask("GET", "/api/user/export", **FROM_ADAS_CLIENT)
    delivered(container)

    assert client.ask("DELETE", "/api/user", CURRENT_PASSWORD, **FROM_ADAS_CLIENT)[0] == 200
    delivered(container)  # the notice of the deletion, then its address is deleted

    rows = everything_stored(engines)
    for trace in (ADA["email"], "lovelace", "203.0.113.77", "Engine/1.0"):
        assert trace not in rows, [row for row in rows.splitlines() if trace in row]
    for tag in ("REGISTERED", "USERNAME_CHANGED", "LOGIN_FAILED", "EXPORTED", "DELETED"):
        assert tag in rows


def test_a_deleted_user_leaves_no_requested_address(ada, container, engines):
    ask_to_change(ada, container, "countess@example.org")

    assert ada.ask("DELETE", "/api/user", CURRENT_PASSWORD)[0] == 200

    rows = everything_stored(engines)
    assert "countess@example.org" not in rows, [r for r in rows.splitlines() if "countess" in r]


def test_a_deleted_user_leaves_no_earlier_address(ada, client, container, engines):
    ask_to_change(ada, container, "first@example.org")
    verify(client, ask_to_change(ada, container, "second@example.org"))
    delivered(container)
    assert "first@example.org" in everything_stored(engines)

    assert ada.ask("DELETE", "/api/user", CURRENT_PASSWORD)[0] == 200
    delivered(container)

    rows = everything_stored(engines).splitlines()
    assert [row for row in rows if "@example.org" in row] == []


def test_a_replaced_link_is_not_sent_to_a_deleted_user(ada, container):
    ask_to_change(ada, container, "first@example.org")
    ask_to_change(ada, container, "second@example.org")

    ada.ask("DELETE", "/api/user", CURRENT_PASSWORD)

    assert [mail.kind for mail in delivered(container)] == ["account_deleted"]


def test_mail_that_waits_for_a_deleted_user_is_not_sent(ada, container):
    ask_to_change(ada, container, "countess@example.org")
    assert len(waiting(container)) == 3

    ada.ask("DELETE", "/api/user", CURRENT_PASSWORD)

    assert [mail.kind for mail in delivered(container)] == ["account_deleted"]


def test_mail_to_other_users_is_sent_after_a_deletion(ada, client, container):
    client.ask("POST", "/api/register", EVE)

    ada.ask("DELETE", "/api/user", CURRENT_PASSWORD)

    told = [(mail.kind, mail.recipient) for mail in delivered(container)]
    assert told == [("verify_email", EVE["email"]), ("account_deleted", ADA["email"])]
    assert client.ask("GET", "/api/user")[0] == 200
    assert len(data(client, "/api/teams")["data"]) == 1


def test_the_last_admin_cannot_delete_the_account(ada, client, container):
    administration = container.administration()
    administration.grant(OPERATOR, administration.user_with(OPERATOR, ADA["email"]).id, Role.ADMIN)

    response = ada.delete("/api/user", json=CURRENT_PASSWORD)

    assert response.get_json()["errors"]["internal_error_code"] == 40904
    assert response.headers.getlist("Set-Cookie") == []
    assert ada.ask("GET", "/api/user")[0] == 200
    assert "deleted" not in [event.tag for event in events_of(container)]

    client.ask("POST", "/api/register", EVE)
    administration.grant(OPERATOR, administration.user_with(OPERATOR, EVE["email"]).id, Role.ADMIN)
    assert ada.ask("DELETE", "/api/user", CURRENT_PASSWORD) == (200, SUCCESS)
    assert client.code("DELETE", "/api/user", CURRENT_PASSWORD) == 40904


def test_one_of_two_racing_admins_keeps_the_account(ada, client, container):
    client.ask("POST", "/api/register", EVE)
    for email in (ADA["email"], EVE["email"]):
        container.administration().grant(
            OPERATOR, container.administration().user_with(OPERATOR, email).id, Role.ADMIN
        )
    people = [ada, client]

    answers = racing(lambda number: people[number].ask("DELETE", "/api/user", CURRENT_PASSWORD), times=2)

    assert sorted(status for status, _ in answers) == [200, 409], answers
    [refused] = [answer for status, answer in answers if status == 409]
    assert refused["errors"]["internal_error_code"] == 40904
    with container.look()() as stored:
        assert len(stored.users.holders(Role.ADMIN)) == 1


def test_an_old_password_deletes_nothing(ada, client, container):
    change = {"current_password": GOOD_PASSWORD, "new_password": ANOTHER_PASSWORD}
    assert ada.ask("POST", "/api/password", change)[0] == 200

    assert ada.code("DELETE", "/api/user", CURRENT_PASSWORD) == 40303
    assert ada.ask("DELETE", "/api/user", {"current_password": ANOTHER_PASSWORD})[0] == 200
    with container.engines().reader.connect() as connection:
        kinds = connection.execute(select(mails.c.kind).where(mails.c.delivered_at.is_(None))).scalars()
        assert list(kinds) == ["account_deleted"]
