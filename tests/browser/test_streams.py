"""The page of sessions by Flask and the stream by Starlette, behind nginx: changes show at once."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import FIREFOX, ROOT, Site, Visit, serving, wait_for, watched
from tests.databases import unavailable

CONFIG = """
daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ }}
http {{
    access_log off;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
    proxy_set_header Host $http_host;
    server {{
        listen {nginx};
        location / {{ proxy_pass http://{flask}; }}
        location = /api/events/stream {{ proxy_pass http://{starlette}; }}
    }}
}}
"""


# The three listen on one port of three addresses: in development, the cookie's name holds the port.
@pytest.fixture(scope="module")
def site(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if program is None or not sys.platform.startswith("linux"):
        unavailable("needs nginx on Linux")
    folder = tmp_path_factory.mktemp("site")
    with serving(ROOT, folder, HOST="127.0.0.2", EVENT_STREAM="on") as flask:
        port = flask.environment["PORT"]
        hosts = {"nginx": "127.0.0.1", "flask": "127.0.0.2", "starlette": "127.0.0.3"}
        places = {name: f"{host}:{port}" for name, host in hosts.items()}
        user = "user root;" if os.geteuid() == 0 else ""
        (folder / "nginx.conf").write_text(user + CONFIG.format(folder=folder, **places))
        log = folder / "starlette.log"
        with log.open("wb") as output:
            starlette = subprocess.Popen(
                [sys.executable, "-m", "entrypoints.serve"],
                cwd=ROOT,
                env=flask.environment | {"HOST": "127.0.0.3", "ENTRYPOINT": "starlette"},
                stdout=output,
                stderr=output,
            )
        errors, config = folder / "error.log", folder / "nginx.conf"
        nginx = subprocess.Popen([program, "-p", folder, "-e", errors, "-c", config])
        try:
            wait_for(f"http://{places['starlette']}/health/live", starlette, log)
            wait_for(f"http://{places['nginx']}/health/live", nginx, errors)
            yield flask
        finally:
            for process in (nginx, starlette):
                process.terminate()
                process.wait(10)


@pytest.fixture
def visit(browser: Browser, site: Site) -> Iterator[Visit]:
    with watched(browser, site) as visit:
        yield visit


def test_a_session_shows_when_it_begins_and_goes_when_it_ends(browser, site, visit, person):
    page = visit("/settings/sessions", person)
    rows = page.locator("ul.rows > li")
    expect(rows).to_have_count(1)
    expect(page.locator("main")).to_contain_text("No other sessions.")
    # A page that was loaded anew has no such id.
    page.evaluate("document.querySelector('ul.rows > li').id = 'kept'")

    with browser.new_context(user_agent=FIREFOX) as elsewhere:
        site.log_in(elsewhere, person)
        expect(rows).to_have_count(2)
        expect(rows.first).to_contain_text("Firefox on Linux")
        expect(rows.first).to_contain_text("just now")
        expect(page.locator(".count")).to_have_text("2 sessions")
        expect(page.get_by_role("status")).to_have_text("A session has begun.")
        expect(page.get_by_role("button", name="End all other sessions")).to_be_enabled()

        answer = elsewhere.request.post(f"{site.url}/api/logout")
        assert answer.status == 200
    expect(rows).to_have_count(1)
    expect(page.get_by_role("status")).to_have_text("A session has ended.")
    expect(page.locator("#kept")).to_be_visible()


def test_a_row_that_came_later_can_be_ended_and_keeps_the_focus(browser, site, visit, person):
    page = visit("/settings/sessions", person)
    with browser.new_context(user_agent=FIREFOX) as elsewhere:
        site.log_in(elsewhere, person)
        button = page.get_by_role("button", name="End session: Firefox on Linux")
        button.focus()
        with browser.new_context() as third:
            site.log_in(third, person)
            expect(page.locator("ul.rows > li")).to_have_count(3)
            expect(button).to_be_focused()
            button.press("Enter")
            expect(page.get_by_role("status")).to_have_text("Session ended.")
            assert elsewhere.request.get(f"{site.url}/api/user").status == 401


def test_the_page_asks_for_a_login_when_its_own_session_ends(browser, site, visit, person):
    page = visit("/settings/sessions", person)
    expect(page.locator("ul.rows > li")).to_have_count(1)
    with browser.new_context() as elsewhere:
        site.log_in(elsewhere, person)
        expect(page.locator("ul.rows > li")).to_have_count(2)
        assert elsewhere.request.delete(f"{site.url}/api/sessions").status == 200
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()
    expect(page.locator("main")).to_contain_text("Your session has ended. Log in to continue.")


def test_without_the_setting_the_page_asks_for_no_stream(browser, chromium, tmp_path, person):
    with serving(ROOT, tmp_path) as alone, watched(browser, alone) as visit:
        page = visit("/settings/sessions", person)
        expect(page.locator("ul.rows > li")).to_have_count(1)
        assert page.locator("script[src*='sessions.js']").count() == 0
