import bcrypt
import pytest
from dependency_injector import providers
from sqlalchemy import select

from adapters.sql.events import events
from adapters.sql.sessions import sessions
from domain.secrets import hash_of
from entrypoints.settings import Settings
from tests.integration.conftest import ADA, COOKIE, of_flask
from tests.samples import GOOD_PASSWORD

CREDENTIALS = {"email": ADA["email"], "password": GOOD_PASSWORD}
REMEMBERED = CREDENTIALS | {"remember": True}
FORTNIGHT = 14 * 86_400
SITE = "https://app.example.com"

ON_ONE_DATABASE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


pytestmark = pytest.mark.usefixtures("clock")


@pytest.fixture
def production(container, client_of):
    """A client without a session, of a site in production."""
    settings = Settings(
        _env_file=None,
        app_env="production",
        database_url=container.settings().database_url,
        base_url=SITE,
        mail_url="smtp://mail.example.com:25",
    )
    container.settings.override(providers.Object(settings))
    return client_of(container)


def set_cookies(response):
    """Each cookie that is set: its value, and its attributes."""
    found = {}
    for header in response.headers.getlist("Set-Cookie"):
        pair, *attributes = header.split("; ")
        name, _, value = pair.partition("=")
        assert name not in found
        found[name] = (value, set(attributes))
    return found


def secret_of(client):
    return client.get_cookie(COOKIE).value


def with_cookie(client, secret):
    client.set_cookie(COOKIE, secret)
    return client


def logged_in(client, credentials=CREDENTIALS):
    assert client.ask("POST", "/api/login", credentials)[0] == 200
    return client


def stored_session(container, client):
    with container.look()() as stored:
        return stored.sessions.find(hash_of(secret_of(client)), container.now()())[0]


def events_of(container):
    with container.look()() as stored:
        user = stored.users.by_email(ADA["email"])
        return user, stored.events.about(user.id, None, 100).items


def test_logging_in_answers_the_user(ada, client):
    status, answer = client.ask("POST", "/api/login", CREDENTIALS)

    user = ada.ask("GET", "/api/user")[1]["data"]
    assert (status, answer) == (200, {"message": "success", "data": user})
    assert client.ask("GET", "/api/user") == (200, {"data": user})


@pytest.mark.parametrize("email", ["ADA@example.org", " ada@EXAMPLE.org\n"])
def test_the_address_may_be_typed_in_any_case(ada, client, email):
    assert client.ask("POST", "/api/login", CREDENTIALS | {"email": email})[0] == 200


def test_a_session_stores_hash_and_client(ada, client, container, clock):
    client.post("/api/login", json=REMEMBERED, headers={"User-Agent": "Engine\t1.0" + "x" * 300})

    session = stored_session(container, client)
    assert (session.remembered, session.ip) == (True, "127.0.0.1")
    assert session.user_agent == ("Engine 1.0" + "x" * 300)[:200]
    assert session.created_at == session.last_seen_at == clock.now
    assert (session.expires_at - clock.now).total_seconds() == FORTNIGHT


def test_the_secret_itself_is_not_stored(ada, engines):
    with engines.reader.connect() as connection:
        rows = connection.execute(select(sessions)).all()
    assert len(rows) == 1
    assert secret_of(ada) not in str(rows)


@ON_ONE_DATABASE
@pytest.mark.parametrize("body", [CREDENTIALS, CREDENTIALS | {"remember": False}])
def test_without_remember_the_cookie_ends_with_the_browser(ada, client, body):
    [(_, attributes)] = set_cookies(client.post("/api/login", json=body)).values()
    assert attributes == {"HttpOnly", "SameSite=Lax", "Path=/"}


@ON_ONE_DATABASE
def test_with_remember_the_cookie_lasts_as_long_as_an_unused_session(ada, client):
    cookies = set_cookies(client.post("/api/login", json=REMEMBERED))

    assert list(cookies) == [COOKIE]
    attributes = {name for name in cookies[COOKIE][1] if not name.startswith("Expires=")}
    assert attributes == {"HttpOnly", "SameSite=Lax", "Path=/", f"Max-Age={FORTNIGHT}"}


@ON_ONE_DATABASE
def test_in_production_the_cookie_is_for_this_host_over_tls_only(production):
    response = production.post("/api/register", json=ADA, base_url=SITE)
    cookies = set_cookies(response)
    assert list(cookies) == ["__Host-session"]
    assert cookies["__Host-session"][1] == {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"}
    assert response.headers["Strict-Transport-Security"] == "max-age=31536000"
    assert production.ask("GET", "/api/user", base_url=SITE)[0] == 200

    gone = set_cookies(production.post("/api/logout", base_url=SITE))
    value, attributes = gone["__Host-session"]
    assert (value, attributes >= {"Secure", "Max-Age=0", "Path=/"}) == ("", True)


@ON_ONE_DATABASE
def test_in_production_a_cookie_without_the_prefix_is_ignored(production):
    assert production.ask("POST", "/api/register", ADA, base_url=SITE)[0] == 201
    secret = production.get_cookie("__Host-session", domain="app.example.com").value
    production.delete_cookie("__Host-session", domain="app.example.com")
    production.set_cookie(COOKIE, secret, domain="app.example.com")

    assert production.code("GET", "/api/user", base_url=SITE) == 40102


@ON_ONE_DATABASE
def test_the_ip_from_a_trusted_proxy_is_stored(container, client_of, engines):
    known = {"database_url": container.settings().database_url, "base_url": "http://localhost"}
    proxies = Settings(_env_file=None, trusted_proxies="127.0.0.1", **known)
    container.settings.override(providers.Object(proxies))
    headers = {"X-Forwarded-For": "198.51.100.1, 2001:DB8::1"}

    client_of(container).post("/api/register", json=ADA, headers=headers)

    with engines.reader.connect() as connection:
        assert connection.scalar(select(sessions.c.ip)) == "2001:db8::1"


def test_a_wrong_password_and_an_unknown_address_get_the_same_answer(ada, client):
    passwords = ["wrong horse battery", GOOD_PASSWORD.upper(), GOOD_PASSWORD + " ", ""]
    emails = ["unknown@example.org", "no address", "' OR 1=1 --", ""]
    wrong = [{"password": password} for password in passwords] + [{"email": email} for email in emails]
    responses = [client.post("/api/login", json=CREDENTIALS | each) for each in wrong]

    for response in responses:
        assert response.get_json()["errors"]["internal_error_code"] == 40101
        assert (response.status_code, response.data) == (401, responses[0].data)
        del response.headers["X-Request-ID"]
        assert list(response.headers) == list(responses[0].headers)
    assert client.get_cookie(COOKIE) is None


def test_a_failed_login_ends_no_session_and_is_recorded(ada, container):
    assert ada.code("POST", "/api/login", CREDENTIALS | {"password": "wrong horse"}) == 40101

    assert ada.ask("GET", "/api/user")[0] == 200
    user, (failed, *_) = events_of(container)
    assert (failed.tag, failed.user_id, failed.actor_id) == ("login_failed", user.id, None)
    assert (failed.ip, failed.detail) == ("127.0.0.1", "")


def test_a_failed_login_without_an_account_is_recorded(client, engines):
    assert client.code("POST", "/api/login", CREDENTIALS) == 40101

    with engines.reader.connect() as connection:
        [event] = connection.execute(select(events.c.tag, events.c.user_id, events.c.detail)).all()
    assert event == ("login_failed", None, "")


def test_logins_and_logouts_are_recorded(ada, client, container, clock):
    clock.advance(seconds=1)
    logged_in(client)
    clock.advance(seconds=1)
    client.ask("POST", "/api/logout")

    user, told = events_of(container)
    assert [event.tag for event in told] == ["logged_out", "logged_in", "registered"]
    assert {event.actor_id for event in told} == {user.id}
    assert told[0].created_at == clock.now


def test_a_plain_bcrypt_hash_logs_in_and_is_replaced(ada, client, container):
    with container.transaction()() as work:
        user = work.users.by_email(ADA["email"])
        user.password_hash = bcrypt.hashpw(GOOD_PASSWORD.encode(), bcrypt.gensalt(4)).decode()
        work.users.save(user)
        work.commit()

    logged_in(client)

    with container.look()() as stored:
        assert stored.users.by_email(ADA["email"]).password_hash.startswith("$bcrypt-sha256$")
    logged_in(client)


def test_a_login_renews_the_session(ada, new_client):
    before = secret_of(ada)

    logged_in(ada)

    assert secret_of(ada) != before
    assert ada.ask("GET", "/api/user")[0] == 200
    assert with_cookie(new_client(), before).code("GET", "/api/user") == 40102


def test_a_login_of_another_client_ends_no_session(ada, client):
    logged_in(client)

    assert ada.ask("GET", "/api/user")[0] == 200


@ON_ONE_DATABASE
def test_a_login_never_keeps_the_session_that_the_client_sent(ada, client):
    logged_in(with_cookie(client, "chosen-by-eve"))

    assert secret_of(client) != "chosen-by-eve"
    assert with_cookie(client, "chosen-by-eve").code("GET", "/api/user") == 40102


@pytest.mark.parametrize("path, status", [("/api/logout", 200), of_flask("/logout", 303)])
def test_a_cookie_replayed_after_logout_is_no_login(ada, new_client, engines, path, status):
    secret = secret_of(ada)

    response = ada.post(path)

    assert response.status_code == status
    value, attributes = set_cookies(response)[COOKIE]
    assert (value, attributes >= {"Max-Age=0", "Path=/", "HttpOnly"}) == ("", True)
    replayed = with_cookie(new_client(), secret)
    assert replayed.code("GET", "/api/user") == 40102
    assert replayed.code("POST", "/api/email", {"email": "eve@example.org"}) == 40102
    with engines.reader.connect() as connection:
        assert connection.execute(select(sessions)).all() == []


def test_logging_out_answers_success_and_leaves_other_sessions_alone(ada, client):
    logged_in(client)

    assert client.ask("POST", "/api/logout") == (200, {"message": "success"})
    assert client.code("POST", "/api/logout") == 40102
    assert ada.ask("GET", "/api/user")[0] == 200


@pytest.mark.parametrize("credentials, seconds", [(CREDENTIALS, 12 * 3600), (REMEMBERED, FORTNIGHT)])
def test_an_unused_session_ends(ada, client, clock, credentials, seconds):
    logged_in(client, credentials)

    clock.advance(seconds=seconds - 1)
    assert client.ask("GET", "/api/user")[0] == 200  # this uses the session
    clock.advance(seconds=seconds - 1)
    assert client.ask("GET", "/api/user")[0] == 200
    clock.advance(seconds=seconds)
    assert client.code("GET", "/api/user") == 40102


def test_a_used_session_ends_after_ninety_days(ada, client, clock):
    logged_in(client, REMEMBERED)

    for _ in range(8):
        clock.advance(days=10)
        assert client.ask("GET", "/api/user")[0] == 200
    clock.advance(days=10, seconds=-1)
    assert client.ask("GET", "/api/user")[0] == 200
    clock.advance(seconds=1)
    assert client.code("GET", "/api/user") == 40102


@ON_ONE_DATABASE
def test_the_lifetime_of_sessions_is_configurable(container, client_of, clock):
    known = {"database_url": container.settings().database_url, "base_url": "http://localhost"}
    lives = {"session_idle": 60, "session_idle_remembered": 120, "session_max": 150}
    container.settings.override(providers.Object(Settings(_env_file=None, **known, **lives)))
    client = client_of(container)
    client.post("/api/register", json=ADA)

    cookies = set_cookies(client.post("/api/login", json=REMEMBERED))
    assert "Max-Age=120" in cookies[COOKIE][1]
    alive = []
    for _ in range(2):
        clock.advance(seconds=100)
        alive.append(client.get("/api/user").status_code)
    assert alive == [200, 401]


def test_the_cookie_of_a_remembered_session_is_prolonged_once_a_minute(ada, client, clock):
    logged_in(client, REMEMBERED)
    secret = secret_of(client)

    clock.advance(seconds=59)
    assert set_cookies(client.get("/api/user")) == {}
    for _ in range(2):
        clock.advance(seconds=60)
        value, attributes = set_cookies(client.get("/api/user"))[COOKIE]
        assert value == secret
        assert attributes >= {"HttpOnly", "SameSite=Lax", "Path=/", f"Max-Age={FORTNIGHT}"}
        assert set_cookies(client.get("/api/user")) == {}


def test_the_use_of_a_session_is_stored_once_a_minute(ada, container, clock):
    start = clock.now

    clock.advance(seconds=59)
    ada.get("/api/user")
    assert stored_session(container, ada).last_seen_at == start
    clock.advance(seconds=1)
    assert set_cookies(ada.get("/api/user")) == {}  # the cookie ends with the browser
    session = stored_session(container, ada)
    assert session.last_seen_at == clock.now
    assert (session.expires_at - clock.now).total_seconds() == 12 * 3600


@pytest.mark.parametrize("path", ["/api/logout", of_flask("/logout")])
def test_logging_out_does_not_prolong_the_cookie(ada, client, clock, path):
    logged_in(client, REMEMBERED)
    clock.advance(minutes=5)

    assert set_cookies(client.post(path))[COOKIE][0] == ""


def test_a_login_in_a_remembered_session_sets_the_new_cookie_only(ada, client, clock):
    logged_in(client, REMEMBERED)
    before = secret_of(client)
    clock.advance(minutes=5)

    cookies = set_cookies(client.post("/api/login", json=CREDENTIALS))
    assert cookies[COOKIE][0] not in {"", before}
