"""A new password over HTTP: with the current password, or by a link in a mail."""

import pytest

from tests.integration.conftest import ADA, COOKIE, statements
from tests.integration.test_emails import (
    ANOTHER_PASSWORD,
    ON_ONE_DATABASE,
    SUCCESS,
    ask_to_change,
    events_of,
    mails_of,
    refused_fields,
    token_of,
    user_with,
    verify,
    waiting,
)
from tests.races import racing
from tests.samples import GOOD_PASSWORD

pytestmark = pytest.mark.usefixtures("clock")

CHANGE = {"current_password": GOOD_PASSWORD, "new_password": ANOTHER_PASSWORD}
CREDENTIALS = {"email": ADA["email"], "password": GOOD_PASSWORD}
NO_PASSWORDS = ["", "1234567", "password", "12345678", "ada@example.org", "x" * 1025, "\ufdfa" * 100]


def logged_in(client, **more):
    assert client.ask("POST", "/api/login", CREDENTIALS | more)[0] == 200
    return client


def forgot(client, container):
    assert client.ask("POST", "/api/password/forgot", {"email": ADA["email"]}) == (202, SUCCESS)
    return token_of(container, "reset_password")


def reset(client, token, password=ANOTHER_PASSWORD):
    return client.ask("POST", "/api/password/reset", {"token": token, "new_password": password})


def statuses_of_logins(new_client):
    """With the old password, and with the new one."""
    return [
        new_client().ask("POST", "/api/login", CREDENTIALS | {"password": password})[0]
        for password in (GOOD_PASSWORD, ANOTHER_PASSWORD)
    ]


@ON_ONE_DATABASE
def test_a_weak_new_password_is_refused(ada, container):
    token = forgot(ada, container)
    for password in NO_PASSWORDS:
        body = CHANGE | {"new_password": password}
        assert refused_fields(ada, "POST", "/api/password", body) == {"new_password"}
        body = {"token": token, "new_password": password}
        assert refused_fields(ada, "POST", "/api/password/reset", body) == {"new_password"}
    assert reset(ada, token)[0] == 200  # the link was not used up


def test_a_change_renews_the_current_session_and_ends_all_others(ada, new_client, container):
    other = logged_in(new_client())
    before = ada.get_cookie(COOKIE).value

    response = ada.post("/api/password", json=CHANGE)

    assert (response.status_code, response.get_json()) == (200, SUCCESS)
    [cookie] = response.headers.getlist("Set-Cookie")
    assert sorted(cookie.split("; ")[1:]) == ["HttpOnly", "Path=/", "SameSite=Lax"]
    assert ada.get_cookie(COOKIE).value != before
    assert ada.ask("GET", "/api/user")[0] == 200
    assert other.code("GET", "/api/user") == 40102
    thief = new_client()
    thief.set_cookie(COOKIE, before)
    assert thief.code("GET", "/api/user") == 40102
    assert len(ada.ask("GET", "/api/sessions")[1]["data"]) == 1
    assert statuses_of_logins(new_client) == [401, 200]


def test_a_changed_password_is_mailed_and_recorded(ada, container):
    ada.ask("POST", "/api/password", CHANGE, headers={"User-Agent": "Engine/1.0"})

    assert mails_of(container)[-1] == ("password_changed", ADA["email"])
    assert "token" not in waiting(container)[-1].facts
    user = user_with(container, ADA["email"])
    changed, _ = events_of(container)
    assert (changed.tag, changed.actor_id, changed.user_agent) == ("password_changed", user.id, "Engine/1.0")
    assert user.password_hash.startswith("$bcrypt-sha256$")


def test_a_remembered_session_stays_remembered(ada, client):
    logged_in(client, remember=True)

    [cookie] = client.post("/api/password", json=CHANGE).headers.getlist("Set-Cookie")

    assert "Max-Age=1209600" in cookie.split("; ")


@ON_ONE_DATABASE
@pytest.mark.parametrize("password", [None, "", "wrong horse battery", GOOD_PASSWORD.title()])
def test_a_change_without_the_current_password_is_refused(ada, new_client, container, password):
    body = {"new_password": ANOTHER_PASSWORD}
    body |= {} if password is None else {"current_password": password}

    assert ada.code("POST", "/api/password", body) == 40303

    assert statuses_of_logins(new_client) == [200, 401]
    assert [event.tag for event in events_of(container)].count("password_refused") == bool(password)
    assert mails_of(container) == [("verify_email", ADA["email"])]


def test_one_of_several_racing_changes_wins(ada, new_client, container):
    secret = ada.get_cookie(COOKIE).value
    words = ["horse", "staple", "anchor", "violet"]

    def change(number):
        client = new_client()
        client.set_cookie(COOKIE, secret)
        body = CHANGE | {"new_password": f"another {words[number]} battery"}
        return client.ask("POST", "/api/password", body)

    answers = racing(change, times=4)

    assert sorted(status for status, _ in answers)[0] == 200
    codes = {answer["errors"]["internal_error_code"] for status, answer in answers if status != 200}
    assert [status for status, _ in answers].count(200) == 1
    assert codes <= {40901, 40303, 40102}
    assert mails_of(container).count(("password_changed", ADA["email"])) == 1


def test_a_password_is_the_same_in_every_unicode_form(ada, new_client):
    assert ada.ask("POST", "/api/password", CHANGE | {"new_password": "cafe\u0301 ångström tür"})[0] == 200

    login = CREDENTIALS | {"password": "caf\u00e9 a\u030angström tür"}
    assert new_client().ask("POST", "/api/login", login)[0] == 200


@ON_ONE_DATABASE
def test_forgot_refuses_an_invalid_address(client):
    assert refused_fields(client, "POST", "/api/password/forgot", {"email": "ada"}) == {"email"}


def test_forgot_costs_and_answers_the_same_for_an_unknown_address(ada, client, engines):
    known, unknown = {"email": ADA["email"]}, {"email": "unknown@example.org"}
    client.ask("POST", "/api/password/forgot", known)  # the second request replaces a link, as later ones do
    answers, asked = [], []
    for body in (known, unknown):
        with statements(engines) as those:
            answers.append(client.post("/api/password/forgot", json=body))
        asked.append([statement.split(" ", 3)[:3] for statement in those])

    assert [answer.status_code for answer in answers] == [202, 202]
    assert answers[0].data == answers[1].data
    shown = [[(n, v) for n, v in answer.headers if n.lower() != "x-request-id"] for answer in answers]
    assert shown[0] == shown[1]
    assert asked[0] == asked[1]
    assert len(asked[0]) >= 4


def test_forgot_sends_a_link_only_to_an_address_with_an_account(ada, client, container):
    client.ask("POST", "/api/password/forgot", {"email": "unknown@example.org"})
    assert mails_of(container) == [("verify_email", ADA["email"])]
    forgot(client, container)

    assert mails_of(container)[1:] == [("reset_password", ADA["email"])]
    asked, _ = events_of(container)
    assert (asked.tag, asked.actor_id, asked.detail) == ("password_reset_asked", None, "")
    assert ada.ask("GET", "/api/user")[0] == 200  # nothing has changed yet


def test_a_reset_sets_the_password_and_ends_all_sessions(ada, client, new_client, container):
    other = logged_in(new_client())
    token = forgot(client, container)

    response = client.post("/api/password/reset", json={"token": token, "new_password": ANOTHER_PASSWORD})

    told = SUCCESS | {"data": {"email": ADA["email"]}}
    assert (response.status_code, response.get_json()) == (200, told)
    assert response.headers.getlist("Set-Cookie") == []
    for one in (client, ada, other):
        assert one.code("GET", "/api/user") == 40102
    assert mails_of(container)[-1] == ("password_changed", ADA["email"])
    changed = events_of(container)[0]
    assert (changed.tag, changed.actor_id) == ("password_reset", None)
    assert statuses_of_logins(new_client) == [401, 200]


@pytest.mark.flask_only
def test_opening_the_page_of_a_link_does_not_use_the_link(ada, client, container):
    token = forgot(client, container)
    for path in ("/reset-password", f"/reset-password?token={token}"):
        assert client.get(path).status_code == 200
    assert client.get("/api/password/reset").status_code == 405

    assert reset(client, token)[0] == 200


@pytest.mark.parametrize(
    "case", ["unknown", "empty", "long", "used", "expired", "replaced", "password", "moved", "left", "verify"]
)
def test_every_invalid_link_gets_the_same_answer(ada, client, new_client, container, clock, case):
    token = forgot(client, container)
    match case:
        case "unknown":
            token = "guess"
        case "empty":
            token = ""
        case "long":
            token = "t" * 60_000
        case "used":
            assert reset(client, token)[0] == 200
        case "expired":
            clock.advance(minutes=30)
        case "replaced":
            forgot(client, container)
        case "password":
            assert ada.ask("POST", "/api/password", CHANGE)[0] == 200
        case "moved":
            assert verify(client, ask_to_change(ada, container))[0] == 200
        case "left":
            assert ada.ask("DELETE", "/api/user", {"current_password": GOOD_PASSWORD})[0] == 200
        case "verify":
            ada.ask("POST", "/api/email/verify/resend")
            token = token_of(container, "verify_email")

    body = {"token": token, "new_password": "yet another battery"}
    response = client.post("/api/password/reset", json=body)

    reference = client.post("/api/password/reset", json=body | {"token": "another guess"})
    assert (response.status_code, response.data) == (410, reference.data)
    assert response.get_json()["errors"]["internal_error_code"] == 41001
    login = CREDENTIALS | {"password": "yet another battery"}
    assert new_client().code("POST", "/api/login", login) == 40101


def test_a_link_is_valid_until_it_expires(ada, client, container, clock):
    token = forgot(client, container)
    clock.advance(minutes=30, seconds=-1)

    assert reset(client, token)[0] == 200


def test_one_of_twenty_racing_uses_of_a_link_wins(ada, new_client, container):
    token = forgot(new_client(), container)

    answers = racing(lambda number: reset(new_client(), token), times=20)

    assert sorted(status for status, _ in answers) == [200] + [410] * 19
    assert {answer["errors"]["internal_error_code"] for status, answer in answers if status == 410} == {41001}
    assert [event.tag for event in events_of(container)].count("password_reset") == 1
    assert mails_of(container).count(("password_changed", ADA["email"])) == 1


def test_racing_requests_for_a_link_get_the_same_answer_and_one_link_is_valid(ada, new_client, container):
    body = {"email": ADA["email"]}

    answers = racing(lambda number: new_client().ask("POST", "/api/password/forgot", body), times=8)

    assert answers == [(202, SUCCESS)] * 8
    tokens = [mail.facts["token"] for mail in waiting(container) if mail.kind == "reset_password"]
    assert sorted(reset(new_client(), token)[0] for token in tokens)[0] == 200
    with container.look()() as stored:
        assert stored.users.by_email(ADA["email"]).version == 2


def test_a_reset_ends_the_link_that_verifies_the_address(ada, client, container):
    verifying = token_of(container, "verify_email")
    assert reset(client, forgot(client, container))[0] == 200

    assert client.code("POST", "/api/email/verify", {"token": verifying}) == 41001
