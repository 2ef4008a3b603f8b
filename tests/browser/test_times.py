"""Times of sessions and history: words, and the exact minute as title in the time zone of the user."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Person, Visit

PAGES = ["/settings/sessions", "/settings/history"]
KIRITIMATI = "Pacific/Kiritimati"  # 14 hours ahead


@pytest.mark.parametrize("path", PAGES)
def test_the_title_is_in_the_time_zone_of_the_user(visit: Visit, person: Person, path: str) -> None:
    page = visit(path, person, timezone_id=KIRITIMATI)
    time = page.locator("time").first
    expect(time).to_have_text("just now")
    at = time.get_attribute("datetime")
    told = page.evaluate("at => new Date(Date.parse(at) + 14 * 3600e3).toISOString().slice(11, 16)", at)
    expect(time).to_have_attribute("title", re.compile(f" at {told}$"))


@pytest.mark.parametrize("path", PAGES)
def test_without_a_script_the_title_is_in_utc_and_says_so(visit: Visit, person: Person, path: str) -> None:
    page = visit(path, person, java_script_enabled=False, timezone_id=KIRITIMATI)
    time = page.locator("time").first
    at = time.get_attribute("datetime") or ""
    expect(time).to_have_text("just now")
    expect(time).to_have_attribute("title", re.compile(f" at {at[11:16]} UTC$"))


def later(page: Page, seconds: int) -> None:
    page.clock.fast_forward(seconds * 1000)


def test_the_words_are_kept_right_while_the_page_is_open(visit: Visit, person: Person) -> None:
    page = visit("/", person)
    page.clock.install()
    page.goto("/settings/history")
    time = page.locator("time").first
    expect(time).to_have_text("just now")
    for seconds, words in ((90, "1 minute ago"), (120, "3 minutes ago"), (7200, "2 hours ago")):
        later(page, seconds)
        expect(time).to_have_text(words)


def test_a_device_with_a_wrong_clock_shows_the_words_of_the_server(visit: Visit, person: Person) -> None:
    page = visit("/", person)
    page.clock.install(time="2020-01-01T00:00:00Z")
    page.goto("/settings/sessions")
    later(page, 130)
    expect(page.locator("time").first).to_have_text("2 minutes ago")


@pytest.mark.parametrize("path", PAGES)
def test_nothing_moves_while_the_page_loads(visit: Visit, person: Person, path: str) -> None:
    page = visit("/", person, timezone_id=KIRITIMATI)
    page.goto(path, wait_until="networkidle")
    moved = page.evaluate(
        "() => new Promise(done => { let sum = 0; new PerformanceObserver(list =>"
        " list.getEntries().forEach(entry => { sum += entry.value }))"
        ".observe({ type: 'layout-shift', buffered: true }); setTimeout(() => done(sum), 300) })"
    )
    assert moved == 0
