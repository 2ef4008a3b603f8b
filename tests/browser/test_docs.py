"""The page of the API: its search, and what is there without it."""

import re

from playwright.sync_api import expect

from tests.browser.conftest import Visit


def test_the_search_finds_calls_by_every_word(visit: Visit) -> None:
    page = visit("/api/docs")
    calls = page.get_by_role("article")
    everything = calls.count()
    expect(page.get_by_role("heading", name="Teams", exact=True)).to_be_visible()

    page.get_by_label("Search").fill("session  REMEMBERED")

    expect(calls.filter(visible=True)).to_have_count(1)
    expect(page.get_by_role("heading", name="GET /api/sessions")).to_be_visible()
    expect(page.get_by_role("heading", name="Teams", exact=True)).to_be_hidden()
    expect(page.get_by_role("status").get_by_text(f"1 of {everything} calls")).to_be_visible()

    page.get_by_label("Search").fill("")
    expect(calls.filter(visible=True)).to_have_count(everything)


def test_the_page_is_complete_without_a_script(visit: Visit) -> None:
    page = visit("/api/docs", java_script_enabled=False)

    expect(page.get_by_label("Search")).to_be_hidden()
    login = page.locator("#post_login")
    expect(login.get_by_text(re.compile("curl -X POST .*/api/login"))).to_be_visible()
    login.get_by_text("Fields and answers").click()
    expect(login.get_by_role("listitem").filter(has_text="remember")).to_contain_text("boolean, optional")
    expect(login.get_by_role("link", name="401")).to_have_attribute("href", "#errors-401")
    expect(page.locator("#errors-401")).to_contain_text("40101")
