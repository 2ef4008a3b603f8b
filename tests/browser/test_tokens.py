"""API tokens, as a person makes them for a program."""

import re

from playwright.sync_api import expect

from tests.browser.conftest import Person, Visit


def test_a_token_is_made_used_and_revoked(visit: Visit, person: Person) -> None:
    page = visit("/settings/security", person)
    page.get_by_role("link", name="API tokens").click()
    page.get_by_label("Name").fill("Deploy")
    page.get_by_label("Current password", exact=True).fill(person.password)
    page.get_by_role("button", name="Create token").click()
    token = page.locator("#new-token-text")
    expect(token).to_have_text(re.compile(r"^hxs_[\w-]{51}$"))
    program = visit("/login").context.request
    header = {"Authorization": f"Bearer {token.inner_text()}"}
    assert program.get("/api/user", headers=header).json()["data"]["username"] == person.username
    assert program.post("/api/teams", data={"name": "x"}, headers=header).status == 403

    page.get_by_role("link", name="Done").click()
    expect(page.get_by_text("Used just now")).to_be_visible()
    page.get_by_role("button", name="Revoke… token: Deploy").click()
    page.get_by_role("button", name="Revoke token").click()
    expect(page.get_by_text("Token revoked.")).to_be_visible()
    expect(page.get_by_role("heading", name="No tokens")).to_be_visible()
    assert program.get("/api/user", headers=header).status == 401
