"""The pages for development: there with the debugger, and nowhere else."""

import pytest
from flask import Flask

from domain.mails import MailKind
from entrypoints.api.gate import POLICY
from entrypoints.container import Container
from entrypoints.flask_app.app import create_app

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
CSP = "Content-Security-Policy"


@pytest.fixture
def dev(container, monkeypatch):
    """A stranger to the application of `make dev`."""
    monkeypatch.setenv("FLASK_DEBUG", "1")
    app = create_app(container)
    assert app.debug
    return app.test_client()


@pytest.mark.parametrize("kind", MailKind)
def test_a_page_shows_each_mail(dev, kind):
    page = dev.get(f"/dev/mails/{kind}")
    frame = dev.get(f"/dev/mails/{kind}.html")

    assert page.status_code == frame.status_code == 200
    assert f"adapters/mail/templates/{kind}.jinja" in page.text
    assert "noreply@localhost" in page.text and "ada@example.org" in page.text
    assert f'src="/dev/mails/{kind}.html"' in page.text
    assert "<h1 " in frame.text


def test_the_first_page_lists_all_kinds(dev):
    page = dev.get("/dev/mails").text
    assert all(f'href="/dev/mails/{kind}"' in page for kind in MailKind)


@pytest.mark.parametrize("path", ["/dev/mails/unknown", "/dev/mails/unknown.html", "/dev"])
def test_there_are_no_other_pages(dev, path):
    assert dev.get(path).status_code == 404


def test_a_mail_may_have_inline_styles_and_a_frame_of_the_site(dev):
    [of_page] = dev.get("/dev/mails").headers.getlist(CSP)
    [of_mail] = dev.get("/dev/mails/verify_email.html").headers.getlist(CSP)

    assert of_page == f"{POLICY}; frame-src 'self'"
    assert of_mail.startswith("default-src 'none'; style-src 'unsafe-inline'; ")
    assert "script-src" not in of_mail
    assert dev.get("/").headers.getlist(CSP) == [POLICY]


def test_without_the_debugger_there_are_none(client):
    assert client.get("/dev/mails").status_code == 404


def test_production_has_none_even_with_the_debugger(settings, engines, monkeypatch):
    monkeypatch.setenv("FLASK_DEBUG", "1")
    production = settings.model_copy(update={"app_env": "production"})
    app: Flask = create_app(Container(settings=production))

    assert app.debug
    assert app.test_client().get("/dev/mails", base_url="http://localhost").status_code == 404
    assert not [rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/dev")]
