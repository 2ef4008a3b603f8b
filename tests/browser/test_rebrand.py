"""A site that is renamed and recoloured in `entrypoints/site.py` shows the old name and colours nowhere."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import Envelope
from playwright.sync_api import Browser

from tests.browser.conftest import ROOT, Person, Site, free_port, serving
from tests.browser.test_pages import CASES

# The site before the change: name, colours, shapes of the logo.
OLD = re.compile("hexstart|#0b6f66|#5fcfc0|#06231f|M16 1.5 28.6 8.75|M11 9.5v13", re.IGNORECASE)
NEW = """
NAME = "Acme & Sons"
SENDER = "Acme Mail"
ACCENT, ON_ACCENT = "#8a1c7c", "#ffffff"
DARK_ACCENT, ON_DARK_ACCENT = "#f0a6e4", "#2b0926"
LOGO = '<circle cx="16" cy="16" r="14" fill="var(--accent)"/>'
FOOTER_LINKS = (("Privacy", "/privacy"), ("Help", "mailto:help@acme.example"))
"""


class Inbox:
    """A mail server that keeps its mails."""

    def __init__(self) -> None:
        self.messages: list[EmailMessage] = []

    async def handle_DATA(self, server: object, session: object, envelope: Envelope) -> str:
        self.messages.append(message_from_bytes(envelope.content, policy=policy.default))
        return "250 OK"


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the tree with another `site.py`."""
    copy = tmp_path_factory.mktemp("rebrand") / "tree"
    ignored = shutil.ignore_patterns(".git", ".venv", ".env", "var", "__pycache__", ".*_cache", ".hypothesis")
    shutil.copytree(ROOT, copy, ignore=ignored)
    (copy / "entrypoints/site.py").write_text(NEW)
    return copy


@pytest.fixture(scope="module")
def inbox() -> Inbox:
    return Inbox()


@pytest.fixture(scope="module")
def renamed(chromium: str, tree: Path, inbox: Inbox) -> Iterator[Site]:
    mail_server = Controller(inbox, "127.0.0.1", free_port())
    mail_server.start()
    try:
        with serving(tree, tree.parent, MAIL_URL=f"smtp://127.0.0.1:{mail_server.port}") as site:
            yield site
    finally:
        mail_server.stop()


def test_the_tests_of_the_pages_pass_on_the_renamed_site(chromium: str, tree: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "tests/browser/test_pages.py"]
    done = subprocess.run(command, cwd=tree, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_pages_styles_and_icon_show_the_new_look(browser: Browser, renamed: Site) -> None:
    with (
        browser.new_context(base_url=renamed.url) as anonymous,
        browser.new_context(base_url=renamed.url) as admin,
    ):
        owner = Person("owner_1", "owner@example.com")
        renamed.register(admin, owner)
        renamed.run("entrypoints.cli", "users", "grant", owner.email, "admin")
        shown = {}
        for context in (anonymous, admin):
            for path in sorted({case.path.partition("#")[0] for case in CASES if "{" not in case.path}):
                page = context.request.get(path).text()
                assert "<span>Acme &amp; Sons</span>" in page
                assert '<a href="mailto:help@acme.example">Help</a>' in page
                assert '<circle cx="16" cy="16" r="14" fill="var(--accent)"/>' in page
                files = re.findall(r'(?:href|src)="(/static/[^"]+)"', page)
                texts = [file for file in files if not file.endswith(".woff2")]
                shown |= {path: page} | {file: context.request.get(file).text() for file in texts}
    assert [path for path, text in shown.items() if OLD.search(text)] == []
    colours = next(text for path, text in shown.items() if "colours.css" in path)
    assert "--accent: #8a1c7c" in colours and "--accent: #f0a6e4" in colours
    icon = next(text for path, text in shown.items() if "favicon.svg" in path)
    assert 'fill="#8a1c7c"' in icon


def test_mails_show_the_new_look(browser: Browser, renamed: Site, inbox: Inbox) -> None:
    with browser.new_context() as context:
        renamed.register(context, Person("reader", "reader@example.com"))
    renamed.run("entrypoints.cli", "mails", "deliver")
    [mail] = [message for message in inbox.messages if message["To"] == "reader@example.com"]
    assert str(mail["From"]).startswith("Acme Mail <")
    assert str(mail["Subject"]).endswith(" · Acme & Sons")
    text, html = (part.get_content() for part in mail.iter_parts())
    assert "Acme & Sons" in text and "Acme &amp; Sons" in html
    assert "background:#8a1c7c;color:#ffffff" in html
    assert not OLD.search(text + html)


def test_no_mail_template_names_the_site() -> None:
    for template in (ROOT / "adapters/mail/templates").iterdir():
        assert not OLD.search(template.read_text()), template.name


def test_start_lines_and_the_command_line_say_the_new_name(renamed: Site) -> None:
    assert f"Acme & Sons is running on {renamed.url}" in renamed.log.read_text().splitlines()
    for command in ([], ["users"], ["users", "create"], ["mails"], ["mails", "deliver"]):
        told = renamed.run("entrypoints.cli", *command, "--help")
        assert not OLD.search(told)
        assert command or "Manage Acme & Sons from the command line." in told
    refused = subprocess.run(
        [sys.executable, "-m", "entrypoints.serve"],
        cwd=renamed.root,
        env=renamed.environment | {"PORT": "0"},
        capture_output=True,
        text=True,
    )
    assert refused.stderr.startswith("Acme & Sons does not start: PORT: ")
