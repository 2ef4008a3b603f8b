"""The links in mails: their pages, and the messages for missing and invalid links."""

import re
from dataclasses import replace

from playwright.sync_api import Page, Request, expect

from tests.browser.conftest import Person, Site, Visit, log_in, log_out, opened_row
from tests.browser.test_forms import alert, says

ANOTHER = "granite umbrella violin marmot"


def verify(page: Page) -> None:
    page.get_by_role("button", name="Verify email").click()


def change_address(page: Page, person: Person, address: str) -> None:
    form = opened_row(page, "Email address")
    form.get_by_label("New email address").fill(address)
    form.get_by_label("Current password", exact=True).fill(person.password)
    form.get_by_role("button", name="Change email address").click()
    expect(page.locator("#notice")).to_contain_text("Check the inbox of your new address")


def ask_for_a_new_password(page: Page, address: str) -> None:
    page.get_by_label("Email address").fill(address)
    page.get_by_role("button", name="Send link").click()
    expect(page.get_by_role("main")).to_contain_text("If there's an account for this address")


def choose(page: Page, password: str) -> None:
    page.get_by_label("New password", exact=True).fill(password)
    page.get_by_role("button", name="Change password").click()


def test_the_link_and_its_button_verify_the_address(visit: Visit, site: Site, person: Person) -> None:
    page = visit("/settings", person)
    main = page.get_by_role("main")
    expect(main).to_contain_text("Not verified")
    page.goto(site.link(person.email, "/verify-email"))
    verify(page)
    expect(page).to_have_url(re.compile("/settings$"))
    expect(page.get_by_text(f"The email address {person.email} is verified.")).to_be_visible()
    expect(main).not_to_contain_text("Not verified")
    expect(page.get_by_role("button", name="Send the link again")).to_have_count(0)


def test_a_link_does_nothing_until_the_button_is_pressed_and_leaves_no_trace_in_the_address_bar(
    visit: Visit, site: Site, person: Person
) -> None:
    page = visit("/", person)
    asked: list[Request] = []
    page.on("request", lambda request: asked.append(request))
    link = site.link(person.email, "/verify-email")
    token = link.partition("#")[2]
    page.goto(link)
    expect(page.get_by_role("button", name="Verify email")).to_be_enabled()
    expect(page).to_have_url(re.compile("/verify-email$"))
    page.wait_for_load_state("networkidle")
    assert {request.method for request in asked} == {"GET"}
    assert not any(token in request.url for request in asked if not request.is_navigation_request())
    assert site.log.read_text().count(token) == 1, "the link is in the log once, in the mail"
    page.goto("/settings")
    expect(page.get_by_role("main")).to_contain_text("Not verified")


def test_a_link_verifies_without_a_session_and_leads_to_the_login(
    visit: Visit, site: Site, regular: Person
) -> None:
    page = visit(site.link(regular.email, "/verify-email"))
    verify(page)
    expect(page).to_have_url(re.compile("/login"))
    expect(page.get_by_text(f"The email address {regular.email} is verified.")).to_be_visible()
    log_in(page, regular)
    expect(page).to_have_url(re.compile("/settings$"))
    page.goto("/settings")
    expect(page.get_by_role("main")).not_to_contain_text("Not verified")


def test_a_link_works_once(visit: Visit, site: Site, regular: Person) -> None:
    link = site.link(regular.email, "/verify-email")
    page = visit(link)
    verify(page)
    expect(page).to_have_url(re.compile("/login"))
    page.goto(link)
    verify(page)
    expect(alert(page).filter(visible=True)).to_contain_text("no longer")
    expect(page.locator("#no-link")).to_be_focused()
    expect(page.get_by_role("button", name="Verify email")).to_be_hidden()
    page.get_by_role("main").get_by_role("link", name="Log in").click()
    log_in(page, regular)
    expect(page).to_have_url(re.compile(r":\d+/$"))
    page.goto(link)
    verify(page)
    expect(page.get_by_role("main")).to_contain_text(f"Your email address {regular.email} is verified")


def test_a_new_link_replaces_the_old_one(visit: Visit, site: Site, person: Person) -> None:
    page = visit("/settings", person)
    first = site.link(person.email, "/verify-email")
    page.get_by_role("button", name="Send the link again").click()
    expect(page.get_by_text("Check your inbox to verify your email.")).to_be_visible()
    second = site.link(person.email, "/verify-email", number=2)
    page.goto(first)
    verify(page)
    expect(alert(page).filter(visible=True)).to_contain_text("no longer")
    page.get_by_role("button", name="Send new link").click()
    expect(page.get_by_text("Check your inbox to verify your email.")).to_be_visible()
    third = site.link(person.email, "/verify-email", number=3)
    assert len({first, second, third}) == 3
    # In the same tab, where the browser only changes the fragment of the open page.
    page.goto(third)
    verify(page)
    expect(page).to_have_url(re.compile("/settings$"))
    expect(page.get_by_text(f"The email address {person.email} is verified.")).to_be_visible()


def test_a_page_without_a_token_says_that_the_link_is_incomplete(visit: Visit, person: Person) -> None:
    page = visit("/verify-email")
    said = alert(page).filter(visible=True)
    expect(said).to_contain_text("This link is incomplete.")
    expect(page.get_by_role("button", name="Verify email")).to_be_hidden()
    expect(page.get_by_role("main").get_by_role("link", name="Log in")).to_be_visible()
    page.goto("/reset-password")
    expect(said).to_contain_text("This link is incomplete.")
    page.get_by_role("link", name="Get a new link").click()
    expect(page).to_have_url(re.compile("/forgot-password$"))
    page = visit("/verify-email", person)
    expect(page.get_by_role("button", name="Send new link")).to_be_visible()


def test_a_damaged_link_shows_an_alert(visit: Visit) -> None:
    page = visit(f"/verify-email#{'a' * 500}")
    verify(page)
    expect(alert(page).filter(visible=True)).to_be_visible()
    expect(page.get_by_role("button", name="Verify email")).to_be_hidden()


def test_the_skip_link_keeps_the_token(visit: Visit) -> None:
    page = visit("/verify-email#a-token")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("#main$"))
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Verify email")).to_be_focused()
    assert page.locator("[name=token]").input_value() == "a-token"
    page.reload()
    expect(alert(page).filter(visible=True)).to_contain_text("This link is incomplete.")


def test_the_address_changes_when_its_link_is_used(visit: Visit, site: Site, person: Person) -> None:
    page = visit("/settings", person)
    main = page.get_by_role("main")
    moved = replace(person, email=f"moved.{person.email}")
    change_address(page, person, moved.email)
    page.reload()
    expect(main).to_contain_text(person.email)
    expect(main).not_to_contain_text(moved.email)
    page.goto(site.link(moved.email, "/verify-email"))
    verify(page)
    expect(page).to_have_url(re.compile("/settings$"))
    expect(main).to_contain_text(moved.email)
    expect(main).not_to_contain_text("Not verified")
    log_out(page)
    expect(page).to_have_url(re.compile("/$"))
    page.goto("/login")
    log_in(page, person)
    expect(alert(page)).to_be_visible()
    log_in(page, moved)
    expect(page).to_have_url(re.compile(r":\d+/$"))
    page.goto("/settings")
    expect(main).to_contain_text(moved.email)


def test_the_last_of_two_changes_of_address_counts(visit: Visit, site: Site, person: Person) -> None:
    page = visit("/settings", person)
    change_address(page, person, f"first.{person.email}")
    change_address(page, person, f"second.{person.email}")
    first = site.link(f"first.{person.email}", "/verify-email")
    second = site.link(f"second.{person.email}", "/verify-email")
    page.goto(first)
    verify(page)
    expect(alert(page).filter(visible=True)).to_contain_text("no longer")
    page.goto(second)
    verify(page)
    expect(page).to_have_url(re.compile("/settings$"))
    expect(page.get_by_role("main")).to_contain_text(f"second.{person.email}")


def test_a_password_reset_ends_all_sessions(visit: Visit, site: Site, person: Person) -> None:
    elsewhere = visit("/settings", person)
    page = visit("/login")
    page.get_by_role("link", name="Forgot your password?").click()
    ask_for_a_new_password(page, person.email.upper())
    page.goto(site.link(person.email, "/reset-password"))
    expect(page).to_have_url(re.compile("/reset-password$"))
    expect(page.locator("#new_password-hint")).to_contain_text("8 characters")
    choose(page, "password")
    says(page.get_by_label("New password", exact=True), re.compile("easy to guess"))
    expect(page.get_by_label("New password", exact=True)).to_be_focused()
    choose(page, ANOTHER)
    expect(page).to_have_url(re.compile("/login$"))
    expect(page.get_by_text(f"The password for {person.email} was changed. Log in")).to_be_visible()
    elsewhere.reload()
    expect(elsewhere).to_have_url(re.compile("/login"))
    log_in(page, person)
    expect(alert(page)).to_be_visible()
    log_in(page, replace(person, password=ANOTHER))
    expect(page).to_have_url(re.compile(r":\d+/$"))


def test_a_reset_link_works_once(visit: Visit, site: Site, regular: Person) -> None:
    page = visit("/forgot-password")
    ask_for_a_new_password(page, regular.email)
    link = site.link(regular.email, "/reset-password")
    page.goto(link)
    choose(page, ANOTHER)
    expect(page).to_have_url(re.compile("/login$"))
    page.goto(link)
    choose(page, "marble kettle sunrise gravel")
    expect(alert(page).filter(visible=True)).to_contain_text("no longer")
    expect(page.get_by_label("New password", exact=True)).to_be_hidden()
    page.get_by_role("link", name="Get a new link").click()
    expect(page).to_have_url(re.compile("/forgot-password$"))


def test_forgot_password_shows_the_same_with_and_without_an_account(visit: Visit, regular: Person) -> None:
    page = visit("/forgot-password")
    ask_for_a_new_password(page, regular.email)
    known = page.get_by_role("main").inner_text()
    page.reload()
    ask_for_a_new_password(page, "unknown@example.com")
    assert page.get_by_role("main").inner_text() == known


def test_an_invalid_address_is_reported_at_its_field(visit: Visit) -> None:
    page = visit("/forgot-password")
    page.get_by_label("Email address").fill("not an address")
    page.get_by_role("button", name="Send link").click()
    says(page.get_by_label("Email address"), re.compile(r"\w"))


def test_a_forgotten_password_is_replaced_with_the_keyboard_alone(
    visit: Visit, site: Site, regular: Person
) -> None:
    page = visit("/forgot-password")
    page.get_by_label("Email address").focus()
    page.keyboard.type(regular.email)
    page.keyboard.press("Enter")
    page.goto(site.link(regular.email, "/reset-password"))
    expect(page.get_by_role("button", name="Change password")).to_be_enabled()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type(ANOTHER)
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/login$"))
