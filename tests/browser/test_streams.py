"""The page of sessions by Flask and the stream by Starlette, behind nginx: changes show at once."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import ROOT, Site, Visit, serving, wait_for, watched
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


def test_without_the_setting_the_page_asks_for_no_stream(browser, chromium, tmp_path, person):
    with serving(ROOT, tmp_path) as alone, watched(browser, alone) as visit:
        page = visit("/settings/sessions", person)
        expect(page.locator("ul.rows > li")).to_have_count(1)
        assert page.locator("script[src*='sessions.js']").count() == 0
