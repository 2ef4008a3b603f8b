"""Whole visits, from the first page to the last."""

import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import Person, Site, Visit, log_in, log_out, opened_row


def tab_to(page: Page, label: str) -> None:
    """Presses Tab until the element with that label or text has the focus."""
    for _ in range(30):
        page.keyboard.press("Tab")
        focused = page.evaluate(
            "(document.activeElement.labels?.[0] ?? document.activeElement).innerText?.split('\\n')[0].trim()"
        )
        if focused == label:
            return
    raise AssertionError(f"no Tab leads to {label!r}")


def test_a_stranger_registers_and_ends_on_the_first_steps(visit: Visit, person: Person) -> None:
    page = visit("/")
    page.get_by_role("link", name="Create your account").click()
    page.get_by_label("Username").fill(person.username)
    page.get_by_label("Email address").fill(person.email)
    page.get_by_label("Password", exact=True).fill(person.password)
    page.get_by_role("button", name="Create account").click()
    expect(page).to_have_url("/")
    expect(page.locator("#notice")).to_contain_text("Check your inbox")
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Hello, {person.username}")
    page.get_by_role("link", name="Verify your email address").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Profile")
    expect(page.get_by_role("main")).to_contain_text(person.email)
    expect(page.get_by_role("main")).to_contain_text("Not verified")


def test_a_new_team_name_is_stored(visit: Visit, person: Person) -> None:
    page = visit("/", person)
    page.get_by_role("link", name="Name your team").click()
    name = opened_row(page, "Name").get_by_label("Team name")
    expect(name).to_have_value(f"{person.username}'s team")
    name.fill("  Night & Day <Ltd>  ")
    page.get_by_role("button", name="Save name").click()
    expect(page.get_by_text("Team name saved.")).to_be_visible()
    opened_row(page, "Name")
    kept = name.input_value()
    assert kept == kept.strip() and kept.startswith("Night & Day")
    page.goto("/")
    expect(page.get_by_role("link", name="Name your team")).to_have_count(0)


def test_keep_me_logged_in_gives_a_cookie_that_outlives_the_browser(visit: Visit, person: Person) -> None:
    page = visit("/settings", person)
    log_out(page)
    page.goto("/login")
    page.get_by_label("Keep me logged in").check()
    log_in(page, person)
    expect(page.locator("#notice")).to_have_text("You're logged in.")
    assert [cookie["expires"] > 0 for cookie in page.context.cookies()] == [True]


def test_a_user_without_a_role_has_no_link_to_the_administration_and_is_refused(
    visit: Visit, person: Person
) -> None:
    page = visit("/settings", person)
    expect(page.locator("a", has_text="Administration")).to_have_count(0)
    answer = page.goto("/admin")
    assert answer is not None and answer.status == 403
    expect(page.get_by_role("main")).to_contain_text("403")
    expect(page.get_by_role("main").locator("code")).to_have_text(answer.headers["x-request-id"][:8])


def test_an_administrator_sees_all_users_and_searches(visit: Visit, site: Site, person: Person) -> None:
    page = visit("/", person)
    site.run("entrypoints.cli", "users", "grant", person.email, "admin")
    page.reload()
    page.get_by_role("banner").locator("details", has_text="Log out").locator("summary").click()
    page.get_by_role("link", name="Administration").click()
    row = page.get_by_role("row").filter(has_text=person.email)
    expect(row).to_contain_text("Admin")
    search = page.get_by_label("Search by username, email address or domain")
    search.fill(person.username)
    page.get_by_role("button", name="Search").click()
    expect(search).to_have_value(person.username)
    expect(row).to_be_visible()
    search.fill("<b>unknown</b>")
    search.press("Enter")
    expect(page.get_by_role("heading", name="No users match “<b>unknown</b>”")).to_be_visible()
    page.get_by_role("link", name="Show all users").click()
    expect(page.get_by_role("row").nth(1)).to_be_visible()


def test_the_whole_trip_works_with_the_keyboard_alone(visit: Visit, person: Person) -> None:
    page = visit("/")
    tab_to(page, "Register")
    page.keyboard.press("Enter")
    expect(page).to_have_url("/register")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    for label, text in (
        ("Username", person.username),
        ("Email address", person.email),
        ("Password", person.password),
    ):
        tab_to(page, label)
        page.keyboard.type(text)
    page.keyboard.press("Enter")
    expect(page).to_have_url("/")
    tab_to(page, "Name your team")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/teams/"))
    tab_to(page, "Name")
    page.keyboard.press("Enter")
    tab_to(page, "Team name")
    page.keyboard.press("Control+A")
    page.keyboard.type("Keyboard players")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Team name saved.")).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_have_text("Keyboard players")
    page.reload()
    page.locator(".menu.last > summary").focus()
    page.keyboard.press("Enter")
    tab_to(page, "Log out")
    page.keyboard.press("Enter")
    expect(page).to_have_url("/")


def test_logging_out_needs_the_button_and_no_script(visit: Visit, person: Person) -> None:
    page = visit("/logout", person, java_script_enabled=False)
    expect(page.get_by_role("heading", level=1)).to_have_text("Log out?")
    page.goto("/settings")
    expect(page).to_have_url("/settings")
    page.goto("/logout")
    page.get_by_role("main").get_by_role("button", name="Log out").click()
    expect(page).to_have_url("/")
    page.goto("/logout")
    expect(page.get_by_role("heading", level=1)).to_have_text("You're logged out")
    page.goto("/settings")
    expect(page).to_have_url(re.compile("/login"))
