"""The email address of an account over HTTP: verification and change."""

from hashlib import sha256

import pytest
from dependency_injector import providers

from tests.fakes import FakeMailer
from tests.integration.conftest import ADA, COOKIE, everything_stored
from tests.races import racing
from tests.samples import GOOD_PASSWORD

ON_ONE_DATABASE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
EVE = {"username": "eve", "email": "eve@example.org", "password": GOOD_PASSWORD}
CHANGE = {"email": "countess@example.org", "current_password": GOOD_PASSWORD}
ANOTHER_PASSWORD = "another horse battery"
SUCCESS = {"message": "success"}


pytestmark = pytest.mark.usefixtures("clock")


def waiting(container):
    """Undelivered mails, oldest first."""
    with container.look()() as stored:
        return stored.mails.undelivered(None, 100).items[::-1]


def mails_of(container):
    return [(mail.kind, mail.recipient) for mail in waiting(container)]


def token_of(container, kind):
    """The token in the last mail of this kind."""
    return [mail for mail in waiting(container) if mail.kind == kind][-1].facts["token"]


def delivered(container):
    """Deliver all waiting mails. Return the sent ones."""
    mailer = FakeMailer()
    container.mailer.override(providers.Object(mailer))
    while container.delivery().deliver():
        pass
    container.mailer.reset_override()
    return mailer.sent


def user_with(container, email):
    with container.look()() as stored:
        return stored.users.by_email(email)


def events_of(container, email=ADA["email"]):
    """The events of this user, newest first."""
    user = user_with(container, email)
    with container.look()() as stored:
        return stored.events.about(user.id, None, 100).items


def refused_fields(client, method, path, body):
    """The names of the refused fields."""
    assert client.code(method, path, body) == 42201
    errors = client.ask(method, path, body)[1]["errors"]["field_errors"]
    assert all(sentences and all(sentences) for sentences in errors.values())
    return set(errors)


def ask_to_change(ada, container, email=CHANGE["email"]):
    assert ada.ask("POST", "/api/email", CHANGE | {"email": email})[0] == 202
    return token_of(container, "verify_email")


def verify(client, token):
    return client.ask("POST", "/api/email/verify", {"token": token})


@ON_ONE_DATABASE
def test_an_invalid_address_is_refused(ada, container):
    for email in ["", "ada", "ada@localhost", "a@b@c.org", "a\n@example.org", "@x.org"]:
        assert refused_fields(ada, "POST", "/api/email", CHANGE | {"email": email}) == {"email"}
    assert mails_of(container) == [("verify_email", ADA["email"])]


def test_the_link_of_the_registration_verifies_the_address(ada, client, container):
    assert ada.ask("GET", "/api/user")[1]["data"]["email_verified"] is False

    assert verify(client, token_of(container, "verify_email")) == (
        200,
        SUCCESS | {"data": {"email": ADA["email"]}},
    )

    user = ada.ask("GET", "/api/user")[1]["data"]
    assert (user["email"], user["email_verified"]) == (ADA["email"], True)
    verified, _ = events_of(container)
    assert (verified.tag, verified.actor_id, verified.ip) == ("email_verified", None, "127.0.0.1")
    assert client.get_cookie(COOKIE) is None


def test_a_change_sends_a_link_to_the_new_address_and_a_notice_to_the_old_one(ada, container):
    assert ada.ask("POST", "/api/email", CHANGE | {"email": " Countess@EXAMPLE.org "}) == (202, SUCCESS)

    assert mails_of(container)[1:] == [
        ("verify_email", "Countess@example.org"),
        ("email_change_asked", "ada@example.org"),
    ]
    assert ada.ask("GET", "/api/user")[1]["data"]["email"] == ADA["email"]
    assert user_with(container, CHANGE["email"]) is None
    asked, _ = events_of(container)
    assert (asked.tag, asked.actor_id) == ("email_change_asked", user_with(container, ADA["email"]).id)


def test_the_link_changes_the_address_and_the_old_one_gets_a_notice(ada, client, new_client, container):
    token = ask_to_change(ada, container)

    assert verify(client, token) == (200, SUCCESS | {"data": {"email": CHANGE["email"]}})

    user = ada.ask("GET", "/api/user")[1]["data"]  # the session goes on
    assert (user["email"], user["email_verified"]) == (CHANGE["email"], True)
    assert mails_of(container)[-1] == ("email_changed", ADA["email"])
    assert events_of(container, CHANGE["email"])[0].tag == "email_changed"
    for email, status in [(ADA["email"], 401), (CHANGE["email"], 200)]:
        credentials = {"email": email, "password": GOOD_PASSWORD}
        assert new_client().ask("POST", "/api/login", credentials)[0] == status
    assert client.ask("POST", "/api/register", EVE | {"email": ADA["email"]})[0] == 201


def test_the_link_works_in_the_session_of_another_user(ada, new_client, container):
    token = ask_to_change(ada, container)
    eve = new_client()
    eve.ask("POST", "/api/register", EVE)

    assert verify(eve, token)[0] == 200

    assert ada.ask("GET", "/api/user")[1]["data"]["email"] == CHANGE["email"]
    assert eve.ask("GET", "/api/user")[1]["data"]["email"] == EVE["email"]


@pytest.mark.flask_only
def test_opening_the_page_of_a_link_does_not_use_the_link(ada, client, container):
    token = token_of(container, "verify_email")
    for path in ("/verify-email", f"/verify-email?token={token}"):
        assert client.get(path).status_code == 200
    assert client.get("/api/email/verify").status_code == 405

    assert verify(client, token)[0] == 200


@pytest.mark.parametrize(
    "case",
    [
        "unknown",
        "empty",
        "long",
        "used",
        "expired",
        "replaced",
        "changed to",
        "password",
        "moved",
        "left",
        "reset",
    ],
)
def test_every_invalid_link_gets_the_same_answer(ada, client, container, clock, case):
    token = token_of(container, "verify_email")
    match case:
        case "unknown":
            token = "guess"
        case "empty":
            token = ""
        case "long":
            token = "t" * 60_000
        case "used":
            assert verify(client, token)[0] == 200
        case "expired":
            clock.advance(days=1)
        case "replaced":
            assert ada.ask("POST", "/api/email/verify/resend")[0] == 202
        case "changed to":
            ask_to_change(ada, container)
        case "password":
            change = {"current_password": GOOD_PASSWORD, "new_password": ANOTHER_PASSWORD}
            assert ada.ask("POST", "/api/password", change)[0] == 200
        case "moved":
            client.ask("POST", "/api/password/forgot", {"email": ADA["email"]})
            token = token_of(container, "reset_password")
            assert verify(client, ask_to_change(ada, container))[0] == 200
        case "left":
            assert ada.ask("DELETE", "/api/user", {"current_password": GOOD_PASSWORD})[0] == 200
        case "reset":
            client.ask("POST", "/api/password/forgot", {"email": ADA["email"]})
            token = token_of(container, "reset_password")

    response = client.post("/api/email/verify", json={"token": token})

    reference = client.post("/api/email/verify", json={"token": "another guess"})
    assert (response.status_code, response.data) == (410, reference.data)
    assert response.get_json()["errors"]["internal_error_code"] == 41001


def test_a_link_is_valid_until_it_expires(ada, client, container, clock):
    clock.advance(days=1, seconds=-1)

    assert verify(client, token_of(container, "verify_email"))[0] == 200


def test_the_newest_link_of_two_changes_works(ada, client, container):
    first = ask_to_change(ada, container, "first@example.org")
    second = ask_to_change(ada, container, "second@example.org")

    assert client.code("POST", "/api/email/verify", {"token": first}) == 41001
    assert verify(client, second)[0] == 200
    assert ada.ask("GET", "/api/user")[1]["data"]["email"] == "second@example.org"


@ON_ONE_DATABASE
@pytest.mark.parametrize("password", [None, "", "wrong horse battery", GOOD_PASSWORD + " "])
def test_a_change_without_the_current_password_is_refused(ada, container, password):
    body = {"email": CHANGE["email"]} | ({} if password is None else {"current_password": password})

    assert ada.code("POST", "/api/email", body) == 40303

    assert mails_of(container) == [("verify_email", ADA["email"])]
    assert [event.tag for event in events_of(container)] == ["password_refused"] * bool(password) + [
        "registered"
    ]


@pytest.mark.parametrize("email", ["eve@example.org", " EVE@Example.org"])
def test_a_change_to_a_taken_address_is_refused(ada, client, container, email):
    client.ask("POST", "/api/register", EVE)

    assert ada.code("POST", "/api/email", CHANGE | {"email": email}) == 40902

    assert [kind for kind, _ in mails_of(container)] == ["verify_email"] * 2
    assert [event.tag for event in events_of(container)] == ["registered"]


def test_a_new_address_that_another_account_took_first_is_refused(ada, client, container):
    token = ask_to_change(ada, container)
    client.ask("POST", "/api/register", EVE | {"email": CHANGE["email"]})

    assert client.code("POST", "/api/email/verify", {"token": token}) == 40902

    eve = user_with(container, CHANGE["email"])
    assert (eve.username, eve.email_verified_at) == ("eve", None)
    assert ada.ask("GET", "/api/user")[1]["data"]["email"] == ADA["email"]


def test_one_of_two_racing_changes_to_an_address_wins(ada, new_client, container):
    eve = new_client()
    eve.ask("POST", "/api/register", EVE)
    for _ in range(5):
        tokens = [ask_to_change(person, container) for person in (ada, eve)]

        def use_link(number, tokens=tokens):
            return verify(new_client(), tokens[number])

        answers = racing(use_link, times=2)
        assert sorted(status for status, _ in answers) == [200, 409], answers
        [refused] = [answer for status, answer in answers if status == 409]
        assert refused["errors"]["internal_error_code"] == 40902

        winner = [person for person, (status, _) in zip((ada, eve), answers, strict=True) if status == 200]
        assert winner[0].ask("GET", "/api/user")[1]["data"]["email"] == CHANGE["email"]
        back = ADA["email"] if winner[0] is ada else EVE["email"]
        assert verify(new_client(), ask_to_change(winner[0], container, back))[0] == 200


def test_one_of_twenty_racing_uses_of_a_link_wins(ada, new_client, container):
    token = ask_to_change(ada, container)

    answers = racing(lambda number: verify(new_client(), token), times=20)

    assert sorted(status for status, _ in answers) == [200] + [410] * 19
    assert {answer["errors"]["internal_error_code"] for status, answer in answers if status == 410} == {41001}
    assert [event.tag for event in events_of(container, CHANGE["email"])].count("email_changed") == 1
    assert mails_of(container).count(("email_changed", ADA["email"])) == 1


def test_a_new_link_is_sent_until_the_address_is_verified(ada, client, container):
    assert ada.ask("POST", "/api/email/verify/resend") == (202, SUCCESS)
    assert mails_of(container) == [("verify_email", ADA["email"])] * 2

    verify(client, token_of(container, "verify_email"))
    assert ada.ask("POST", "/api/email/verify/resend") == (202, SUCCESS)
    assert mails_of(container) == [("verify_email", ADA["email"])] * 2


@pytest.mark.parametrize("kind", ["verify_email", "reset_password"])
def test_only_the_hash_of_a_token_stays_after_the_delivery(ada, client, container, engines, kind):
    if kind == "reset_password":
        client.ask("POST", "/api/password/forgot", {"email": ADA["email"]})
    token = token_of(container, kind)
    assert len(token) == 43  # 256 bits
    assert sha256(token.encode()).hexdigest() in everything_stored(engines)

    assert token in [mail.facts.get("token") for mail in delivered(container)]

    rows = everything_stored(engines)
    assert token not in rows
    assert sha256(token.encode()).hexdigest() in rows


@ON_ONE_DATABASE
@pytest.mark.parametrize("headers", [{"Host": "127.0.0.1:8000"}, {"Host": "localhost:80"}, {}])
def test_links_begin_with_base_url_and_ignore_the_host_of_the_request(client, container, headers):
    headers |= {"X-Forwarded-Host": "evil.example", "Forwarded": "host=evil.example"}
    assert client.ask("POST", "/api/register", ADA, headers=headers)[0] == 201
    client.ask("POST", "/api/password/forgot", {"email": ADA["email"]}, headers=headers)

    for mail, page in zip(waiting(container), ("verify-email", "reset-password"), strict=True):
        written = container.mailer().templates.write(mail)
        link = f"http://localhost/{page}#{mail.facts['token']}"
        assert written.text.count("http") == 2  # the link, and the site's own address below
        assert link in written.text and f'href="{link}"' in written.html
        for text in (written.text, written.html):
            assert "evil" not in text and "://127.0.0.1" not in text


@ON_ONE_DATABASE
def test_an_unknown_host_writes_no_mail(client, container):
    code = client.code("POST", "/api/password/forgot", {"email": "a@b.org"}, headers={"Host": "evil.example"})
    assert code == 40002
    assert waiting(container) == []


@pytest.mark.parametrize(
    "typed, stored",
    [
        (" Ada@EXAMPLE.org ", "ada@example.org"),
        ("ada@bücher.example", "ada@xn--bcher-kva.example"),
        ("ada@ｅｘａｍｐｌｅ.org", "ada@example.org"),
        ("STRASSE@example.org", "strasse@example.org"),
        ("Straße@example.org", "strasse@example.org"),
        ("\u212aate@example.org", "kate@example.org"),  # the sign for Kelvin
        ("ÉMILIE@example.org", "émilie@example.org"),
    ],
)
def test_mail_goes_to_the_address_that_is_stored(client, container, typed, stored):
    answer = client.ask("POST", "/api/register", ADA | {"email": stored})
    assert answer[1]["data"]["email"] == stored

    assert client.ask("POST", "/api/password/forgot", {"email": typed}) == (202, SUCCESS)

    assert [mail.recipient for mail in delivered(container)] == [stored, stored]


@pytest.mark.parametrize("typed", ["mıke@example.org", "miKe@examp\u0131e.org", "mike@example.org.evil.org"])
def test_a_look_alike_address_is_another_address(client, container, typed):
    client.ask("POST", "/api/register", ADA | {"email": "mike@example.org"})

    assert client.ask("POST", "/api/password/forgot", {"email": typed}) == (202, SUCCESS)

    assert mails_of(container) == [("verify_email", "mike@example.org")]
