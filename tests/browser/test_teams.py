"""Teams, invitations and administration, as people use them."""

from playwright.sync_api import Page, expect

from tests.browser.conftest import PASSWORD, Person, Site, Visit, log_in, log_out


def invite(page: Page, site: Site, owner: Person, address: str, role: str = "Member") -> str:
    """Invites the address to the team of the owner. Returns the link of the mail."""
    page.goto("/")
    page.get_by_role("link", name=f"{owner.username}'s team").first.click()
    page.get_by_role("navigation", name="Team").get_by_role("link", name="Members").click()
    page.get_by_label("Email address").fill(address)
    page.get_by_label("Role", exact=True).select_option(label=role)
    page.get_by_role("button", name="Send invitation").click()
    expect(page.locator("#notice")).to_have_text("Invitation sent.")
    expect(page.get_by_role("row").filter(has_text=address)).to_contain_text(role)
    return site.link(address, "/invitation")


def other(person: Person, name: str) -> Person:
    return Person(f"{name}_{person.username}", f"{name}.{person.email}")


def test_an_owner_changes_a_role_and_removes_a_member(visit: Visit, site: Site, person: Person) -> None:
    guest = other(person, "guest")
    page = visit("/", person)
    joining = visit(invite(page, site, person, guest.email), guest)
    joining.get_by_role("button", name="Join team").click()
    expect(joining).to_have_url("/teams")
    page.reload()
    row = page.get_by_role("row").filter(has_text=guest.username)
    expect(row.get_by_role("button", name="Save role")).to_be_hidden()
    row.get_by_label(f"Role of {guest.username}").select_option(label="Admin")
    row.get_by_role("button", name="Save role").click()
    expect(page.locator("#notice")).to_have_text(f"Role changed for {guest.username}.")
    row.get_by_role("button", name="Remove…").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove", exact=True).click()
    expect(page.locator("#notice")).to_have_text(f"{guest.username} is no longer a member.")
    expect(row).to_have_count(0)
    joining.goto(page.url)
    expect(joining.get_by_role("heading", level=1)).to_have_text("Page not found")


def test_an_invitation_is_sent_again_and_revoked(visit: Visit, site: Site, person: Person) -> None:
    guest = other(person, "guest")
    page = visit("/", person)
    first = invite(page, site, person, guest.email)
    row = page.get_by_role("row").filter(has_text=guest.email)
    row.get_by_role("button", name="Send again").click()
    expect(page.locator("#notice")).to_have_text("Invitation sent again.")
    second = site.link(guest.email, "/invitation", number=2)
    assert first != second
    row.get_by_role("button", name="Revoke").click()
    expect(page.locator("#notice")).to_have_text("Invitation revoked.")
    expect(page.get_by_text("No pending invitations")).to_be_visible()
    for link in (first, second):
        opened = visit(link)
        expect(opened.get_by_role("alert").filter(visible=True)).to_contain_text("no longer valid")


def test_a_team_is_created_left_and_deleted(visit: Visit, person: Person) -> None:
    page = visit("/teams", person)
    page.get_by_label("Team name").fill("Night & Day")
    page.get_by_role("button", name="Create team").click()
    expect(page.locator("#notice")).to_have_text("Team created.")
    page.get_by_role("main").get_by_role("link", name="Night & Day", exact=True).click()
    page.get_by_role("button", name="Leave team…").click()
    page.get_by_role("dialog").get_by_role("button", name="Leave team").click()
    expect(page.get_by_role("dialog").get_by_role("alert")).to_contain_text("would be left without an owner")
    page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.get_by_role("button", name="Delete team…").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete team").click()
    expect(page.locator("#notice")).to_have_text("Team deleted.")
    expect(page.get_by_role("main")).not_to_contain_text("Night & Day")


def administrator(visit: Visit, site: Site, person: Person) -> Page:
    boss = other(person, "boss")
    page = visit("/", boss)
    site.run("entrypoints.cli", "users", "grant", boss.email, "admin")
    return page


def open_user(page: Page, person: Person) -> None:
    page.goto(f"/admin?q={person.username}")
    page.get_by_role("link", name=person.username, exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(person.username)


def test_support_acts_as_a_user_and_comes_back(visit: Visit, site: Site, person: Person) -> None:
    user_page = visit("/settings/history", person)
    page = administrator(visit, site, person)
    open_user(page, person)
    page.get_by_role("button", name=f"Act as {person.username}…").click()
    page.get_by_label("Reason").fill("Ticket 7")
    page.get_by_role("dialog").get_by_role("button", name=f"Act as {person.username}", exact=True).click()
    expect(page.get_by_role("region", name="Support")).to_contain_text(f"You're acting as {person.username}.")
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Hello, {person.username}")
    page.goto("/settings/data")
    expect(page.get_by_role("region", name="Support")).to_be_visible()
    page.get_by_role("button", name="Back to my account").click()
    expect(page.locator("#notice")).to_have_text("You're back in your own account.")
    expect(page.get_by_role("region", name="Support")).to_have_count(0)
    user_page.reload()
    expect(user_page.get_by_role("main")).to_contain_text("Support access started (Ticket 7).")
    expect(user_page.get_by_role("main")).to_contain_text(f"by boss_{person.username}")


def test_a_user_is_disabled_and_enabled(visit: Visit, site: Site, person: Person) -> None:
    user_page = visit("/", person)
    page = administrator(visit, site, person)
    open_user(page, person)
    page.get_by_role("button", name="Disable account…").click()
    page.get_by_role("dialog").get_by_role("button", name="Disable account").click()
    expect(page.locator("#notice")).to_have_text(f"{person.username} is disabled.")
    user_page.goto("/login")
    log_in(user_page, person)
    expect(user_page.get_by_role("alert").filter(visible=True)).to_have_text(
        "This account is disabled. Please contact us."
    )
    page.get_by_role("button", name="Enable account").click()
    expect(page.locator("#notice")).to_have_text(f"{person.username} is enabled.")
    log_in(user_page, person)
    expect(user_page.get_by_role("heading", level=1)).to_have_text(f"Hello, {person.username}")


def test_an_administrator_gives_and_takes_the_role(visit: Visit, site: Site, person: Person) -> None:
    user_page = visit("/", person)
    page = administrator(visit, site, person)
    open_user(page, person)
    for button, answer in (("Make administrator", 200), ("Remove administrator role", 403)):
        page.locator("#change-roles > summary").click()
        page.get_by_role("button", name=button).click()
        expect(page.locator("#notice")).to_have_text("Roles changed.")
        assert user_page.goto("/admin").status == answer


def test_events_are_filtered(visit: Visit, site: Site, person: Person) -> None:
    log_out(visit("/", person))
    page = administrator(visit, site, person)
    page.goto("/admin/events")
    page.get_by_label("Event", exact=True).select_option(label="Logged out")
    page.get_by_role("button", name="Filter").click()
    rows = page.locator("tbody tr")
    expect(rows.first).to_contain_text(person.username)
    expect(rows.filter(has_not_text="Logged out.")).to_have_count(0)
    assert PASSWORD not in page.content()
