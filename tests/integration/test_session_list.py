"""The list of sessions over HTTP, and ending a session."""

import pytest
from sqlalchemy import select

from adapters.sql.sessions import sessions
from tests.integration.conftest import ADA, COOKIE
from tests.integration.test_emails import EVE, SUCCESS, events_of, mails_of, waiting
from tests.samples import GOOD_PASSWORD

pytestmark = pytest.mark.usefixtures("clock")

CREDENTIALS = {"email": ADA["email"], "password": GOOD_PASSWORD}
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile/15E148 Safari/604.1"


def login(client, user_agent=FIREFOX, ip="192.0.2.9", **more):
    status, _ = client.ask(
        "POST",
        "/api/login",
        CREDENTIALS | more,
        headers={"User-Agent": user_agent},
        environ_base={"REMOTE_ADDR": ip},
    )
    assert status == 200
    return client


def listed(client):
    status, answer = client.ask("GET", "/api/sessions")
    assert (status, answer["next"]) == (200, None)
    return answer["data"]


def current(client):
    [id] = [session["id"] for session in listed(client) if session["current"]]
    return id


def secrets_stored(engines):
    with engines.reader.connect() as connection:
        return list(connection.execute(select(sessions.c.secret_hash)).scalars())


def test_every_session_is_listed_newest_first(ada, client, clock):
    start = clock.now
    clock.advance(seconds=30)
    login(client, PHONE, "2001:db8::7", remember=True)
    later = clock.now

    [phone, old] = listed(client)

    assert phone == {
        "id": phone["id"],
        "created_at": later.isoformat(),
        "last_seen_at": later.isoformat(),
        "expires_at": later.replace(day=15).isoformat(),
        "ip": "2001:db8::7",
        "user_agent": PHONE,
        "device": "Safari on iPhone",
        "remembered": True,
        "current": True,
    }
    assert (old["created_at"], old["ip"], old["remembered"]) == (start.isoformat(), "127.0.0.1", False)
    assert old["current"] is False
    assert [session["current"] for session in listed(ada)] == [False, True]
    clock.advance(minutes=1)
    assert [session["id"] for session in listed(ada)] == [phone["id"], old["id"]]


def test_the_list_holds_own_sessions_and_no_secret(ada, client, engines):
    client.ask("POST", "/api/register", EVE)

    response = ada.get("/api/sessions")

    assert len(response.get_json()["data"]) == 1
    for secret in [*secrets_stored(engines), ada.get_cookie(COOKIE).value]:
        assert secret not in response.text


def test_a_session_that_has_ended_is_not_listed(ada, client, clock):
    login(client, remember=True)
    clock.advance(hours=12)

    assert [session["remembered"] for session in listed(client)] == [True]


def test_one_session_is_ended(ada, client, new_client, container):
    login(client)
    third = login(new_client())

    response = ada.delete(f"/api/sessions/{current(client)}")

    assert (response.status_code, response.get_json()) == (200, SUCCESS)
    assert response.headers.getlist("Set-Cookie") == []
    assert client.code("GET", "/api/user") == 40102
    assert (ada.ask("GET", "/api/user")[0], third.ask("GET", "/api/user")[0]) == (200, 200)
    assert len(listed(ada)) == 2
    event = events_of(container)[0]
    assert (event.tag, event.actor_id) == ("session_ended", event.user_id)


def test_ending_the_current_session_logs_out(ada, new_client, engines):
    secret = ada.get_cookie(COOKIE).value

    [cookie] = ada.delete(f"/api/sessions/{current(ada)}").headers.getlist("Set-Cookie")

    assert cookie.startswith(f"{COOKIE}=;") and "Max-Age=0" in cookie
    thief = new_client()
    thief.set_cookie(COOKIE, secret)
    assert thief.code("GET", "/api/user") == 40102
    assert secrets_stored(engines) == []


def test_a_session_that_has_ended_is_not_found(ada, client):
    path = f"/api/sessions/{current(login(client))}"

    assert ada.ask("DELETE", path) == (200, SUCCESS)
    assert ada.code("DELETE", path) == 40404


def test_all_other_sessions_are_ended(ada, new_client, container):
    others = [login(new_client()) for _ in range(3)]
    eve = new_client()
    eve.ask("POST", "/api/register", EVE)

    assert ada.ask("DELETE", "/api/sessions") == (200, SUCCESS)

    assert [other.code("GET", "/api/user") for other in others] == [40102] * 3
    assert [session["current"] for session in listed(ada)] == [True]
    assert eve.ask("GET", "/api/user")[0] == 200
    assert events_of(container)[0].tag == "sessions_ended"


def test_ending_other_sessions_without_any_changes_nothing(ada, container):
    assert ada.ask("DELETE", "/api/sessions") == (200, SUCCESS)

    assert [event.tag for event in events_of(container)] == ["registered"]
    assert ada.ask("GET", "/api/user")[0] == 200


def test_a_login_from_a_new_device_is_mailed_to_the_user(ada, client, new_client, container):
    login(client, FIREFOX)
    notice = waiting(container)[-1]
    assert (notice.kind, notice.recipient) == ("new_device", ADA["email"])
    assert notice.facts == {"username": "ada", "device": "Firefox on Linux", "ip": "192.0.2.9"}

    login(new_client(), FIREFOX.replace("140", "141"), "192.0.2.10")  # an update is no new device
    assert [kind for kind, _ in mails_of(container)].count("new_device") == 1
    login(new_client(), PHONE)
    assert [kind for kind, _ in mails_of(container)].count("new_device") == 2
