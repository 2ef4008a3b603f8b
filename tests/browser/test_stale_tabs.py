"""A page and a session that do not belong together: other tabs, ended sessions, blocked cookies."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Request, Route, expect

from tests.browser.conftest import FLAGS, Person, Site, Visit, log_in, log_out, opened_row
from tests.browser.test_forms import alert, register
from tests.browser.test_links import ask_for_a_new_password, choose, verify

ENDED = "Your session has ended. Log in to continue."
KEPT = "We kept what you typed."
BLOCKED = "Your browser blocks cookies. Allow cookies for this site to log in."
ANOTHER = "granite umbrella violin marmot"


@pytest.fixture
def other(regular: Person) -> Person:
    """A second person with an account."""
    return regular


@pytest.fixture
def ada(regular: Person) -> Person:
    return replace(regular, username=f"ada_{regular.username}", email=f"ada.{regular.email}")


def another_tab(page: Page, site: Site, person: Person) -> None:
    """The person logs in with another tab of the same browser."""
    site.log_in(page.context, person)


def test_a_stale_tab_does_not_act_for_the_next_user(
    visit: Visit, site: Site, ada: Person, other: Person
) -> None:
    page = visit("/settings", ada)
    opened_row(page, "Username")
    another_tab(page, site, other)
    page.get_by_label("New username").fill("ada_renamed")
    page.get_by_label("New username").press("Enter")
    expect(alert(page)).to_have_text("This page belongs to another account. Please reload. Reload")
    page.get_by_role("button", name="Reload").press("Enter")
    expect(page.locator(".setting-row .value").first).to_have_text(other.username)
    expect(page.get_by_label("New username")).to_have_value(other.username)


def test_the_log_out_button_of_a_stale_tab_asks_first(
    visit: Visit, site: Site, ada: Person, other: Person
) -> None:
    page = visit("/settings", ada)
    another_tab(page, site, other)
    log_out(page)
    expect(page).to_have_url(re.compile("/logout$"))
    expect(page.get_by_role("main")).to_contain_text(f"You're logged in as {other.username}.")
    page.get_by_role("main").get_by_role("button", name="Log out").click()
    expect(page).to_have_url(re.compile(r":\d+/$"))


def test_a_stale_tab_downloads_no_data_of_another_user(
    visit: Visit, site: Site, ada: Person, other: Person
) -> None:
    page = visit("/settings/data", ada)
    another_tab(page, site, other)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.get_by_role("link", name="Download your data").click()
    expect(page.locator(".menu.last")).to_contain_text(other.username)
    assert not [url for url in asked if url.endswith("/export")]


def test_the_link_of_a_stale_page_survives_the_reload(
    visit: Visit, site: Site, ada: Person, other: Person
) -> None:
    page = visit("/", ada)
    page.goto(site.link(ada.email, "/verify-email"))
    another_tab(page, site, other)
    verify(page)
    page.get_by_role("button", name="Reload").click()
    verify(page)
    expect(page.locator("#notice")).to_have_text(f"The email address {ada.email} is verified.")
    expect(page.get_by_role("main")).to_contain_text(other.email)
    expect(page.get_by_role("main")).to_contain_text("Not verified")


def test_a_reset_names_the_account_of_its_link(visit: Visit, site: Site, ada: Person, other: Person) -> None:
    page = visit("/forgot-password", ada)
    ask_for_a_new_password(page, other.email)
    page.goto(site.link(other.email, "/reset-password"))
    choose(page, ANOTHER)
    expect(page).to_have_url(re.compile(r":\d+/$"))
    expect(page.locator("#notice")).to_contain_text(f"The password for {other.email} was changed.")


def end_session_in_a_form(visit: Visit, person: Person) -> Page:
    page = visit("/settings", person)
    form = opened_row(page, "Email address")
    form.get_by_label("New email address").fill("typed@example.org")
    form.get_by_label("Current password", exact=True).fill("a typed secret")
    page.context.clear_cookies()
    held: list[Route] = []
    page.route("**/api/email", lambda route: held.append(route))
    form.get_by_role("button", name="Change email address").click()
    # A password that is shown during the request is not kept either.
    form.get_by_role("button", name="Show current password").click()
    held[0].continue_()
    expect(page).to_have_url(re.compile(r"/login\?next=.*settings$"))
    expect(page.get_by_text(ENDED)).to_be_visible()
    assert "a typed secret" not in page.evaluate("JSON.stringify({ ...sessionStorage })")
    return page


def test_typed_text_is_kept_when_the_session_ends(visit: Visit, person: Person) -> None:
    page = end_session_in_a_form(visit, person)
    log_in(page, person)
    expect(page.get_by_label("New email address")).to_have_value("typed@example.org")
    for current in page.get_by_label("Current password", exact=True).all():
        expect(current).to_have_value("")
    expect(page.get_by_text(KEPT)).to_have_count(1)
    page.reload()
    expect(page.get_by_label("New email address")).to_have_value("")
    expect(page.get_by_text(KEPT)).to_have_count(0)


def test_typed_text_is_not_shown_to_the_next_user_of_the_tab(
    visit: Visit, site: Site, ada: Person, other: Person
) -> None:
    page = end_session_in_a_form(visit, ada)
    log_in(page, other)
    expect(opened_row(page, "Email address").get_by_label("New email address")).to_have_value("")
    assert page.evaluate("Object.keys(sessionStorage)") == []


def test_typed_text_is_gone_after_an_hour(visit: Visit, person: Person) -> None:
    for hours, stays in ((0.9, True), (1.1, False), (-1, False)):
        page = end_session_in_a_form(
            visit,
            replace(
                person,
                username=f"{person.username}_{int(hours * 10 + 20)}",
                email=f"{int(hours * 10 + 20)}.{person.email}",
            ),
        )
        page.evaluate(
            "hours => { const typed = JSON.parse(sessionStorage.typed); typed.at -= hours * 3600e3;"
            "sessionStorage.typed = JSON.stringify(typed) }",
            hours,
        )
        page.reload()
        assert ("typed" in page.evaluate("Object.keys(sessionStorage)")) == stays


def test_a_page_opened_after_the_session_leads_to_the_login_with_a_message(
    visit: Visit, site: Site, person: Person
) -> None:
    page = visit("/settings", person)
    cookies = page.context.cookies()
    log_out(page)
    expect(page).to_have_url(re.compile(r":\d+/$"))
    page.context.add_cookies(cookies)
    page.goto("/teams")
    expect(page.locator("#notice")).to_have_text(ENDED)
    page.goto("/login")
    expect(page.locator("#notice")).to_be_empty()


@pytest.mark.parametrize("how", ["requestSubmit", "double click", "Enter"])
def test_a_form_that_is_being_sent_is_not_sent_again(visit: Visit, person: Person, how: str) -> None:
    page = visit("/register")
    sent: list[Request] = []
    page.on("request", lambda request: sent.append(request) if request.method == "POST" else None)
    page.get_by_label("Username").fill(person.username)
    page.get_by_label("Email address").fill(person.email)
    page.get_by_label("Password", exact=True).fill(person.password)
    if how == "requestSubmit":
        page.locator("form[data-json]").evaluate("form => [1, 2, 3].forEach(() => form.requestSubmit())")
    elif how == "Enter":
        page.keyboard.press("Enter")
        page.keyboard.press("Enter")
    else:
        page.get_by_role("button", name="Create account").dblclick(no_wait_after=True)
    expect(page).to_have_url(re.compile(r":\d+/$"))
    assert [request.url.partition("/api/")[2] for request in sent] == ["register"]


def test_a_form_that_stays_on_the_page_can_be_sent_again(visit: Visit, person: Person) -> None:
    page = visit("/forgot-password")
    for number in (1, 2):
        page.get_by_label("Email address").fill(f"{number}.{person.email}")
        page.locator("form[data-json]").evaluate("form => [1, 2, 3].forEach(() => form.requestSubmit())")
        expect(page.locator("#notice")).to_contain_text("Check your inbox.")
        expect(page.get_by_role("button", name="Send link")).to_be_enabled()


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago", "UTC"])
def test_a_day_is_the_same_on_all_pages(visit: Visit, person: Person, zone: str) -> None:
    page = visit("/settings", person, timezone_id=zone)
    member_since = page.locator(".setting-row time").inner_text()
    for path in ("/settings/history", "/settings/sessions"):
        page.goto(path)
        time = page.locator("time").last
        expect(time).to_have_text(re.compile("just now|ago"))
        expect(time).to_have_attribute("title", re.compile(f"^{re.escape(member_since)} at "))


@pytest.fixture
def blocking(browser: Browser, chromium: str, site: Site, tmp_path: Path) -> Iterator[Page]:
    """A page in a browser that blocks all cookies. Faults of a script there fail the test."""
    preferences = {"profile": {"default_content_setting_values": {"cookies": 2}}}
    (tmp_path / "Default").mkdir()
    (tmp_path / "Default" / "Preferences").write_text(json.dumps(preferences))
    faults: list[str] = []
    context = browser.browser_type.launch_persistent_context(
        tmp_path, executable_path=chromium, args=[*FLAGS, "--no-sandbox"], base_url=site.url
    )
    context.on("weberror", lambda error: faults.append(str(error.error)))
    yield context.pages[0]
    context.close()
    assert faults == []


def test_the_login_reports_blocked_cookies(blocking: Page, site: Site, regular: Person) -> None:
    blocking.goto("/login?next=/settings/data")
    log_in(blocking, regular)
    expect(alert(blocking)).to_have_text(BLOCKED)
    expect(blocking.get_by_role("main").get_by_role("button", name="Log in")).to_be_enabled()


def test_the_registration_reports_blocked_cookies(blocking: Page, site: Site, person: Person) -> None:
    blocking.goto("/register")
    register(blocking, person)
    expect(alert(blocking)).to_have_text(BLOCKED)


def test_links_work_without_cookies_and_show_their_success_on_the_page(
    blocking: Page, site: Site, regular: Person
) -> None:
    blocking.goto(site.link(regular.email, "/verify-email"))
    verify(blocking)
    expect(blocking.get_by_text(f"The email address {regular.email} is verified.")).to_be_visible()


def test_a_login_that_sets_no_cookie_is_reported(visit: Visit, person: Person) -> None:
    page = visit("/login")
    page.route("**/api/login", lambda route: route.fulfill(status=200, json={"data": {"id": "1"}}))
    log_in(page, person)
    expect(alert(page)).to_have_text(BLOCKED)
    expect(page).to_have_url(re.compile("/login$"))
    expect(page.get_by_role("main").get_by_role("button", name="Log in")).to_be_enabled()
