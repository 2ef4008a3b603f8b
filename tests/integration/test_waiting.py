"""Races over HTTP: the owner acts while the request of an intruder waits for its password hash."""

from threading import Event, Thread

import pytest
from dependency_injector import providers

from adapters.passwords import BcryptHasher
from tests.integration.conftest import ADA
from tests.integration.test_emails import token_of
from tests.samples import GOOD_PASSWORD

ANOTHER = "another horse battery"
# Of GOOD_PASSWORD, by plain bcrypt: a login replaces it.
OLD_HASH = "$2b$04$VdGzhM80vrQOhSedzVlmmOQ/QNUgKTyaZxM1tiec74ZIgvbEuqUL6"


class HeldHasher(BcryptHasher):
    """Waits in the middle of the next `verify` until it is told to go on."""

    def __init__(self):
        super().__init__(rounds=4)
        self.hold, self.waits, self.go_on = False, Event(), Event()

    def verify(self, password, password_hash):
        if self.hold:
            self.hold = False
            self.waits.set()
            assert self.go_on.wait(timeout=20)
        return super().verify(password, password_hash)


@pytest.fixture
def container(container):
    container.hasher.override(providers.Object(HeldHasher()))
    return container


@pytest.fixture
def hasher(container):
    return container.hasher()


def held(hasher, request, meanwhile):
    """The answer to a request that waits for its hash until `meanwhile` is over."""
    answers = []
    hasher.hold = True
    thread = Thread(target=lambda: answers.append(request()))
    thread.start()
    assert hasher.waits.wait(timeout=20)
    meanwhile()
    hasher.go_on.set()
    thread.join(timeout=20)
    return answers[0]


INTRUSIONS = [
    ("POST", "/api/email", {"email": "mine@evil.example", "current_password": GOOD_PASSWORD}),
    ("DELETE", "/api/user", {"current_password": GOOD_PASSWORD}),
    ("POST", "/api/password", {"current_password": GOOD_PASSWORD, "new_password": "the intruder's battery"}),
]


@pytest.mark.parametrize("intrusion", INTRUSIONS, ids=lambda intrusion: f"{intrusion[0]} {intrusion[1]}")
def test_a_reset_by_the_owner_stops_an_intruder_that_waits(ada, client, container, hasher, intrusion):
    assert client.ask("POST", "/api/password/forgot", {"email": ADA["email"]})[0] == 202
    token = token_of(container, "reset_password")

    def reset():
        body = {"token": token, "new_password": ANOTHER}
        assert client.ask("POST", "/api/password/reset", body)[0] == 200

    assert held(hasher, lambda: ada.code(*intrusion), meanwhile=reset) == 40102

    with container.look()() as stored:
        user = stored.users.by_email(ADA["email"])
        assert user is not None
        assert stored.links.exported(user.id, None).items == []
    login = {"email": ADA["email"], "password": ANOTHER}
    assert client.ask("POST", "/api/login", login)[0] == 200


def test_a_login_fails_when_a_reset_happens_during_the_hash(ada, client, container, hasher, new_client):
    client.ask("POST", "/api/password/forgot", {"email": ADA["email"]})
    body = {"token": token_of(container, "reset_password"), "new_password": ANOTHER}
    login = {"email": ADA["email"], "password": GOOD_PASSWORD}

    code = held(
        hasher,
        lambda: new_client().code("POST", "/api/login", login),
        meanwhile=lambda: client.ask("POST", "/api/password/reset", body),
    )

    assert code == 40101


def test_a_login_succeeds_when_another_login_replaces_the_hash(ada, container, hasher, new_client):
    with container.transaction()() as work:
        user = work.users.by_email(ADA["email"])
        user.password_hash = OLD_HASH
        work.users.save(user)
        work.commit()
    login = {"email": ADA["email"], "password": GOOD_PASSWORD}

    status, _ = held(
        hasher,
        lambda: new_client().ask("POST", "/api/login", login),
        meanwhile=lambda: new_client().ask("POST", "/api/login", login),
    )

    assert status == 200


def test_a_link_to_an_address_that_the_account_has_left_is_gone(ada, client, container):
    client.ask("POST", "/api/password/forgot", {"email": ADA["email"]})
    token = token_of(container, "reset_password")
    with container.transaction()() as work:
        user = work.users.by_email(ADA["email"])
        user.email = "new@example.org"
        work.users.save(user)
        work.commit()

    assert client.code("POST", "/api/password/reset", {"token": token, "new_password": ANOTHER}) == 41001
