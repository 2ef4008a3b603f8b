"""The errors that forms show, and the pages that they lead to."""

import re
from dataclasses import replace
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.conftest import Person, Visit, log_in, opened_row

ELSEWHERE = [
    "https://evil.example",
    "//evil.example",
    "///evil.example",
    "/\\evil.example",
    "/\t/evil.example",
    "https:evil.example",
    "javascript:alert(1)",
]


def says(field: Locator, sentence: str | re.Pattern[str]) -> None:
    """The error is below the field, and tied to it for screen readers."""
    page, name = field.page, field.get_attribute("id")
    error = page.locator(f"id={name}-error")
    expect(error).to_have_text(sentence)
    expect(error).to_be_visible()
    expect(field).to_have_attribute("aria-invalid", "true")
    assert f"{name}-error" in (field.get_attribute("aria-describedby") or "").split()
    box, below = field.bounding_box(), error.bounding_box()
    assert box and below and 0 <= below["y"] - (box["y"] + box["height"]) < 16


def alert(page: Page) -> Locator:
    return page.locator("[role=alert]:not(:empty)")


def register(page: Page, person: Person) -> None:
    page.get_by_label("Username").fill(person.username)
    page.get_by_label("Email address").fill(person.email)
    page.get_by_label("Password", exact=True).fill(person.password)
    page.get_by_role("button", name="Create account").click()


def test_each_invalid_field_shows_its_error_and_the_first_has_the_focus(visit: Visit) -> None:
    page = visit("/register")
    register(page, Person("1 bad name", "not an address", "short"))
    for label in ("Username", "Email address", "Password"):
        says(page.get_by_label(label, exact=True), re.compile(r"\w.*\."))
    expect(page.get_by_label("Username")).to_be_focused()
    expect(alert(page)).to_have_count(0)
    expect(page.get_by_role("button", name="Create account")).to_be_enabled()


def test_an_empty_form_names_every_field_that_is_missing(visit: Visit) -> None:
    page = visit("/register")
    page.get_by_role("button", name="Create account").click()
    for label in ("Username", "Email address", "Password"):
        says(page.get_by_label(label, exact=True), re.compile(r"\w.*\."))


def test_an_error_disappears_when_its_field_is_corrected(visit: Visit, person: Person) -> None:
    page = visit("/register")
    register(page, replace(person, email="", password="password"))
    says(page.get_by_label("Email address"), re.compile(r"\w"))
    register(page, replace(person, password="password"))
    expect(page.locator("#email-error")).to_be_empty()
    expect(page.get_by_label("Email address")).to_have_attribute("aria-invalid", "false")
    says(page.get_by_label("Password", exact=True), re.compile(r"\w"))
    expect(page.get_by_label("Password", exact=True)).to_be_focused()
    register(page, person)
    expect(page).to_have_url("/")


def test_the_password_rules_are_shown_from_the_start(visit: Visit) -> None:
    page = visit("/register")
    password = page.get_by_label("Password", exact=True)
    assert "password-hint" in (password.get_attribute("aria-describedby") or "").split()
    expect(page.locator("#password-hint")).to_contain_text("8 characters")
    expect(page.locator("#password-hint")).to_be_visible()


def test_a_taken_address_is_reported_at_its_field(visit: Visit, regular: Person) -> None:
    page = visit("/register")
    register(page, replace(regular, username=f"{regular.username}_2"))
    says(page.get_by_label("Email address"), re.compile("already"))
    expect(page.get_by_label("Email address")).to_be_focused()


def test_a_taken_username_is_reported_at_its_field(visit: Visit, regular: Person) -> None:
    page = visit("/register")
    register(page, replace(regular, email=f"2.{regular.email}"))
    says(page.get_by_label("Username"), re.compile(r"\w"))
    expect(page.get_by_label("Username")).to_be_focused()


def test_a_wrong_password_and_an_unknown_address_show_the_same_alert(visit: Visit, regular: Person) -> None:
    page = visit("/login")
    log_in(page, replace(regular, password="not this one at all"))
    expect(alert(page)).to_be_visible()
    known = alert(page).inner_text()
    expect(page).to_have_url("/login")
    expect(page.get_by_role("main").get_by_role("button", name="Log in")).to_be_focused()
    log_in(page, replace(regular, email="unknown@example.com"))
    expect(alert(page)).to_have_text(known)


def test_a_wrong_current_password_is_reported_at_its_field(visit: Visit, person: Person) -> None:
    page = visit("/", person)
    for path, section, button in (
        ("/settings", "Email address", "Change email address"),
        ("/settings/security", "Password", "Change password"),
        ("/settings/data", "Delete account…", "Delete account"),
    ):
        page.goto(path)
        if path.endswith("data"):
            page.get_by_role("button", name=section).click()
            form = page.get_by_role("dialog")
        else:
            form = opened_row(page, section)
        current = form.get_by_label("Current password", exact=True)
        for others in form.get_by_label(re.compile("^New ")).all():
            others.fill(f"new.{person.email}")
        current.fill("not this one at all")
        form.get_by_role("button", name=button, exact=True).click()
        says(current, re.compile(r"\w"))
        expect(current).to_be_focused()
    page.goto("/api/user")
    expect(page.locator("body")).to_contain_text(person.email)


def test_a_team_without_a_name_is_refused_at_its_field(visit: Visit, person: Person) -> None:
    page = visit("/teams", person)
    page.get_by_role("main").get_by_role("link", name=f"{person.username}'s team", exact=True).click()
    opened_row(page, "Name")
    page.get_by_label("Team name").fill("  ")
    page.get_by_role("button", name="Save name").click()
    says(page.get_by_label("Team name"), re.compile(r"\w"))


def test_a_form_can_be_sent_again_after_the_server_was_unreachable(visit: Visit, regular: Person) -> None:
    page = visit("/login")
    page.route("**/api/**", lambda route: route.abort())
    log_in(page, regular)
    expect(alert(page)).to_contain_text("can't reach the server")
    expect(page.get_by_role("main").get_by_role("button", name="Log in")).to_be_enabled()
    page.unroute("**/api/**")
    log_in(page, regular)
    expect(page).to_have_url("/")


def test_a_form_with_a_value_is_filled_without_a_script(visit: Visit, person: Person) -> None:
    page = visit("/settings", person, java_script_enabled=False)
    expect(opened_row(page, "Username").get_by_label("New username")).to_have_value(person.username)


@pytest.mark.parametrize("status", [200, 502])
def test_an_answer_without_json_shows_an_error(visit: Visit, person: Person, status: int) -> None:
    page = visit("/login")
    page.route("**/api/**", lambda route: route.fulfill(status=status, body="<h1>Welcome to our hotel</h1>"))
    log_in(page, person)
    expect(alert(page)).to_contain_text("went wrong on our side")
    expect(page).to_have_url("/login")


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        ("1", "in 1 second."),
        ("45", "in 45 seconds."),
        ("91", "in 2 minutes."),
        ("300", "in 5 minutes."),
        ("5401", "in 2 hours."),
        ("86400", "in 24 hours."),
        (None, "wait a while."),
    ],
)
def test_a_rate_limit_shows_when_to_try_again(visit: Visit, seconds: str | None, told: str) -> None:
    page = visit("/forgot-password")
    body = {
        "errors": {"display_error": "Too many attempts. Please wait a while.", "internal_error_code": 42901}
    }
    headers = {"Retry-After": seconds} if seconds else {}
    page.route("**/api/**", lambda route: route.fulfill(status=429, json=body, headers=headers))
    page.get_by_label("Email address").fill("a.person@example.com")
    page.get_by_role("button", name="Send link").click()
    expect(alert(page)).to_have_text(re.compile(f"^Too many attempts.+ {re.escape(told)}$"))
    expect(page.get_by_role("button", name="Send link")).to_be_enabled()


def test_the_button_is_disabled_until_the_server_answers(visit: Visit, person: Person) -> None:
    held: list[Route] = []
    page = visit("/register")
    page.route("**/api/register", lambda route: held.append(route))
    register(page, person)
    button = page.get_by_role("button", name="Create account")
    expect(button).to_be_disabled()
    held[0].continue_()
    expect(page).to_have_url("/")
    assert len(held) == 1


def test_a_session_that_ended_leads_to_the_login_page_and_back(visit: Visit, person: Person) -> None:
    page = visit("/settings", person)
    opened_row(page, "Username")
    page.context.clear_cookies()
    page.get_by_role("button", name="Change username").click()
    expect(page).to_have_url(re.compile(r"/login\?next=(/|%2F)settings$"))
    log_in(page, person)
    expect(page).to_have_url("/settings")


def test_a_password_can_be_shown_and_is_hidden_again_when_sent(visit: Visit) -> None:
    page = visit("/login")
    password = page.get_by_label("Password", exact=True)
    password.fill("look at me")
    page.get_by_role("button", name="Show password").click()
    expect(password).to_have_attribute("type", "text")
    page.get_by_role("button", name="Hide password").click()
    expect(password).to_have_attribute("type", "password")
    page.get_by_role("button", name="Show password").click()
    page.get_by_role("main").get_by_role("button", name="Log in").click()
    expect(password).to_have_attribute("type", "password")


def test_a_login_leads_to_the_page_that_asked_for_it(visit: Visit, regular: Person) -> None:
    page = visit("/admin")
    expect(page).to_have_url(re.compile(r"/login\?next="))
    log_in(page, regular)
    expect(page).to_have_url("/admin")


def test_a_registration_leads_to_the_page_that_asked_for_a_login(visit: Visit, person: Person) -> None:
    page = visit("/login?next=/logout")
    page.get_by_role("link", name="Create your account").click()
    register(page, person)
    expect(page).to_have_url("/logout")


def test_login_and_registration_lead_to_no_other_site(visit: Visit) -> None:
    page = visit("/")
    for path in ("/login", "/register"):
        for elsewhere in ELSEWHERE:
            page.goto(f"{path}?{urlencode({'next': elsewhere})}")
            assert page.locator("form[data-then]").get_attribute("data-then") == "/", elsewhere


def test_a_login_with_the_url_of_another_site_leads_home(visit: Visit, regular: Person) -> None:
    page = visit("/login?next=//evil.example")
    log_in(page, regular)
    expect(page).to_have_url("/")


@pytest.mark.parametrize("elsewhere", ["//evil.example", "javascript:alert(1)"])
def test_the_script_leads_to_no_other_site(visit: Visit, person: Person, elsewhere: str) -> None:
    page = visit("/register")
    page.locator("form[data-then]").evaluate("(form, place) => { form.dataset.then = place }", elsewhere)
    register(page, person)
    expect(page).to_have_url("/")
