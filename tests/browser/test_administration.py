"""The pages of administrators: users and events, by the mouse and by the keyboard alone."""

import re
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.conftest import Person, Site, Visit, log_in
from tests.browser.test_trip import tab_to


@pytest.fixture
def page(visit: Visit, site: Site, person: Person, regular: Person) -> Iterator[Page]:
    """The page of a user, open for an administrator."""
    boss = Person(f"boss_of_{regular.username}", f"boss.{regular.email}")
    page = visit("/", boss)
    site.run("entrypoints.cli", "users", "grant", boss.email, "admin")
    page.goto(f"/admin?q={regular.username}")
    page.get_by_role("link", name=regular.username, exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(regular.username)
    expect(page.locator("[data-json] :disabled")).to_have_count(0)
    yield page


def test_a_user_is_disabled_with_a_second_step_and_enabled(page: Page, visit: Visit, regular: Person) -> None:
    page.get_by_role("button", name="Disable account…").click()
    page.get_by_role("dialog").get_by_role("button", name="Disable account").click()
    expect(page.get_by_text(f"{regular.username} is disabled.")).to_be_visible()
    expect(page.get_by_role("main")).to_contain_text("Account disabled")

    theirs = visit("/login")
    log_in(theirs, regular)
    expect(theirs.get_by_role("alert").filter(has_text="disabled")).to_be_visible()

    page.get_by_role("button", name="Enable account").click()
    expect(page.get_by_text(f"{regular.username} is enabled.")).to_be_visible()
    log_in(theirs, regular)
    expect(theirs.get_by_role("heading", level=1)).not_to_have_text("Log in")


def test_a_role_is_given_and_taken(page: Page, site: Site, regular: Person) -> None:
    for button, role in (("Make administrator", "admin"), ("Remove administrator role", "-")):
        page.get_by_role("group").filter(has_text="Roles").locator("summary").click()
        page.get_by_role("button", name=button).click()
        expect(page.get_by_text("Roles changed.")).to_be_visible()
        listed = site.run("entrypoints.cli", "users", "list", "--search", regular.email)
        assert f"  {role} " in listed


def test_links_are_sent_to_the_user(page: Page, site: Site, regular: Person) -> None:
    page.get_by_role("button", name="Send password reset link").click()
    expect(page.get_by_text("Password reset link sent.")).to_be_visible()
    assert site.link(regular.email, "/reset-password")
    page.get_by_role("button", name="Send verification link").click()
    expect(page.locator("#notice")).to_have_text("Verification link sent.")
    assert site.link(regular.email, "/verify-email", 2)


def test_all_sessions_of_a_user_end(page: Page, visit: Visit, regular: Person) -> None:
    theirs = visit("/login")
    log_in(theirs, regular)
    expect(theirs.get_by_role("heading", level=1)).not_to_have_text("Log in")
    page.get_by_role("button", name="End all sessions").click()
    expect(page.get_by_text(f"All sessions of {regular.username} have ended.")).to_be_visible()
    theirs.goto("/settings")
    expect(theirs).to_have_url(re.compile("/login"))


def test_a_user_is_disabled_by_the_keyboard_alone(page: Page, regular: Person) -> None:
    tab_to(page, "Disable account…")
    page.keyboard.press("Enter")
    tab_to(page, "Disable account")
    page.keyboard.press("Enter")
    expect(page.get_by_text(f"{regular.username} is disabled.")).to_be_visible()


def test_a_failed_login_is_by_no_user(page: Page, visit: Visit, regular: Person) -> None:
    theirs = visit("/login")
    log_in(theirs, Person(regular.username, regular.email, "wrong horse battery"))
    expect(theirs.get_by_role("alert").filter(has_text="Wrong email or password.")).to_be_visible()
    page.get_by_role("link", name=f"All events of {regular.username}").click()
    failed = page.get_by_role("row").filter(has_text="Login failed")
    expect(failed).to_contain_text("Not logged in")


def test_the_events_of_a_user_are_filtered_by_the_address_of_the_page(page: Page, regular: Person) -> None:
    page.get_by_role("link", name=f"All events of {regular.username}").click()
    expect(page).to_have_url(f"/admin/events?user={regular.username}")
    rows = page.get_by_role("row")
    expect(rows.nth(1)).to_contain_text("Account created")
    expect(rows.nth(1)).to_contain_text("The user")
    page.get_by_label("Event", exact=True).select_option(label="Logged out")
    page.get_by_role("button", name="Filter").click()
    expect(page).to_have_url(re.compile("tag=logged_out"))
    expect(page.get_by_text("Nothing matches this filter.")).to_be_visible()
    page.get_by_label("Username or address").fill("no_such_user")
    page.get_by_role("button", name="Filter").click()
    expect(page.get_by_text("There is no user with this name.")).to_be_visible()
    page.get_by_role("link", name="Show all events").click()
    expect(rows.nth(1)).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 375, 320])
def test_the_open_dialog_and_the_events_have_no_violation_and_fit(
    page: Page, scheme: str, width: int
) -> None:
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 800})
    page.get_by_role("button", name="Disable account…").click()
    for open_next in (lambda: None, lambda: page.goto("/admin/events")):
        open_next()
        results = Axe().run(page)
        assert results.violations_count == 0, results.generate_report()
        assert page.evaluate("document.documentElement.scrollWidth") == width
