"""Rate limits over HTTP: which requests count, and which are accepted."""

import pytest
from dependency_injector import providers

from adapters.passwords import BcryptHasher
from application.ports import PasswordHasher
from entrypoints.settings import Settings
from tests.integration.conftest import ADA
from tests.integration.test_emails import (
    ANOTHER_PASSWORD,
    ON_ONE_DATABASE,
    SUCCESS,
    delivered,
    everything_stored,
    mails_of,
    token_of,
)
from tests.samples import GOOD_PASSWORD

pytestmark = pytest.mark.usefixtures("clock")

CREDENTIALS = {"email": ADA["email"], "password": GOOD_PASSWORD}
WRONG = {"password": "wrong horse battery"}
CHANGE = {"email": "countess@example.org", "current_password": GOOD_PASSWORD}


class CountingHasher(PasswordHasher):
    def __init__(self):
        self.inner, self.count = BcryptHasher(rounds=4), 0

    def hash(self, password):
        self.count += 1
        return self.inner.hash(password)

    def verify(self, password, password_hash):
        self.count += 1
        return self.inner.verify(password, password_hash)

    def outdated(self, password_hash):
        return self.inner.outdated(password_hash)


@pytest.fixture
def settings(database_url):
    return Settings(
        _env_file=None, database_url=database_url, bcrypt_rounds=4, base_url="http://localhost", limits="on"
    )


@pytest.fixture(autouse=True)
def hasher(container):
    hasher = CountingHasher()
    container.hasher.override(providers.Object(hasher))
    return hasher


def from_ip(ip, **headers):
    return {
        "environ_base": {"REMOTE_ADDR": ip},
        "headers": {name.replace("_", "-"): value for name, value in headers.items()},
    }


def refused(client, method, path, body, wait, **options):
    """The request is refused with 42901, and Retry-After is `wait`."""
    response = client.open(path, method=method, json=body, **options)
    errors = response.get_json().get("errors", {"internal_error_code": response.status_code})
    assert (response.status_code, errors["internal_error_code"]) == (429, 42901)
    assert errors["display_error"] and "field_errors" not in errors
    assert response.headers["Retry-After"] == str(wait)
    assert response.headers.getlist("Set-Cookie") == []
    return True


def guess(client, times, email=ADA["email"], ip="192.0.2.{}"):
    for number in range(times):
        body = CREDENTIALS | WRONG | {"email": email}
        assert client.code("POST", "/api/login", body, **from_ip(ip.format(number))) == 40101


def test_an_address_has_ten_wrong_passwords_in_five_minutes(ada, client, clock, hasher):
    guess(client, 9)
    clock.advance(seconds=100)
    guess(client, 1, email=" ADA@example.org ")  # in any spelling
    before = hasher.count

    for body in (CREDENTIALS, CREDENTIALS | WRONG, CREDENTIALS | {"email": "ADA@Example.org"}):
        assert refused(client, "POST", "/api/login", body, 200, **from_ip("198.51.100.1"))
    assert hasher.count == before

    clock.advance(seconds=199)
    assert refused(client, "POST", "/api/login", CREDENTIALS, 1)
    clock.advance(seconds=1)
    assert client.ask("POST", "/api/login", CREDENTIALS)[0] == 200


def test_an_unknown_address_is_refused_like_a_known_one(ada, client, hasher):
    answers = []
    for email in (ADA["email"], "unknown@example.org"):
        guess(client, 10, email)
        response = client.post("/api/login", json=CREDENTIALS | {"email": email}, **from_ip("198.51.100.1"))
        answers.append((response.status_code, response.data, response.headers["Retry-After"]))

    assert answers[0] == answers[1]
    assert answers[0][0] == 429


def test_an_ip_has_a_hundred_wrong_passwords_for_all_addresses_together(ada, client, hasher):
    for number in range(100):
        body = CREDENTIALS | {"email": f"unknown{number}@example.org"}
        assert client.code("POST", "/api/login", body, **from_ip("192.0.2.1")) == 40101
    before = hasher.count

    assert refused(client, "POST", "/api/login", CREDENTIALS, 300, **from_ip("192.0.2.1"))
    assert hasher.count == before
    assert client.ask("POST", "/api/login", CREDENTIALS, **from_ip("192.0.2.2"))[0] == 200


def test_an_ipv6_client_is_counted_by_its_network(ada, client):
    for number in range(100):
        body = CREDENTIALS | {"email": f"unknown{number}@example.org"}
        assert client.code("POST", "/api/login", body, **from_ip(f"2001:db8:1:2:{number}::{number}")) == 40101

    assert refused(client, "POST", "/api/login", CREDENTIALS, 300, **from_ip("2001:db8:1:2:ffff::"))
    assert client.ask("POST", "/api/login", CREDENTIALS, **from_ip("2001:db8:1:3::1"))[0] == 200


@ON_ONE_DATABASE
def test_an_ipv4_address_is_the_same_in_its_ipv6_form(ada, client):
    for number in range(10):
        guess(client, 10, f"unknown{number}@example.org", "::ffff:192.0.2.1")

    assert refused(client, "POST", "/api/login", CREDENTIALS, 300, **from_ip("192.0.2.1"))


def test_wrong_current_passwords_count_like_failed_logins(ada, client, hasher, container):
    body = {"current_password": WRONG["password"]}
    calls = [
        ("POST", "/api/email", body | {"email": "countess@example.org"}),
        ("POST", "/api/password", body | {"new_password": ANOTHER_PASSWORD}),
        ("DELETE", "/api/user", body),
    ]
    for number in range(10):
        method, path, sent = calls[number % 3]
        assert ada.code(method, path, sent, **from_ip(f"192.0.2.{number}")) == 40303
    before = hasher.count

    for method, path, sent in calls:
        good = sent | {"current_password": GOOD_PASSWORD}
        assert refused(ada, method, path, good, 300, **from_ip("198.51.100.1"))
    assert refused(client, "POST", "/api/login", CREDENTIALS, 300, **from_ip("198.51.100.1"))
    assert hasher.count == before
    assert mails_of(container) == [("verify_email", ADA["email"])]


def test_a_missing_current_password_does_not_count(ada):
    for _ in range(12):
        assert ada.code("DELETE", "/api/user", {}) == 40303

    assert ada.ask("DELETE", "/api/user", {"current_password": GOOD_PASSWORD}) == (200, SUCCESS)


def test_the_owner_of_a_locked_out_address_keeps_sessions_and_can_reset_the_password(
    ada, client, new_client, container
):
    guess(client, 10)
    assert refused(client, "POST", "/api/login", CREDENTIALS, 300, **from_ip("198.51.100.1"))

    # The sessions stay valid.
    assert ada.ask("GET", "/api/user")[0] == 200
    assert ada.ask("PATCH", "/api/user", {"username": "countess"})[0] == 200
    # A reset link unlocks the address.
    assert (
        client.ask("POST", "/api/password/forgot", {"email": ADA["email"]}, **from_ip("198.51.100.1"))[0]
        == 202
    )
    body = {"token": token_of(container, "reset_password"), "new_password": ANOTHER_PASSWORD}
    assert client.ask("POST", "/api/password/reset", body, **from_ip("198.51.100.1"))[0] == 200
    login = CREDENTIALS | {"password": ANOTHER_PASSWORD}
    assert new_client().ask("POST", "/api/login", login, **from_ip("198.51.100.1"))[0] == 200


def test_an_ip_registers_thirty_accounts_an_hour(new_client, hasher):
    def register(number, ip):
        body = ADA | {"username": f"ada{number}", "email": f"ada{number}@example.org"}
        return "POST", "/api/register", body, from_ip(ip)

    for number in range(30):
        *request, options = register(number, "192.0.2.1")
        assert new_client().ask(*request, **options)[0] == 201
    before = hasher.count

    *request, options = register(30, "192.0.2.1")
    assert refused(new_client(), *request, 3600, **options)
    assert hasher.count == before
    *request, options = register(30, "192.0.2.2")
    assert new_client().ask(*request, **options)[0] == 201


def test_an_address_is_sent_five_links_in_an_hour_and_twenty_in_a_day(client, container, clock):
    sent = 0
    body = {"email": ADA["email"]}
    for _ in range(4):
        for _ in range(5):
            sent += 1
            assert client.ask("POST", "/api/password/forgot", body, **from_ip(f"192.0.2.{sent}"))[0] == 202
        assert refused(client, "POST", "/api/password/forgot", body, 3600)
        clock.advance(hours=1)

    assert refused(client, "POST", "/api/password/forgot", body, 20 * 3600)
    clock.advance(hours=20)
    assert client.ask("POST", "/api/password/forgot", body)[0] == 202


def test_links_of_all_kinds_count_together_and_refused_ones_are_not_sent(ada, client, container):
    for _ in range(2):
        assert ada.ask("POST", "/api/email/verify/resend")[0] == 202
        assert client.ask("POST", "/api/password/forgot", {"email": ADA["email"]})[0] == 202
    while ada.ask("POST", "/api/email/verify/resend")[0] == 202:
        assert len(mails_of(container)) <= 6
    before = mails_of(container)

    assert refused(ada, "POST", "/api/email/verify/resend", None, 3600)
    # The answer to a stranger stays the same: a refusal would tell which address has an account.
    for email in (ADA["email"], "unknown@example.org"):
        asked = 2 if email == ADA["email"] else 0
        while asked < 5:
            assert client.ask("POST", "/api/password/forgot", {"email": f" {email.upper()}"})[0] == 202
            asked += 1
        assert refused(client, "POST", "/api/password/forgot", {"email": email}, 3600)
    assert mails_of(container) == before


def test_links_to_a_new_address_count_for_the_address_and_not_for_the_client(
    ada, client, new_client, container
):
    for number in range(5):
        assert ada.ask("POST", "/api/email", CHANGE, **from_ip(f"192.0.2.{number}"))[0] == 202

    assert refused(ada, "POST", "/api/email", CHANGE, 3600, **from_ip("198.51.100.1"))
    other = CHANGE | {"email": "other@example.org"}
    assert ada.ask("POST", "/api/email", other, **from_ip("198.51.100.1"))[0] == 202
    assert [recipient for _, recipient in mails_of(container)].count(CHANGE["email"]) == 5


def test_repeated_registrations_send_no_more_links_than_the_limit(client, container):
    """A mailbox is not flooded by registering and deleting its address again and again."""
    sent = []
    for number in range(8):
        options = from_ip(f"192.0.2.{number}")
        client.ask("POST", "/api/register", ADA, **options)
        sent += delivered(container)
        client.ask("DELETE", "/api/user", {"current_password": GOOD_PASSWORD}, **options)

    assert 1 <= len([mail for mail in sent if mail.kind == "verify_email"]) <= 5


@ON_ONE_DATABASE
def test_the_subject_of_a_limit_is_stored_as_a_hash(ada, client, engines):
    guess(client, 1, "a.person@example.org", "203.0.113.9")
    [counters] = [[row for row in everything_stored(engines).splitlines() if row.startswith("limits")]]

    assert len(counters) >= 3
    for trace in ("a.person", "203.0.113", "email", "login"):
        assert not any(trace in row for row in counters)


@ON_ONE_DATABASE
def test_without_limits_nothing_is_counted(container, client_of, database_url, clock):
    container.settings.override(
        providers.Object(
            Settings(_env_file=None, database_url=database_url, base_url="http://localhost", limits="off")
        )
    )
    for _ in range(12):
        assert client_of(container).code("POST", "/api/login", CREDENTIALS) == 40101


@pytest.fixture
def behind(container, client_of, database_url):
    """A function: a client of the site with these trusted proxies."""

    def build(proxies):
        known = {"database_url": database_url, "base_url": "http://localhost", "bcrypt_rounds": 4}
        if proxies:
            known["trusted_proxies"] = proxies
        container.settings.override(providers.Object(Settings(_env_file=None, **known)))
        return client_of(container)

    return build


@ON_ONE_DATABASE
@pytest.mark.parametrize(
    "proxies, peer, forwarded, counted",
    [
        ("10.0.0.0/8", "10.0.0.1", "198.51.100.{}", False),  # the proxy reports each client
        (
            "10.0.0.0/8",
            "10.0.0.1",
            "198.51.100.{}, 203.0.113.5",
            True,
        ),  # only the address that the proxy added counts
        ("10.0.0.0/8", "10.0.0.1", "198.51.100.{}, 203.0.113.5, 10.0.0.2", True),  # several proxies
        ("10.0.0.0/8", "10.0.0.1", "198.51.100.{}, nonsense", True),
        ("10.0.0.0/8", "203.0.113.5", "198.51.100.{}", True),  # the peer is no trusted proxy
        ("", "10.0.0.1", "198.51.100.{}", True),  # no proxy is trusted
    ],
)
def test_a_forwarded_address_is_believed_from_a_trusted_proxy_only(behind, proxies, peer, forwarded, counted):
    client = behind(proxies)

    for number in range(100):
        body = CREDENTIALS | {"email": f"unknown{number}@example.org"}
        options = from_ip(peer, X_Forwarded_For=forwarded.format(number))
        assert client.code("POST", "/api/login", body, **options) == 40101

    options = from_ip(peer, X_Forwarded_For=forwarded.format(100))
    code = client.code("POST", "/api/login", CREDENTIALS, **options)
    assert code == (42901 if counted else 40101)
