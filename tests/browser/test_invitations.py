"""The way of an invitation: from the mail, over registration or login, into the team."""

import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Request, expect

from tests.browser.conftest import Person, Site, Visit, log_in
from tests.browser.test_forms import alert

TEAM = "A team with a name that has no place to break: " + "x" * 33
Invite = Callable[..., str]


@pytest.fixture
def invite(browser: Browser, site: Site, person: Person) -> Invite:
    """Sends an invitation of a new owner. Returns the link in the mail."""
    with browser.new_context(base_url=site.url) as context:
        site.register(
            context, replace(person, username=f"owner_{person.username}", email=f"owner.{person.email}")
        )
        team = context.request.post("/api/teams", data={"name": TEAM}).json()["data"]["id"]
        cookies = context.storage_state()

    def invite(email: str, number: int = 1) -> str:
        with browser.new_context(base_url=site.url, storage_state=cookies) as context:
            body = {"email": email, "role": "admin"}
            answer = context.request.post(f"/api/teams/{team}/invitations", data=body)
            assert answer.status == 201, answer.text()
        return site.link(email, "/invitation", number)

    return invite


def teams(page: Page) -> dict[str, str]:
    """The names of the user's teams, with the role there."""
    return {team["name"]: team["role"] for team in page.context.request.get("/api/teams").json()["data"]}


def joins(page: Page) -> None:
    page.get_by_role("button", name="Join team").click()
    expect(page).to_have_url(re.compile("/teams$"))
    expect(page.locator("#notice")).to_have_text(f"You joined the team {TEAM}.")
    assert teams(page)[TEAM] == "admin"


def test_a_guest_registers_with_the_invited_address_and_joins(
    visit: Visit, site: Site, person: Person, invite: Invite
) -> None:
    page = visit(invite(person.email))
    main = page.get_by_role("main")
    expect(main).to_contain_text(f"owner_{person.username} invites you to join the team {TEAM}.")
    expect(main).to_contain_text("Your role will be admin.")
    expect(main).to_contain_text(f"This invitation is for {person.email}.")
    main.get_by_role("link", name="Create your account").click()
    expect(page.get_by_label("Email address")).to_have_value(person.email)
    page.get_by_label("Username").fill(person.username)
    page.get_by_label("Password", exact=True).fill(person.password)
    page.get_by_role("button", name="Create account").click()
    joins(page)
    page.goto("/settings")
    expect(main).not_to_contain_text("Not verified")


def test_a_user_logs_in_on_the_way_and_joins(visit: Visit, regular: Person, invite: Invite) -> None:
    page = visit(invite(regular.email))
    page.get_by_role("main").get_by_role("link", name="Create your account").click()
    page.get_by_role("main").get_by_role("link", name="Log in").click()
    log_in(page, replace(regular, password="not this one at all"))
    expect(alert(page)).to_be_visible()
    log_in(page, regular)
    joins(page)


def test_a_user_that_is_logged_in_joins_with_one_press(visit: Visit, person: Person, invite: Invite) -> None:
    link = invite(person.email.capitalize())
    page = visit("/", person)
    page.goto(link)
    expect(page.get_by_role("button", name="Use another account")).to_be_hidden()
    joins(page)


def test_another_account_is_told_and_switches(visit: Visit, regular: Person, invite: Invite) -> None:
    link = invite(regular.email)
    eve = replace(regular, username=f"eve_{regular.username}", email=f"eve.{regular.email}")
    page = visit("/", eve)
    page.goto(link)
    expect(page.get_by_role("main")).to_contain_text(f"You're logged in as {eve.email}.")
    expect(page.get_by_role("button", name="Join team")).to_be_hidden()
    page.get_by_role("button", name="Use another account").click()
    expect(page).to_have_url(re.compile(r"/login\?next=/invitation$"))
    log_in(page, regular)
    joins(page)


def test_a_session_that_ends_before_joining_costs_a_login(
    visit: Visit, person: Person, invite: Invite
) -> None:
    link = invite(person.email)
    page = visit("/", person)
    page.goto(link)
    expect(page.get_by_role("button", name="Join team")).to_be_visible()
    page.context.clear_cookies()
    page.get_by_role("button", name="Join team").click()
    expect(page).to_have_url(re.compile("/login"))
    log_in(page, person)
    joins(page)


def test_opening_an_invitation_changes_nothing_and_the_token_is_never_in_an_url(
    visit: Visit, site: Site, regular: Person, invite: Invite
) -> None:
    link = invite(regular.email)
    token = link.partition("#")[2]
    page = visit("/")
    asked: list[Request] = []
    page.on("request", lambda request: asked.append(request))
    page.goto(link)
    expect(page.get_by_role("link", name="Create your account")).to_be_visible()
    expect(page).to_have_url(re.compile("/invitation$"))
    page.get_by_role("link", name="Create your account").click()
    expect(page.get_by_label("Email address")).to_have_value(regular.email)
    expect(page).to_have_url(re.compile(r"/register\?next=/invitation$"))
    assert {request.url for request in asked if request.method == "POST"} == {
        f"{site.url}/api/invitations/show"
    }
    assert not any(token in request.url.partition("#")[0] for request in asked)
    assert page.evaluate("Object.keys(sessionStorage)") == []
    assert site.log.read_text().count(token) == 1, "the link is in the log once, in the mail"


def test_an_invitation_is_gone_after_it_was_accepted(visit: Visit, person: Person, invite: Invite) -> None:
    link = invite(person.email)
    page = visit("/", person)
    page.goto(link)
    joins(page)
    page.goto(link)
    expect(alert(page).filter(visible=True)).to_contain_text("no longer")
    expect(page.get_by_role("button", name="Join team")).to_be_hidden()


def test_a_member_that_is_invited_again_is_told(visit: Visit, person: Person, invite: Invite) -> None:
    first = invite(person.email)
    page = visit("/", person)
    page.goto(first)
    joins(page)
    page.goto(invite(person.email, number=2))
    page.get_by_role("button", name="Join team").click()
    expect(alert(page).filter(visible=True)).to_contain_text("already")


def test_an_invitation_can_be_shown_again_when_the_server_was_out_of_reach(
    visit: Visit, person: Person, invite: Invite
) -> None:
    link = invite(person.email)
    page = visit("/")
    page.route("**/api/**", lambda route: route.abort())
    page.goto(link)
    expect(alert(page).filter(visible=True)).to_contain_text("can't reach the server")
    page.unroute("**/api/**")
    page.get_by_role("button", name="Show invitation").click()
    expect(page.get_by_role("main")).to_contain_text(person.email)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_valid_invitation_has_no_violations_and_fits_320_pixels(
    visit: Visit, person: Person, regular: Person, invite: Invite, scheme: str
) -> None:
    link = invite(f"invited.{person.email}")
    for who in (None, replace(regular, username=f"eve_{regular.username}", email=f"eve.{regular.email}")):
        page = visit("/", who, viewport={"width": 320, "height": 640}, color_scheme=scheme)
        page.goto(link)
        expect(page.locator("#invitation")).to_be_focused()
        assert page.evaluate("document.documentElement.scrollWidth") == 320
        results = Axe().run(page)
        assert results.violations_count == 0, results.generate_report()
