"""The mails in a browser, as a mail client shows them: readable in both modes, and on a narrow phone."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from adapters.mail.rendering import Templates
from domain.mails import MailKind
from entrypoints import site
from entrypoints.flask_app.dev import SAMPLES
from tests.samples import a_mail

TEMPLATES = Templates("https://app.example.org", site, {})
LONGEST = {
    "username": "a" * 30,
    "inviter": "g" * 30,
    "team": "W" * 80,
    "ip": "2001:db8:1111:2222:3333:4444:5555:6666",
}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("kind", MailKind)
def test_a_mail_can_be_read(browser: Browser, kind: MailKind, scheme: str) -> None:
    facts = {name: LONGEST.get(name, fact) for name, fact in SAMPLES[kind].items()}
    mail = a_mail(kind, facts=facts, recipient=f"{'m' * 60}@example.org")
    asked: list[str] = []
    with browser.new_context(color_scheme=scheme, viewport={"width": 320, "height": 640}) as context:
        page = context.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.set_content(TEMPLATES.write(mail).html)
        for width in (320, 1280):
            page.set_viewport_size({"width": width, "height": 640})
            assert page.evaluate("document.documentElement.scrollWidth") <= width
        # Mails have no landmarks: each mail client frames them.
        options = {"rules": {"region": {"enabled": False}, "landmark-one-main": {"enabled": False}}}
        found = Axe().run(page, options=options)
    assert found.response["violations"] == []
    assert [url for url in asked if not url.startswith("data:")] == []
