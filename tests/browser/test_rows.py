"""The rows of the settings: their forms open, close and are quiet until something was typed."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Person, Visit, opened_row
from tests.browser.test_forms import says
from tests.browser.test_trip import tab_to

QUIET = re.compile(r"\bquiet\b")


@pytest.mark.parametrize(
    "path, label, field",
    [
        ("/settings", "Username", "New username"),
        ("/settings", "Email address", "New email address"),
        ("/settings/security", "Password", "New password"),
    ],
)
@pytest.mark.parametrize("script", [True, False], ids=["with a script", "without a script"])
def test_a_row_opens_its_form(
    visit: Visit, person: Person, path: str, label: str, field: str, script: bool
) -> None:
    page = visit(path, person, java_script_enabled=script)
    expect(page.get_by_label(field, exact=True)).to_be_hidden()
    form = opened_row(page, label)
    expect(form.get_by_label(field, exact=True)).to_be_visible()
    form.get_by_text("Cancel").click()
    expect(page.get_by_label(field, exact=True)).to_be_hidden()


@pytest.mark.parametrize(
    "path, label, field, button",
    [
        ("/settings", "Username", "New username", "Change username"),
        ("/settings", "Email address", "Current password", "Change email address"),
        ("/settings/security", "Password", "New password", "Change password"),
    ],
)
def test_a_button_is_quiet_until_something_was_typed(
    visit: Visit, person: Person, path: str, label: str, field: str, button: str
) -> None:
    form = opened_row(visit(path, person), label)
    change = form.get_by_role("button", name=button)
    expect(change).to_have_class(QUIET)
    before = form.get_by_label(field, exact=True).input_value()
    form.get_by_label(field, exact=True).press_sequentially("x")
    expect(change).not_to_have_class(QUIET)
    form.get_by_label(field, exact=True).fill(before)
    expect(change).to_have_class(QUIET)


def test_a_closed_row_forgets_what_was_typed(visit: Visit, person: Person) -> None:
    page = visit("/settings/security", person)
    form = opened_row(page, "Password")
    new = form.get_by_label("New password", exact=True)
    new.fill("a password")
    form.get_by_role("button", name="Show new password").click()
    form.get_by_role("button", name="Change password").click()
    says(form.get_by_label("Current password", exact=True), re.compile(r"\w"))
    form.get_by_text("Cancel").click()
    opened_row(page, "Password")
    expect(new).to_have_value("")
    expect(new).to_have_attribute("type", "password")
    expect(form.locator(".error:not(:empty)")).to_have_count(0)
    expect(form.get_by_role("button", name="Change password")).to_have_class(QUIET)


def closed_with_the_focus(page: Page, label: str) -> None:
    summary = page.locator("summary", has_text=label)
    expect(page.locator("details[open]")).to_have_count(0)
    expect(summary).to_be_focused()


def test_the_password_is_changed_with_the_keyboard_alone_and_the_focus_returns(
    visit: Visit, person: Person
) -> None:
    page = visit("/settings/security", person)
    tab_to(page, "Password")
    page.keyboard.press("Enter")
    for label, text in (
        ("Current password", person.password),
        ("New password", "granite umbrella violin marmot"),
    ):
        tab_to(page, label)
        page.keyboard.type(text)
    page.keyboard.press("Enter")
    expect(page.locator("#notice")).to_contain_text("Password changed.")
    closed_with_the_focus(page, "Password")


def test_the_focus_returns_after_a_change_of_address_and_the_old_address_stays(
    visit: Visit, person: Person
) -> None:
    page = visit("/settings", person)
    form = opened_row(page, "Email address")
    form.get_by_label("New email address").fill(f"new.{person.email}")
    form.get_by_label("Current password", exact=True).fill(person.password)
    form.get_by_role("button", name="Change email address").click()
    expect(page.locator("#notice")).to_contain_text("Check the inbox of your new address")
    closed_with_the_focus(page, "Email address")
    expect(page.locator("summary", has_text="Email address")).to_contain_text(person.email)
    expect(opened_row(page, "Email address").get_by_label("New email address")).to_have_value("")
