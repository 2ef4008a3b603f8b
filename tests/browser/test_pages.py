"""Rules for every page: light and dark, wide and narrow."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from entrypoints import site as site_look
from tests.browser.conftest import Site, Visit, opened_row, watched


@dataclass(frozen=True)
class Case:
    name: str
    path: str
    user: str | None = None  # the fixture with the cookies of a user
    press: str | None = None  # a button that makes the page show its errors
    row: str | None = None  # a row of settings that is opened first
    dialog: str | None = None  # a button that opens a dialog

    def __str__(self) -> str:
        return self.name


CASES = [
    Case("home", "/"),
    Case("the API", "/api/docs"),
    Case("register", "/register"),
    Case("register with errors", "/register", press="Create account"),
    Case("login", "/login"),
    Case("login with errors", "/login", press="Log in"),
    Case("logged out", "/logout"),
    Case("no such page", "/no-such-page"),
    Case("home of a member", "/", "member"),
    Case("settings", "/settings", "member"),
    Case("settings with errors", "/settings", "member", row="Email address", press="Change email address"),
    Case("security", "/settings/security", "member"),
    Case("password open", "/settings/security", "member", row="Password"),
    Case("two-factor", "/settings/two-factor", "member"),
    Case("tokens", "/settings/tokens", "member"),
    Case("tokens with errors", "/settings/tokens", "member", press="Create token"),
    Case("proof", "/reauthenticate", "member"),
    Case("data", "/settings/data", "member"),
    Case("delete account", "/settings/data", "member", dialog="Delete account…"),
    Case("teams", "/teams", "member"),
    Case("team", "/teams/{team}", "member"),
    Case("delete team", "/teams/{team}", "member", dialog="Delete team…"),
    Case("members", "/teams/{team}/members", "member"),
    Case("invitation without a link", "/invitation"),
    Case("dead invitation", "/invitation#a-token"),
    Case("dead invitation, logged in", "/invitation#a-token", "member"),
    Case("sessions", "/settings/sessions", "member"),
    Case("history", "/settings/history", "member"),
    Case("verify", "/verify-email#a-token"),
    Case("verify without a link", "/verify-email"),
    Case("verify with a dead link", "/verify-email#a-token", press="Verify email"),
    Case("verify with a dead link, logged in", "/verify-email#a-token", "member", press="Verify email"),
    Case("forgotten password", "/forgot-password"),
    Case("forgotten password with errors", "/forgot-password", press="Send link"),
    Case("reset", "/reset-password#a-token"),
    Case("reset without a link", "/reset-password"),
    Case("reset with a dead link", "/reset-password#a-token", press="Change password"),
    Case("logout", "/logout", "member"),
    Case("forbidden", "/admin", "member"),
    Case("admin", "/admin", "admin"),
    Case("admin without a match", "/admin?q=no-such-user", "admin"),
    Case("user", "/admin/users/{user}", "admin"),
    Case("act as a user", "/admin/users/{user}", "admin", dialog="Act as member…"),
    Case("events", "/admin/events", "admin"),
    Case("no events", "/admin/events?since=2100-01-01", "admin"),
]
WIDE = {"width": 1280, "height": 800}


@pytest.fixture(scope="module", params=CASES, ids=str)
def case(request: pytest.FixtureRequest) -> Case:
    return request.param


@pytest.fixture(scope="module")
def opened(
    case: Case, browser: Browser, site: Site, ids: dict[str, str], request: pytest.FixtureRequest
) -> Iterator[Page]:
    """The page, opened once for all tests below."""
    state = request.getfixturevalue(case.user) if case.user else None
    with watched(browser, site) as visit:
        page = visit(case.path.format(**ids), storage_state=state, viewport=WIDE)
        expect(page.locator("[data-json] :disabled")).to_have_count(0)  # until forms.js has run
        if case.row:
            opened_row(page, case.row)
        if case.dialog:
            page.get_by_role("button", name=case.dialog).click()
        if case.press:
            page.get_by_role("main").get_by_role("button", name=case.press).click()
            said = page.locator(".error:not(:empty), [role=alert]:not(:empty)").filter(visible=True)
            expect(said).not_to_have_count(0)
        yield page


@pytest.fixture(scope="module")
def ids(browser: Browser, site: Site, member: dict[str, object]) -> dict[str, str]:
    """The ids in the URLs of the cases: of the member, and of its team."""
    with browser.new_context(base_url=site.url, storage_state=member) as context:
        user = context.request.get("/api/user").json()["data"]["id"]
        team = context.request.get("/api/teams").json()["data"][0]["id"]
    return {"user": user, "team": team}


@pytest.fixture
def page(opened: Page) -> Page:
    opened.set_viewport_size(WIDE)
    return opened


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_violation(page: Page, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme)
    results = Axe().run(page)
    assert results.violations_count == 0, results.generate_report()


def test_a_page_fits_into_320_pixels(page: Page) -> None:
    page.set_viewport_size({"width": 320, "height": 640})
    assert page.evaluate("document.documentElement.scrollWidth") == 320


def test_a_page_has_one_heading_a_title_and_its_landmarks(page: Page) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_count(1)
    expect(page).to_have_title(re.compile(rf"\S.* · {re.escape(site_look.NAME)}$"))
    for landmark in ("banner", "main", "contentinfo"):
        expect(page.get_by_role(landmark)).to_have_count(1)
    expect(page.get_by_role("navigation", name="Main")).to_have_count(1)


def test_the_keyboard_focus_is_visible(page: Page) -> None:
    page.locator("body").evaluate("body => { body.tabIndex = -1; body.focus() }")
    for _ in range(8):
        page.keyboard.press("Tab")
        outline = page.evaluate(
            "(({ outlineStyle, outlineWidth }) => `${outlineStyle} ${outlineWidth}`)"
            "(getComputedStyle(document.activeElement))"
        )
        focused = page.evaluate("document.activeElement.outerHTML")
        assert outline == "solid 3px" or focused.startswith("<body"), focused


def test_every_page_of_a_user_has_a_log_out_button(page: Page, case: Case) -> None:
    button = page.get_by_role("banner").locator("button", has_text="Log out")
    expect(button).to_have_count(1 if case.user else 0)
    if case.user:
        form = page.get_by_role("banner").locator("form", has_text="Log out")
        assert (form.get_attribute("method"), form.get_attribute("action")) == ("post", "/logout")


def test_no_two_pages_share_a_title(
    browser: Browser, site: Site, ids: dict[str, str], request: pytest.FixtureRequest
) -> None:
    opened = [case for case in CASES if not (case.press or case.row or case.dialog)]
    pages = [case for case in opened if not {"#", "?"} & set(case.path)]
    titles = []
    for case in pages:
        state = request.getfixturevalue(case.user) if case.user else None
        with browser.new_context(base_url=site.url, storage_state=state) as context:
            titles += re.findall("<title>(.+)</title>", context.request.get(case.path.format(**ids)).text())
    assert len(titles) == len(pages)
    assert [title for title, count in Counter(titles).items() if count > 1] == []


def test_the_background_follows_the_color_scheme(visit: Visit) -> None:
    page = visit("/")

    def brightness(scheme: str) -> int:
        page.emulate_media(color_scheme=scheme)
        return page.evaluate("Number(getComputedStyle(document.body).backgroundColor.match(/[0-9]+/)[0])")

    assert brightness("light") > 200 and brightness("dark") < 50


def test_a_page_without_scripts_says_that_forms_need_them(visit: Visit) -> None:
    page = visit("/login", java_script_enabled=False)
    # Chromium does not render <noscript> in tests, so the source is read.
    assert re.search("<noscript>.*need JavaScript.*</noscript>", page.content())
    expect(page.get_by_role("main").get_by_role("button", name="Log in")).to_be_disabled()


@pytest.mark.parametrize("path", ["/", "/settings", "/teams/{team}/members", "/login"])
def test_a_page_is_light_and_nothing_moves_while_it_loads(
    visit: Visit, member: dict[str, object], ids: dict[str, str], path: str
) -> None:
    page = visit("/logout", storage_state=None if path == "/login" else member, viewport=WIDE)
    sizes: list[int] = []
    network = page.context.new_cdp_session(page)
    network.on("Network.loadingFinished", lambda loaded: sizes.append(loaded["encodedDataLength"]))
    network.send("Network.enable")
    network.send("Network.setCacheDisabled", {"cacheDisabled": True})
    page.add_init_script(
        "window.moved = 0; new PerformanceObserver(list => list.getEntries().forEach(entry => "
        "{ window.moved += entry.value })).observe({ type: 'layout-shift', buffered: true })"
    )
    page.goto(path.format(**ids), wait_until="networkidle")
    assert page.evaluate("document.fonts.check('1rem Figtree')")
    assert page.evaluate("window.moved") == 0
    assert 10_000 < sum(sizes) < 120_000


def test_menus_open_without_a_script(visit: Visit, member: dict[str, object]) -> None:
    page = visit("/", storage_state=member, viewport=WIDE, java_script_enabled=False)
    account = page.get_by_role("banner").locator("details", has_text="Log out")
    account.locator("summary").click()
    expect(account.get_by_role("link", name="Settings")).to_be_visible()
    expect(account.get_by_role("button", name="Log out")).to_be_visible()
    teams = page.get_by_role("banner").locator("details", has_text="All teams")
    teams.locator("summary").click()
    expect(teams.get_by_role("link", name="member's team")).to_be_visible()


def test_a_menu_closes_on_escape_and_gives_the_focus_back(visit: Visit, member: dict[str, object]) -> None:
    page = visit("/", storage_state=member, viewport=WIDE)
    account = page.get_by_role("banner").locator("details", has_text="Log out")
    account.locator("summary").press("Enter")
    page.keyboard.press("Tab")
    expect(account.get_by_role("link", name="Settings")).to_be_focused()
    page.keyboard.press("Escape")
    expect(account.get_by_role("link", name="Settings")).to_be_hidden()
    expect(account.locator("summary")).to_be_focused()


def test_the_header_is_one_row_on_a_phone(visit: Visit, member: dict[str, object]) -> None:
    page = visit("/", storage_state=member, viewport={"width": 320, "height": 640})
    assert page.get_by_role("banner").bounding_box()["height"] < 70
