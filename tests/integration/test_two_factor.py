"""The second factor over HTTP, with the codes of a real app (pyotp)."""

from concurrent.futures import ThreadPoolExecutor

import pyotp
import pytest

from domain.two_factor import RECOVERY_CODES, STEP_SECONDS
from tests.integration.conftest import ADA, COOKIE
from tests.races import racing
from tests.samples import GOOD_PASSWORD

PASSWORD = {"current_password": GOOD_PASSWORD}
LOGIN = {"email": ADA["email"], "password": GOOD_PASSWORD}


class App:
    """An authenticator app, with the clock of the test."""

    def __init__(self, secret, clock):
        self.totp, self.clock = pyotp.TOTP(secret), clock

    def code(self, steps=0):
        return self.totp.at(int(self.clock().timestamp()) + steps * STEP_SECONDS)


@pytest.fixture(autouse=True)
def _clock_before_the_application(clock):
    """The services take the clock when the application is made."""


@pytest.fixture
def phone(clock, ada):
    """The app of ada, whose factor is on. The next time step has begun."""
    status, answer = ada.ask("POST", "/api/two-factor", PASSWORD)
    assert status == 200
    phone = App(answer["data"]["secret"], clock)
    status, answer = ada.ask("POST", "/api/two-factor/confirm", {"code": phone.code()})
    assert status == 200
    phone.recovery_codes = answer["data"]["recovery_codes"]
    clock.advance(seconds=STEP_SECONDS)
    return phone


@pytest.fixture
def begun(phone, client):
    """A client whose login waits for the code."""
    assert client.code("POST", "/api/login", LOGIN) == 40103
    return client


def test_the_setup_has_a_secret_a_url_and_a_picture(ada):
    data = ada.ask("POST", "/api/two-factor", PASSWORD)[1]["data"]
    assert pyotp.parse_uri(data["otpauth_url"]).secret == data["secret"]
    assert len(data["secret"]) == 32
    assert data["qr_svg"].startswith("<svg")
    for forbidden in ("style", "script", data["secret"]):
        assert forbidden not in data["qr_svg"]


def test_a_factor_is_set_up_and_asked_for(ada, phone, new_client):
    assert len(phone.recovery_codes) == RECOVERY_CODES
    client = new_client()
    response = client.post("/api/login", json=LOGIN | {"remember": True})
    assert (response.status_code, response.get_json()["errors"]["internal_error_code"]) == (401, 40103)
    assert "HttpOnly" in response.headers["Set-Cookie"]
    assert "data" not in response.get_json()

    for method, path in (("GET", "/api/user"), ("POST", "/api/teams"), ("DELETE", "/api/sessions")):
        assert client.code(method, path, {} if method == "POST" else None) == 40103
    status, answer = client.ask("POST", "/api/login/two-factor", {"code": phone.code()})
    assert (status, answer["data"]["username"]) == (200, "ada")
    assert client.ask("GET", "/api/user")[0] == 200
    assert len(ada.ask("GET", "/api/sessions")[1]["data"]) == 2


def test_the_cookie_of_a_pending_login_is_no_session(begun, phone):
    old = begun.get_cookie(COOKIE).value
    begun.ask("POST", "/api/login/two-factor", {"code": phone.code()})
    assert begun.get_cookie(COOKIE).value != old
    begun.set_cookie(COOKIE, old)
    assert begun.code("GET", "/api/user") == 40102


def test_wrong_codes_end_a_pending_login(begun, phone):
    for _ in range(10):
        assert begun.code("POST", "/api/login/two-factor", {"code": "000000"}) == 40103
    assert begun.code("POST", "/api/login/two-factor", {"code": phone.code()}) == 40102
    assert begun.code("GET", "/api/user") == 40102


def test_a_pending_login_ends_after_five_minutes(begun, phone, clock):
    clock.advance(minutes=5)
    assert begun.code("POST", "/api/login/two-factor", {"code": phone.code()}) == 40102


def test_a_client_without_a_pending_login_is_refused(client, ada):
    for each in (client, ada):
        assert each.code("POST", "/api/login/two-factor", {"code": "000000"}) == 40102
    assert ada.ask("GET", "/api/user")[0] == 200


def test_a_recovery_code_replaces_the_phone(begun, phone):
    assert begun.ask("POST", "/api/login/two-factor", {"code": phone.recovery_codes[0]})[0] == 200


@pytest.mark.parametrize("kind", ["app", "recovery"])
def test_one_of_twenty_logins_with_one_code_succeeds(phone, new_client, kind):
    code = phone.code() if kind == "app" else phone.recovery_codes[0]
    clients = [new_client() for _ in range(20)]
    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(lambda client: client.code("POST", "/api/login", LOGIN), clients)) == {40103}

    def log_in(number):
        status, answer = clients[number].ask("POST", "/api/login/two-factor", {"code": code})
        return status if status == 200 else answer["errors"]["internal_error_code"]

    answers = racing(log_in, 20)
    assert answers.count(200) == 1
    assert set(answers) <= {200, 40103, 50301}


def test_the_factor_is_switched_off_by_password_and_code(ada, phone, client):
    assert ada.code("DELETE", "/api/two-factor", {"code": phone.code()}) == 40303
    assert ada.code("DELETE", "/api/two-factor", PASSWORD | {"code": "000000"}) == 42201
    assert ada.ask("DELETE", "/api/two-factor", PASSWORD | {"code": phone.code()})[0] == 200
    assert client.ask("POST", "/api/login", LOGIN)[0] == 200
    assert ada.code("DELETE", "/api/two-factor", PASSWORD | {"code": phone.code(1)}) == 40909


def test_recovery_codes_are_renewed(ada, phone, begun):
    status, answer = ada.ask("POST", "/api/two-factor/recovery-codes", PASSWORD | {"code": phone.code()})
    assert status == 200
    assert begun.code("POST", "/api/login/two-factor", {"code": phone.recovery_codes[0]}) == 40103
    new = answer["data"]["recovery_codes"]
    assert begun.ask("POST", "/api/login/two-factor", {"code": new[0]})[0] == 200


def test_a_proof_replaces_the_password_for_ten_minutes(ada, phone, clock):
    change = {"email": "countess@example.org"}
    clock.advance(minutes=10)  # the setup was a proof
    assert ada.code("DELETE", "/api/user", {}) == 40303
    assert ada.code("POST", "/api/reauthentication", {}) == 40303
    assert ada.code("POST", "/api/reauthentication", {"code": "000000"}) == 40303
    assert ada.ask("POST", "/api/reauthentication", {"code": phone.code()})[0] == 200
    assert ada.ask("POST", "/api/email", change | {"current_password": ""})[0] == 202
    clock.advance(minutes=10)
    assert ada.code("POST", "/api/email", change | {"current_password": ""}) == 40303
    assert ada.ask("POST", "/api/reauthentication", PASSWORD)[0] == 200
    assert ada.ask("DELETE", "/api/user", {})[0] == 200


def test_no_answer_but_the_setup_shows_the_secret(ada, phone):
    for path in (
        "/api/user",
        "/api/user/export",
        "/api/user/events",
        "/settings/security",
        "/settings/two-factor",
    ):
        text = ada.get(path).text
        assert phone.totp.secret not in text, path
        assert not any(code in text for code in phone.recovery_codes), path


def test_a_team_needs_a_factor_of_its_members(ada, phone, new_client):
    team = ada.ask("POST", "/api/teams", {"name": "Analysts"})[1]["data"]
    assert team["needs_two_factor"] is False
    status, answer = ada.ask("POST", f"/api/teams/{team['id']}/two-factor", {"needed": True})
    assert (status, answer["data"]["needs_two_factor"]) == (200, True)
    assert ada.ask("GET", f"/api/teams/{team['id']}")[0] == 200
    ada.ask("DELETE", "/api/two-factor", PASSWORD | {"code": phone.code()})
    assert ada.code("GET", f"/api/teams/{team['id']}") == 40301


@pytest.mark.flask_only
def test_the_page_of_a_team_leads_to_the_setup(ada, phone):
    team = ada.ask("POST", "/api/teams", {"name": "Analysts"})[1]["data"]["id"]
    assert ada.ask("POST", f"/api/teams/{team}/two-factor", {"needed": True})[0] == 200
    assert ada.get(f"/teams/{team}").status_code == 200
    ada.ask("DELETE", "/api/two-factor", PASSWORD | {"code": phone.code()})
    response = ada.get(f"/teams/{team}")
    assert (response.status_code, response.headers["Location"]) == (302, "/settings/two-factor")
