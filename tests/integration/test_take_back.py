# ruff: noqa: F401, F811  # fixtures of another file
"""Limits that count failures only, over HTTP: correct requests are accepted, parallel guesses are refused."""

import pytest

from tests.integration.conftest import ADA
from tests.integration.test_emails import mails_of
from tests.integration.test_limits import CHANGE, CREDENTIALS, WRONG, from_ip, hasher, refused, settings
from tests.races import racing
from tests.samples import GOOD_PASSWORD

pytestmark = pytest.mark.usefixtures("clock")

EVE = ADA | {"username": "eve", "email": "eve@example.org"}
BACK = pytest.mark.parametrize("back", [{"hours": -1}, {"days": -2}])


def test_correct_logins_from_one_ip_lock_out_no_user(ada, new_client):
    for _ in range(110):
        assert new_client().ask("POST", "/api/login", CREDENTIALS)[0] == 200

    assert new_client().code("POST", "/api/login", CREDENTIALS | WRONG) == 40101


def test_at_most_ten_of_thirty_parallel_guesses_are_verified(ada, new_client, hasher):
    before = hasher.count
    clients = [new_client() for _ in range(30)]

    def guess(number):
        body = CREDENTIALS | WRONG
        return clients[number].code("POST", "/api/login", body, **from_ip(f"192.0.2.{number}"))

    codes = racing(guess, times=30)
    assert set(codes) <= {40101, 42901, 50301}  # a busy machine may run out of connections
    assert 0 < codes.count(40101) <= hasher.count - before <= 10


def test_thirty_parallel_logins_leave_room_for_ten_guesses(ada, new_client):
    clients = [new_client() for _ in range(30)]
    answers = racing(
        lambda number: clients[number].ask("POST", "/api/login", CREDENTIALS)[0], times=len(clients)
    )
    assert set(answers) <= {200, 429, 503} and 200 in answers

    for _ in range(10):
        assert new_client().code("POST", "/api/login", CREDENTIALS | WRONG) == 40101
    assert refused(new_client(), "POST", "/api/login", CREDENTIALS, 300)


def test_registering_a_taken_address_counts_no_mail(ada, new_client, container):
    for number in range(8):
        body = EVE | {"email": ADA["email"]}
        assert new_client().code("POST", "/api/register", body, **from_ip(f"192.0.2.{number}")) == 40902
    for _ in range(4):
        assert ada.ask("POST", "/api/email/verify/resend")[0] == 202

    assert refused(ada, "POST", "/api/email/verify/resend", None, 3600)


def test_a_change_to_a_taken_address_counts_no_mail(ada, new_client):
    eve = new_client()
    assert eve.ask("POST", "/api/register", EVE)[0] == 201
    for _ in range(8):
        assert eve.code("POST", "/api/email", CHANGE | {"email": ADA["email"]}) == 40902

    assert ada.ask("POST", "/api/email/verify/resend")[0] == 202


def test_a_link_for_an_unknown_address_counts_no_mail(client, new_client, container):
    for number in range(5):
        body = {"email": ADA["email"]}
        assert client.ask("POST", "/api/password/forgot", body, **from_ip(f"192.0.2.{number}"))[0] == 202
    assert new_client().ask("POST", "/api/register", ADA)[0] == 201

    assert mails_of(container) == [("verify_email", ADA["email"])]


def test_twenty_renames_a_day_and_ten_exports_an_hour_are_allowed(ada, clock):
    for number in range(20):
        assert ada.ask("PATCH", "/api/user", {"username": f"ada{number}"})[0] == 200
    assert refused(ada, "PATCH", "/api/user", {"username": "countess"}, 24 * 3600)
    for _ in range(10):
        assert ada.ask("GET", "/api/user/export")[0] == 200
    assert refused(ada, "GET", "/api/user/export", None, 3600)

    clock.advance(hours=1)
    assert ada.ask("GET", "/api/user/export")[0] == 200


@BACK
def test_no_count_holds_after_the_clock_was_set_back(ada, new_client, clock, back):
    for _ in range(10):
        assert new_client().code("POST", "/api/login", CREDENTIALS | WRONG) == 40101
    for _ in range(4):
        assert ada.ask("POST", "/api/email/verify/resend")[0] == 202
    clock.advance(**back)

    assert new_client().ask("POST", "/api/login", CREDENTIALS)[0] == 200
    # After one hour back, the count of the hour is over, and that of the day is not.
    assert ada.ask("POST", "/api/email/verify/resend")[0] == 202
    assert ada.ask("DELETE", "/api/user", {"current_password": GOOD_PASSWORD})[0] == 200


@BACK
def test_mail_is_delivered_after_the_clock_was_set_back(ada, container, clock, back):
    clock.advance(**back)

    assert container.delivery().deliver() == 1
