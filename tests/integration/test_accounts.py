import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from domain.secrets import hash_of
from domain.users import RESERVED_USERNAMES
from tests.integration.conftest import ADA, COOKIE
from tests.samples import GOOD_PASSWORD

EVE = {"username": "eve", "email": "eve@example.org", "password": GOOD_PASSWORD}
# For requests that are refused before a database is asked. One kind of database is enough.
ON_ONE_DATABASE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
NO_USERNAMES = [*"1ada _ada ada-l ädä аda".split(), "", "ad a", "ada\n", "x" * 31, "x" * 9999]
NO_ADDRESSES = [
    *"ada @example.org ada@ ada@localhost ada@@example.org <ada@example.org> ada@[127.0.0.1]".split(),
    *["", "a b@example.org", "ada@example.org\nBcc: eve@x.com", '"ada"@example.org'],
    *["x" * 65 + "@example.org", "ada@" + "x." * 130 + "org", "x" * 9999],
]
NO_PASSWORDS = [
    *"1234567 password 12345678 qwertyuiop ada_lovelace Lovelace@example.org".split(),
    *["", "x" * 1025, "\ufdfa" * 100],  # the last grows to 1,800 characters in normal form
]


def refused_fields(client, path, body):
    """The names of the refused fields. `json.dumps` writes values that orjson refuses."""
    response = client.post(path, data=json.dumps(body), content_type="application/json")
    errors = response.get_json()["errors"]
    assert (response.status_code, errors["internal_error_code"]) == (422, 42201)
    assert all(sentences and all(sentences) for sentences in errors["field_errors"].values())
    return set(errors["field_errors"])


def all_users(container):
    with container.look()() as stored:
        return stored.users.page(None, None, 100).items


def user_with(container, email):
    with container.look()() as stored:
        return stored.users.by_email(email)


def events_of(container, user):
    with container.look()() as stored:
        return stored.events.about(user.id, None, 100).items


def test_registering_logs_in(client):
    status, answer = client.ask("POST", "/api/register", ADA)

    assert status == 201
    assert answer["message"] == "success"
    assert client.ask("GET", "/api/user") == (200, {"data": answer["data"]})


def test_registering_answers_the_user_as_stored(client, container):
    status, answer = client.ask("POST", "/api/register", ADA | {"email": " Ada@EXAMPLE.org "})

    user = user_with(container, "ada@example.org")
    assert (status, answer) == (
        201,
        {
            "message": "success",
            "data": {
                "id": str(user.id),
                "username": "ada",
                "email": "Ada@example.org",
                "email_verified": False,
                "roles": [],
                "created_at": user.created_at.isoformat(),
            },
        },
    )
    assert answer["data"]["created_at"].endswith("+00:00")
    assert user.password_hash.startswith("$bcrypt-sha256$")


def test_a_registration_is_recorded(client, container):
    client.ask("POST", "/api/register", ADA, headers={"User-Agent": "Engine/1.0"})

    user = user_with(container, ADA["email"])
    [event] = events_of(container, user)
    assert (event.tag, event.actor_id, event.detail) == ("registered", user.id, "")
    assert (event.ip, event.user_agent) == ("127.0.0.1", "Engine/1.0")


def test_registering_ends_the_earlier_session_of_the_client(ada, new_client):
    before = ada.get_cookie(COOKIE).value

    assert ada.ask("POST", "/api/register", EVE)[0] == 201

    assert ada.ask("GET", "/api/user")[1]["data"]["username"] == "eve"
    thief = new_client()
    thief.set_cookie(COOKIE, before)
    assert thief.code("GET", "/api/user") == 40102


def test_the_cookie_of_a_new_account_ends_with_the_browser(client, container):
    response = client.post("/api/register", json=ADA)

    [cookie] = response.headers.getlist("Set-Cookie")
    secret, *attributes = cookie.removeprefix(f"{COOKIE}=").split("; ")
    assert sorted(attributes) == ["HttpOnly", "Path=/", "SameSite=Lax"]
    user = user_with(container, ADA["email"])
    with container.look()() as stored:
        session, owner = stored.sessions.find(hash_of(secret), user.created_at)
    assert (owner, session.remembered) == (user, False)


@ON_ONE_DATABASE
def test_a_username_that_breaks_the_rules_is_refused(client, container):
    for username in NO_USERNAMES:
        assert refused_fields(client, "/api/register", ADA | {"username": username}) == {"username"}, username
    assert all_users(container) == []


@ON_ONE_DATABASE
def test_reserved_usernames_are_refused_in_any_case(client, container):
    promised = {"admin", "administrator", "root", "support", "api", "system", "null", "undefined"}
    for username in promised | {word.title() for word in RESERVED_USERNAMES}:
        assert refused_fields(client, "/api/register", ADA | {"username": username}) == {"username"}
    assert all_users(container) == []


@ON_ONE_DATABASE
@pytest.mark.parametrize("username", ["a", "A1_", "x" * 30])
def test_a_username_stays_as_it_was_typed(client, container, username):
    assert client.ask("POST", "/api/register", ADA | {"username": username})[0] == 201
    assert user_with(container, ADA["email"]).username == username


@ON_ONE_DATABASE
def test_an_invalid_address_is_refused(client, container):
    for email in NO_ADDRESSES:
        assert refused_fields(client, "/api/register", ADA | {"email": email}) == {"email"}, email
    assert all_users(container) == []


@pytest.mark.parametrize("email", ["ada@bücher.example", "ada@xn--bcher-kva.example", "ADA@Bücher.EXAMPLE"])
def test_the_domain_of_an_address_is_stored_in_one_form(client, email):
    stored = client.ask("POST", "/api/register", ADA | {"email": email})[1]["data"]["email"]

    assert stored == f"{email[:3]}@xn--bcher-kva.example"


@ON_ONE_DATABASE
def test_a_password_that_is_easy_to_guess_or_out_of_bounds_is_refused(client, container):
    lovelace = {"username": "ada_lovelace", "email": "lovelace@example.org"}
    for password in NO_PASSWORDS:
        assert refused_fields(client, "/api/register", lovelace | {"password": password}) == {"password"}
    assert all_users(container) == []


@ON_ONE_DATABASE
@pytest.mark.parametrize(
    "password", ["zx9!kqpd", "x" + "correct horse " * 73, "пароль из слов", "🐎🔋📎🧷🪐🍋🧵🛶"]
)
def test_a_password_may_have_any_characters(client, new_client, password):
    assert client.ask("POST", "/api/register", ADA | {"password": password})[0] == 201

    credentials = {"email": ADA["email"], "password": password}
    assert new_client().ask("POST", "/api/login", credentials)[0] == 200
    assert new_client().code("POST", "/api/login", credentials | {"password": password[:-1]}) == 40101


@ON_ONE_DATABASE
def test_all_wrong_fields_are_named_at_once(client):
    misshapen = {"username": 1, "email": "ada\0", "surprise": True}
    assert refused_fields(client, "/api/register", misshapen) == {*misshapen, "password"}
    forbidden = {"username": "admin", "email": "ada", "password": "1234567"}
    assert refused_fields(client, "/api/register", forbidden) == set(forbidden)


@pytest.mark.parametrize("email", ["ada@example.org", "ADA@example.org", " Ada@Example.ORG "])
def test_an_address_is_taken_in_any_case(ada, client, container, email):
    assert client.code("POST", "/api/register", EVE | {"email": email}) == 40902

    assert [user.username for user in all_users(container)] == ["ada"]
    assert client.get_cookie(COOKIE) is None


@pytest.mark.parametrize("username", ["ada", "ADA", "Ada"])
def test_a_username_is_taken_in_any_case(ada, client, container, username):
    assert client.code("POST", "/api/register", EVE | {"username": username}) == 40903

    assert [user.email for user in all_users(container)] == ["ada@example.org"]
    assert client.get_cookie(COOKIE) is None


def test_one_of_many_racing_registrations_wins(new_client, container):
    def register(number):
        return new_client().ask("POST", "/api/register", ADA | {"username": f"ada{number}"})

    with ThreadPoolExecutor(6) as threads:
        answers = list(threads.map(register, range(6)))

    assert sorted(status for status, _ in answers) == [201] + [409] * 5
    assert {answer["errors"]["internal_error_code"] for status, answer in answers if status == 409} == {40902}
    [user] = all_users(container)
    assert len(events_of(container, user)) == 1


@ON_ONE_DATABASE
def test_an_answer_has_at_most_twenty_field_errors(client):
    status, answer = client.ask("POST", "/api/register", ADA | {"x" * n: 1 for n in range(1, 301)})

    assert status == 422
    assert sum(map(len, answer["errors"]["field_errors"].values())) == 20
