"""The second factor, as a person uses it. The app is pyotp."""

import re
import time

import pyotp
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import IPHONE, Person, Site, Visit, log_in, opened_row

CODE = re.compile(r"(?:[a-z2-7]{4}-){3}[a-z2-7]{4}")


def set_up(page: Page, person: Person) -> tuple[pyotp.TOTP, list[str]]:
    """The app and the recovery codes, after the steps of the page."""
    page.goto("/settings/security")
    page.get_by_role("link", name="Two-factor authentication").click()
    page.get_by_label("Current password", exact=True).fill(person.password)
    page.get_by_role("button", name="Set up").click()
    expect(page.get_by_role("img", name="QR code for your app")).to_be_visible()
    app = pyotp.TOTP(page.locator(".key").inner_text())
    page.get_by_label("Code", exact=True).fill("000 000")
    page.get_by_role("button", name="Switch on").click()
    expect(page.locator("#code-error")).to_have_text("Wrong code.")
    page.get_by_label("Code", exact=True).fill(app.now())
    page.get_by_role("button", name="Switch on").click()
    expect(page.get_by_role("heading", name="Your recovery codes")).to_be_visible()
    codes = CODE.findall(page.locator("#codes-text").inner_text())
    assert len(codes) == 10
    page.get_by_role("link", name="I've saved them").click()
    expect(page.get_by_text("10 left")).to_be_visible()
    return app, codes


def code_is_due(visit: Visit, person: Person, path: str = "/settings/history") -> Page:
    """Another browser, where the password was right."""
    page = visit(path, user_agent=IPHONE)
    log_in(page, person)
    expect(page.get_by_role("heading", name="Enter your code")).to_be_visible()
    return page


def answer(page: Page, code: str) -> None:
    page.get_by_label("Code", exact=True).fill(code)
    page.get_by_role("button", name="Log in").click()


def test_a_person_logs_in_with_the_app_and_with_a_recovery_code(visit: Visit, person: Person) -> None:
    app, codes = set_up(visit("/settings", person), person)

    page = code_is_due(visit, person)
    answer(page, "123")
    expect(page.locator("#code-error")).to_have_text("Wrong code.")
    answer(page, app.at(int(time.time()) + 30))  # the code of now is used up
    expect(page).to_have_url("/settings/history")

    lost = code_is_due(visit, person, "/settings/two-factor")
    answer(lost, codes[0].upper())
    expect(lost.get_by_text("9 left")).to_be_visible()


def test_a_page_asks_for_the_code_that_is_due(visit: Visit, person: Person) -> None:
    _, codes = set_up(visit("/settings", person), person)
    page = code_is_due(visit, person, "/login")
    page.goto("/settings")
    expect(page).to_have_url("/login/two-factor?next=/settings")
    answer(page, codes[0])
    expect(page).to_have_url("/settings")


def test_the_page_of_the_code_needs_a_pending_login(visit: Visit) -> None:
    page = visit("/login/two-factor")
    expect(page).to_have_url("/login")


def test_a_person_switches_the_factor_off(visit: Visit, person: Person) -> None:
    page = visit("/settings", person)
    _, codes = set_up(page, person)
    row = opened_row(page, "Switch off")
    row.get_by_label("Current password", exact=True).fill(person.password)
    row.get_by_label("Code", exact=True).fill(codes[1])
    row.get_by_role("button", name="Switch off").click()
    expect(page.get_by_text("Two-factor authentication is off.")).to_be_visible()

    again = visit("/login")
    log_in(again, person)
    expect(again).to_have_url("/")


def test_a_person_makes_new_recovery_codes(visit: Visit, person: Person) -> None:
    page = visit("/settings", person)
    _, codes = set_up(page, person)
    row = opened_row(page, "Recovery codes")
    row.get_by_label("Current password", exact=True).fill(person.password)
    row.get_by_label("Code", exact=True).fill(codes[0])
    row.get_by_role("button", name="Generate new codes").click()
    expect(page.get_by_role("heading", name="Your recovery codes")).to_be_visible()
    assert set(CODE.findall(page.locator("#codes-text").inner_text())).isdisjoint(codes)


def test_a_proof_by_code_opens_a_change_without_the_password(visit: Visit, person: Person) -> None:
    page = visit("/settings", person)
    _, codes = set_up(page, person)
    page.goto("/reauthenticate?next=/settings")
    page.get_by_label("Code", exact=True).fill(codes[0])
    page.get_by_role("button", name="Confirm with code").click()
    expect(page).to_have_url("/settings")
    row = opened_row(page, "Email address")
    expect(row.get_by_label("Current password", exact=True)).to_have_count(0)
    row.get_by_label("New email address").fill(f"new.{person.email}")
    row.get_by_role("button", name="Change email address").click()
    expect(page.get_by_text("Check the inbox of your new address")).to_be_visible()


def test_a_form_whose_proof_has_ended_leads_to_the_proof_and_back(
    visit: Visit, person: Person, site: Site
) -> None:
    page = visit("/settings", person)
    answered = page.request.post("/api/reauthentication", data={"current_password": person.password})
    assert answered.ok
    page.reload()
    row = opened_row(page, "Email address")
    row.get_by_label("New email address").fill("later@example.com")
    # The proof ends while the form is open: a login begins a session without one.
    site.log_in(page.context, person)
    row.get_by_role("button", name="Change email address").click()
    expect(page).to_have_url("/reauthenticate?next=%2Fsettings")
    page.get_by_label("Password", exact=True).fill(person.password)
    page.get_by_role("button", name="Confirm", exact=True).click()
    expect(page).to_have_url("/settings")
    expect(page.get_by_label("New email address")).to_have_value("later@example.com")


def test_a_team_leads_a_member_without_a_factor_to_set_it_up(visit: Visit, person: Person) -> None:
    page = visit("/settings", person)
    _, codes = set_up(page, person)
    team = page.request.get("/api/teams").json()["data"][0]["id"]
    page.goto(f"/teams/{team}")
    row = opened_row(page, "Two-factor authentication")
    row.get_by_role("button", name="Require for all members").click()
    expect(page.get_by_text("Required", exact=True)).to_be_visible()

    off = {"current_password": person.password, "code": codes[0]}
    assert page.request.delete("/api/two-factor", data=off).ok
    page.goto(f"/teams/{team}/members")
    expect(page).to_have_url("/settings/two-factor")
    expect(page.get_by_role("heading", name="Set it up")).to_be_visible()


def test_an_invitation_is_kept_over_the_code(visit: Visit, regular: Person, site: Site) -> None:
    inviter = visit("/teams", Person("inviter_of_codes", "inviter.of.codes@example.com"))
    team = inviter.request.get("/api/teams").json()["data"][0]["id"]
    invite = {"email": regular.email, "role": "member"}
    assert inviter.request.post(f"/api/teams/{team}/invitations", data=invite).ok
    page = visit("/login")
    log_in(page, regular)
    expect(page).to_have_url("/")
    _, codes = set_up(page, regular)

    guest = visit(site.link(regular.email, "/invitation").removeprefix(site.url))
    guest.get_by_role("main").get_by_role("link", name="Log in").click()
    log_in(guest, regular)
    answer(guest, codes[0])
    guest.get_by_role("button", name="Join team").click()
    expect(guest.get_by_text("You joined the team")).to_be_visible()


def test_a_form_of_another_tab_leads_to_the_code_that_is_due(
    visit: Visit, person: Person, site: Site
) -> None:
    page = visit("/settings", person)
    _, codes = set_up(page, person)
    page.goto("/settings")
    row = opened_row(page, "Username")
    row.get_by_label("New username").fill("another_name")
    login = {"email": person.email, "password": person.password}
    assert page.request.post("/api/login", data=login).status == 401
    row.get_by_role("button", name="Change username").click()
    expect(page).to_have_url("/login/two-factor?next=%2Fsettings")
    answer(page, codes[0])
    expect(page.get_by_label("New username")).to_have_value("another_name")


@pytest.mark.parametrize("width", [375, 1280])
def test_the_recovery_codes_fit(visit: Visit, person: Person, width: int) -> None:
    page = visit("/settings", person, viewport={"width": width, "height": 800})
    set_up(page, person)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
