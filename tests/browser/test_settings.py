"""The settings pages: password, sessions, history, data and deleting the account."""

import json
import re
from dataclasses import replace
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.conftest import FIREFOX, IPHONE, Person, Site, Visit, log_in, log_out, opened_row
from tests.browser.test_forms import alert, says

ANOTHER = "granite umbrella violin marmot"


def elsewhere(visit: Visit, site: Site, person: Person, user_agent: str = IPHONE) -> Page:
    """The settings in another browser, where the same person is logged in."""
    page = visit("/login", user_agent=user_agent)
    log_in(page, person)
    expect(page).to_have_url(re.compile(r":\d+/$"))
    return page


def logged_out(page: Page) -> None:
    page.goto("/settings")
    expect(page).to_have_url(re.compile("/login"))


def test_the_settings_pages_lead_to_each_other(visit: Visit, person: Person) -> None:
    page = visit("/settings", person)
    links = page.get_by_role("navigation", name="Settings")
    places = set()
    for name, path in (
        ("Security", "/settings/security"),
        ("Sessions", "/settings/sessions"),
        ("History", "/settings/history"),
        ("Data", "/settings/data"),
        ("Profile", "/settings"),
    ):
        links.get_by_role("link", name=name).click()
        expect(page).to_have_url(re.compile(f"{path}$"))
        expect(page.get_by_role("heading", level=1)).to_have_text(name)
        expect(links.locator("[aria-current=page]")).to_have_text(name)
        places.add(page.get_by_role("heading", level=1).bounding_box()["y"])
    assert len(places) == 1, "the heading stands at the same place on each page"


def test_each_settings_page_leads_over_the_login_and_back(visit: Visit, regular: Person) -> None:
    for path in ("/settings/security", "/settings/sessions", "/settings/data"):
        page = visit(path)
        log_in(page, regular)
        expect(page).to_have_url(re.compile(f"{path}$"))
        expect(page.get_by_role("navigation", name="Settings")).to_be_visible()


def test_a_member_changes_the_username(visit: Visit, person: Person) -> None:
    page = visit("/settings", person)
    form = opened_row(page, "Username")
    button = form.get_by_role("button", name="Change username")
    expect(button).to_have_class(re.compile("quiet"))
    form.get_by_label("New username").fill("admin")
    expect(button).not_to_have_class(re.compile("quiet"))
    button.click()
    says(form.get_by_label("New username"), re.compile(r"\w"))
    form.get_by_label("New username").fill(f"{person.username}_2")
    form.get_by_role("button", name="Change username").click()
    expect(page.locator("#notice")).to_have_text("Username changed.")
    expect(page.locator(".setting-row .value").first).to_have_text(f"{person.username}_2")
    page.goto("/")
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Hello, {person.username}_2")


def test_a_taken_username_is_reported_at_its_field(visit: Visit, regular: Person) -> None:
    page = visit("/settings", Person(f"{regular.username}_3", f"3.{regular.email}"))
    opened_row(page, "Username")
    page.get_by_label("New username").fill(regular.username.upper())
    page.get_by_role("button", name="Change username").click()
    says(page.get_by_label("New username"), re.compile("already|taken"))


def test_a_changed_password_ends_all_other_sessions_and_keeps_the_current_one(
    visit: Visit, site: Site, person: Person
) -> None:
    page = visit("/settings/security", person)
    other = elsewhere(visit, site, person)
    form = opened_row(page, "Password")
    form.get_by_label("Current password", exact=True).fill(person.password)
    form.get_by_label("New password", exact=True).fill(person.username)
    form.get_by_role("button", name="Change password").click()
    says(form.get_by_label("New password", exact=True), re.compile("easy to guess"))
    form.get_by_label("New password", exact=True).fill(ANOTHER)
    form.get_by_role("button", name="Change password").click()
    expect(page.locator("#notice")).to_have_text("Password changed. You've been logged out everywhere else.")
    expect(form.get_by_label("Current password", exact=True)).to_have_value("")
    expect(form.get_by_label("New password", exact=True)).to_have_value("")
    logged_out(other)
    page.goto("/settings")
    opened_row(page, "Username").get_by_label("New username").fill(f"{person.username}_2")
    page.get_by_role("button", name="Change username").click()
    expect(page.get_by_text("Username changed.")).to_be_visible()
    log_in(other, person)
    expect(alert(other)).to_be_visible()
    log_in(other, replace(person, password=ANOTHER))
    expect(other.locator("#notice")).to_have_text("You're logged in.")


def test_another_session_is_listed_with_its_device_and_ended(
    visit: Visit, site: Site, person: Person
) -> None:
    page = visit("/settings/sessions", person, user_agent=FIREFOX)
    expect(page.get_by_text("No other sessions.")).to_be_visible()
    phone, tablet = elsewhere(visit, site, person), elsewhere(visit, site, person, "curl/8.14.1")
    page.reload()
    rows = page.get_by_role("main").get_by_role("listitem").filter(has=page.get_by_role("heading"))
    expect(rows).to_have_count(3)
    here = rows.filter(has_text="This device")
    expect(here).to_contain_text("Firefox on Linux")
    expect(here.get_by_role("button")).to_have_count(0)
    expect(rows.filter(has_text="Safari on iPhone")).to_contain_text("127.0.0.1")
    page.get_by_role("button", name=re.compile("End session: Safari on iPhone")).click()
    expect(page.get_by_text("Session ended.")).to_be_visible()
    expect(page).to_have_url(re.compile("/settings/sessions$"))
    expect(rows).to_have_count(2)
    logged_out(phone)
    tablet.goto("/settings")
    expect(tablet).to_have_url(re.compile("/settings$"))


def test_all_other_sessions_are_ended_at_once(visit: Visit, site: Site, person: Person) -> None:
    page = visit("/", person)
    others = [elsewhere(visit, site, person), elsewhere(visit, site, person)]
    page.goto("/settings/sessions")
    with page.expect_request("**/api/sessions") as request:
        page.get_by_role("button", name="End all other sessions").click()
    assert (request.value.method, request.value.post_data) == ("DELETE", None)
    expect(page.get_by_text("All other sessions ended.")).to_be_visible()
    expect(page.get_by_text("No other sessions.")).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("^End"))).to_have_count(0)
    for other in others:
        logged_out(other)


def test_ending_a_session_that_has_ended_shows_an_error(visit: Visit, site: Site, person: Person) -> None:
    page = visit("/", person)
    other = elsewhere(visit, site, person)
    page.goto("/settings/sessions")
    log_out(other)
    expect(other).to_have_url(re.compile("/$"))
    page.get_by_role("button", name=re.compile("End session: Safari")).click()
    expect(alert(page)).to_be_visible()


def test_times_are_shown_in_the_time_zone_of_the_user(visit: Visit, person: Person) -> None:
    page = visit("/settings/history", person, timezone_id="Pacific/Kiritimati")  # 14 hours ahead
    time = page.locator("time").first
    at = time.get_attribute("datetime")
    told = page.evaluate("at => new Date(Date.parse(at) + 14 * 3600e3).toISOString().slice(11, 16)", at)
    expect(time).to_have_attribute("title", re.compile(told))
    page = visit(
        "/settings/history",
        person=None,
        java_script_enabled=False,
        storage_state=page.context.storage_state(),
    )
    expect(page.locator("time").first).to_have_attribute("title", re.compile("UTC$"))
    expect(page.locator("time").first).to_have_text(re.compile("just now|ago"))


def test_the_history_page_lists_events_newest_first(visit: Visit, site: Site, person: Person) -> None:
    page = visit("/", person, user_agent=FIREFOX)
    stranger = visit("/login", user_agent=IPHONE)
    log_in(stranger, replace(person, password="not this one at all"))
    expect(alert(stranger)).to_be_visible()
    page.goto("/settings/history")
    rows = page.get_by_role("main").locator("ol > li")
    expect(rows).to_have_count(2)
    expect(rows.nth(0)).to_contain_text(re.compile("[Ff]ail.*127.0.0.1.*Safari on iPhone", re.DOTALL))
    expect(rows.nth(1)).to_contain_text(re.compile("created.*127.0.0.1", re.DOTALL))
    expect(page.get_by_role("link", name="Older")).to_have_count(0)


def test_a_long_history_continues_on_the_next_page(visit: Visit, site: Site, person: Person) -> None:
    page = visit("/", person)
    for _ in range(51):
        site.log_in(page.context, person)
    page.goto("/settings/history")
    rows = page.get_by_role("main").locator("ol > li")
    seen = rows.count()
    expect(rows.first).to_contain_text("Logged in")
    page.get_by_role("link", name="Older").click()
    expect(page).to_have_url(re.compile(r"\?after="))
    expect(rows.last).to_contain_text("created")
    assert seen + rows.count() == 52
    expect(page.get_by_role("link", name="Older")).to_have_count(0)


def test_a_member_downloads_the_data(visit: Visit, person: Person, tmp_path: Path) -> None:
    page = visit("/settings/data", person)
    with page.expect_download() as download:
        page.get_by_role("link", name="Download your data").click()
    assert download.value.suggested_filename.endswith(".json")
    download.value.save_as(tmp_path / "data.json")
    text = (tmp_path / "data.json").read_text()
    assert json.loads(text)
    assert person.email in text and person.username in text
    assert "password_hash" not in text and "secret" not in text


def test_a_deleted_account_is_gone_and_its_address_can_register_again(
    visit: Visit, site: Site, person: Person
) -> None:
    page = visit("/settings/data", person)
    other = elsewhere(visit, site, person)
    page.get_by_role("button", name="Delete account…").click()
    form = page.get_by_role("dialog")
    expect(form.get_by_role("link", name="download your data")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Delete account…")).to_be_focused()
    page.keyboard.press("Enter")
    form.get_by_role("button", name="Delete account").click()
    says(form.get_by_label("Current password", exact=True), re.compile(r"\w"))
    form.get_by_label("Current password", exact=True).fill(person.password)
    form.get_by_role("button", name="Delete account").click()
    expect(page).to_have_url(re.compile("^http://127.0.0.1:[0-9]+/$"))
    expect(page.get_by_text("Your account has been deleted.")).to_be_visible()
    expect(page.get_by_role("link", name="Create your account")).to_be_visible()
    logged_out(other)
    log_in(other, person)
    expect(alert(other)).to_be_visible()
    site.register(page.context, person)
    page.goto("/settings/history")
    expect(page.get_by_role("main").locator("ol > li")).to_have_count(1)


def test_the_last_administrator_cannot_be_deleted(visit: Visit) -> None:
    page = visit("/settings/data", Person("a_captain", "captain@example.com"))
    sentence = "The site needs at least one administrator. Make someone else an administrator first."
    body = {"errors": {"display_error": sentence, "internal_error_code": 40904}}
    page.route("**/api/user", lambda route: route.fulfill(status=409, json=body))
    page.get_by_role("button", name="Delete account…").click()
    form = page.get_by_role("dialog")
    form.get_by_role("button", name="Delete account").click()
    expect(form.get_by_role("alert")).to_have_text(sentence)


def test_a_session_is_ended_with_the_keyboard_alone(visit: Visit, site: Site, person: Person) -> None:
    page = visit("/", person)
    other = elsewhere(visit, site, person)
    page.goto("/settings/sessions")
    button = page.get_by_role("button", name=re.compile("End session:"))
    expect(button).to_be_enabled()
    for _ in range(20):
        page.keyboard.press("Tab")
        if button.evaluate("button => button === document.activeElement"):
            break
    page.keyboard.press("Enter")
    expect(page.get_by_text("Session ended.")).to_be_visible()
    logged_out(other)


def test_each_password_on_a_page_has_its_own_show_button(visit: Visit, person: Person) -> None:
    form = opened_row(visit("/settings/security", person), "Password")
    form.get_by_role("button", name="Show new password").click()
    expect(form.get_by_label("New password", exact=True)).to_have_attribute("type", "text")
    expect(form.get_by_label("Current password", exact=True)).to_have_attribute("type", "password")
    expect(form.get_by_role("button", name="Hide new password")).to_be_visible()
