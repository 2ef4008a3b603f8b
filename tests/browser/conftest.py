"""A real server and a real browser. Errors in the console of the browser fail the test."""

import itertools
import json
import os
import re
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Locator,
    Page,
    Request,
    Response,
    sync_playwright,
)

from tests.servers import free_port

ROOT = Path(__file__).resolve().parents[2]
PASSWORD = "turquoise lantern orbit pickle"
FLAGS = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
Visit = Callable[..., Page]

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/18.5 Mobile/15E148 Safari/604.1"
)


@dataclass(frozen=True)
class Person:
    username: str
    email: str
    password: str = PASSWORD


@dataclass(frozen=True)
class Site:
    """`root` is the tree that the server runs from. `log` is its log, in development with the mails."""

    root: Path
    url: str
    environment: dict[str, str]
    log: Path

    def run(self, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", *arguments],
            cwd=self.root,
            env=self.environment,
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout

    def register(self, context: BrowserContext, person: Person) -> None:
        """Logs the browser in as a new user, without the page for it."""
        answer = context.request.post(f"{self.url}/api/register", data=vars(person))
        assert answer.status == 201, answer.text()

    def log_in(self, context: BrowserContext, person: Person) -> None:
        answer = context.request.post(
            f"{self.url}/api/login", data={"email": person.email, "password": person.password}
        )
        assert answer.status == 200, answer.text()

    def mails(self, recipient: str) -> list[dict[str, str]]:
        """The mails that were delivered to this address, oldest first."""
        # The last line may be incomplete.
        lines = [line for line in self.log.read_text().splitlines(True) if "hexstart.mail" in line]
        found = [json.loads(line) for line in lines if line.endswith("\n")]
        return [mail for mail in found if mail["recipient"] == recipient]

    def link(self, recipient: str, page: str, number: int = 1) -> str:
        """The newest link to the page. Waits until the recipient has `number` of them."""
        pattern = re.compile(re.escape(f"{self.url}{page}#") + r"[\w-]+")
        for _ in range(150):
            links = [link for mail in self.mails(recipient) for link in pattern.findall(mail["text"])]
            if len(links) >= number:
                return links[-1]
            time.sleep(0.1)
        raise AssertionError(f"{len(links)} of {number} links to {page} reached {recipient}")


def wait_for(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(300):
        if server.poll() is not None:
            break
        try:
            with urllib.request.urlopen(url, timeout=1):
                return
        except OSError:
            time.sleep(0.1)
    pytest.fail(f"the server did not start:\n{log.read_text()[-2000:]}")


@pytest.fixture(scope="session")
def chromium() -> str:
    found = shutil.which("chromium") or shutil.which("google-chrome")
    if not found:
        refuse = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
        refuse("no Chromium is installed (on Debian: apt install chromium)")
    return found


@contextmanager
def serving(root: Path, folder: Path, **more_settings: str) -> Iterator[Site]:
    """The site of the tree `root`. Its database and log are in `folder`."""
    port = free_port()
    settings = {
        "APP_ENV": "development",
        "HOST": "127.0.0.1",
        "PORT": str(port),
        "BASE_URL": f"http://127.0.0.1:{port}",
        "DATABASE_URL": f"sqlite:///{folder}/site.db",
        "BCRYPT_ROUNDS": "4",
        "LIMITS": "off",
        "LOG_FORMAT": "json",
        "MAIL_URL": "",
        "WORKERS": "1",
    } | more_settings
    site = Site(root, settings["BASE_URL"], os.environ | settings, folder / "log")
    site.run("alembic", "upgrade", "heads")
    with site.log.open("wb") as output:
        server = subprocess.Popen(
            [sys.executable, "-m", "entrypoints.serve"],
            cwd=root,
            env=site.environment,
            stdout=output,
            stderr=output,
        )
    try:
        # Behind a proxy, the site is at another address than the server.
        wait_for(f"http://{settings['HOST']}:{port}/health/live", server, site.log)
        yield site
    finally:
        server.terminate()
        try:
            server.wait(10)
        except subprocess.TimeoutExpired:
            server.kill()


# It asks for Chromium first: without a browser, no server needs to start.
@pytest.fixture(scope="session")
def site(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with serving(ROOT, tmp_path_factory.mktemp("site")) as site:
        yield site


@pytest.fixture(scope="session")
def browser(chromium: str) -> Iterator[Browser]:
    # Chromium does not start its sandbox as root, the user of most containers.
    flags = [*FLAGS, "--no-sandbox"] if os.geteuid() == 0 else FLAGS
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=flags)
        yield browser
        browser.close()


@contextmanager
def watched(browser: Browser, site: Site) -> Iterator[Visit]:
    """A function that opens a page in a new context. Errors and warnings of the browser fail the test."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def heard(message: ConsoleMessage) -> None:
        # The browser logs every answer of 400 and above, and many tests ask for one.
        if message.type in ("error", "warning") and not message.text.startswith("Failed to load resource"):
            complaints.append(message.text)

    def asked(request: Request) -> None:
        if not request.url.startswith(site.url):
            complaints.append(f"a request left the site: {request.url}")

    def answered(response: Response) -> None:
        if "/static/" in response.url and not response.ok:
            complaints.append(f"{response.status} for {response.url}")

    def visit(path: str, person: Person | None = None, **options: object) -> Page:
        context = browser.new_context(base_url=site.url, **options)
        context.on("console", heard)
        context.on("weberror", lambda error: complaints.append(str(error.error)))
        context.on("request", asked)
        context.on("response", answered)
        context.set_default_timeout(10_000)
        contexts.append(context)
        if person:
            site.register(context, person)
        page = context.new_page()
        page.goto(path)
        return page

    yield visit
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture
def visit(browser: Browser, site: Site) -> Iterator[Visit]:
    with watched(browser, site) as visit:
        yield visit


numbers = itertools.count(1)


@pytest.fixture
def person() -> Person:
    """A person without an account. The name and address are new to the site."""
    number = next(numbers)
    return Person(f"visitor_{number}", f"visitor.{number}@example.com")


@pytest.fixture
def regular(browser: Browser, site: Site, person: Person) -> Person:
    """A person with an account. No browser of the test is logged in."""
    cookies_of(browser, site, person)
    return person


@pytest.fixture(scope="session")
def member(browser: Browser, site: Site) -> Iterator[dict[str, object]]:
    """The cookies of a user with two sessions, for tests that change nothing."""
    member = Person("member", "member@example.com")
    cookies = cookies_of(browser, site, member)
    with browser.new_context(user_agent=IPHONE) as elsewhere:
        site.log_in(elsewhere, member)
    yield cookies


@pytest.fixture(scope="session")
def admin(browser: Browser, site: Site) -> Iterator[dict[str, object]]:
    """The cookies of an administrator, for tests that change nothing."""
    cookies = cookies_of(browser, site, Person("overseer", "overseer@example.com"))
    site.run("entrypoints.cli", "users", "grant", "overseer@example.com", "admin")
    yield cookies


def opened_row(page: Page, label: str) -> Locator:
    """A row of settings, with its form open."""
    row = page.locator("details.setting-row").filter(has=page.get_by_text(label, exact=True))
    if row.get_attribute("open") is None:
        row.locator("summary").click()
    return row


def log_out(page: Page) -> None:
    page.get_by_role("banner").locator("details", has_text="Log out").locator("summary").click()
    page.get_by_role("banner").get_by_role("button", name="Log out").click()


def log_in(page: Page, person: Person) -> None:
    page.get_by_label("Email address").fill(person.email)
    page.get_by_label("Password", exact=True).fill(person.password)
    page.get_by_role("main").get_by_role("button", name="Log in").click()


def cookies_of(browser: Browser, site: Site, person: Person) -> dict[str, object]:
    context = browser.new_context()
    site.register(context, person)
    state = context.storage_state()
    context.close()
    return dict(state)
