import re
from urllib.parse import parse_qs, urlsplit

import pytest
from dependency_injector import providers
from flask import request, url_for
from markupsafe import escape
from werkzeug.test import EnvironBuilder, run_wsgi_app

from entrypoints.flask_app.app import create_app
from tests.integration.conftest import ADA, COOKIE

pytestmark = [pytest.mark.flask_only, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]

LOGOUT_BUTTON = re.compile(r'<form[^>]* method="post" action="/logout"[^>]*>\s*<button')
GOOD_PLACES = ["/", "/settings", "/admin?q=a&after=b", "/a/b;c=d?e=f#g", "/%2f", "/?u=https://example.org"]
BAD_PLACES = [
    *"https://evil.example http:evil.example //evil.example ///evil.example evil.example".split(),
    *"javascript:alert(1) data:text/html,x /\\evil.example \\/evil.example \\\\evil.example /a\\b".split(),
    *["/\t/evil.example", "\t//evil.example", "/\n/evil.example", "/\r\nSet-Cookie: x=y", "/\0/evil.example"],
    *[
        " //evil.example",
        "",
        " ",
        "?",
        ".",
        "/é",
        "//",
        "/\u2028",
        "\ufeff/settings",
        "/\x7f",
        "/\x80",
        "/ｅvil",
    ],
]


class Broken:
    """A service whose methods all fail."""

    def __getattr__(self, name):
        def fail(*_, **__):
            raise RuntimeError("a bug")

        return fail


@pytest.fixture
def broken(container):
    container.administration.override(providers.Object(Broken()))
    return create_app(container).test_client()


def shown_on(page):
    assert page.mimetype == "text/html"
    assert page.text.startswith("<!doctype html>")
    return page.text


def place_after_login(page):
    """The URL to which forms.js will go."""
    return re.search(r'data-then="([^"]*)"', shown_on(page)).group(1)


@pytest.mark.parametrize("path", ["/", "/register", "/login", "/logout"])
def test_a_stranger_sees_the_page_without_a_logout_button(client, path):
    page = client.get(path)

    assert page.status_code == 200
    assert not LOGOUT_BUTTON.search(shown_on(page))
    assert "Set-Cookie" not in page.headers


@pytest.mark.parametrize("path", ["/", "/settings", "/logout", "/admin", "/nowhere"])
def test_a_signed_in_user_has_the_logout_button_on_every_page(ada, path):
    page = ada.get(path)

    assert LOGOUT_BUTTON.search(shown_on(page))
    assert page.headers["Cache-Control"] == "no-store"


def test_pages_greet_by_name_and_settings_show_the_account(ada):
    assert ADA["username"] in shown_on(ada.get("/"))
    assert ADA["email"] in shown_on(ada.get("/settings"))


@pytest.mark.parametrize("path", ["/login", "/register"])
def test_a_signed_in_user_is_redirected_from_login_and_registration(ada, path):
    response = ada.get(path)
    assert (response.status_code, response.headers["Location"]) == (302, "/")
    assert response.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("path", ["/settings", "/admin", "/admin?q=a%26b&after=%2F", "/settings?%ff=%0d%0a"])
def test_a_stranger_is_redirected_to_the_login_with_the_requested_page(client, method, path):
    response = client.open(path, method=method)

    assert response.status_code == 302
    place = urlsplit(response.headers["Location"])
    assert (place.netloc, place.path) == ("", "/login")
    assert parse_qs(place.query) == {"next": [path]}


def test_the_url_of_the_login_has_no_needless_escapes(client):
    assert client.get("/settings").headers["Location"] == "/login?next=/settings"


@pytest.mark.parametrize("path", ["/login", "/register"])
def test_next_is_a_page_of_this_site(ada, client, path):
    for place in GOOD_PLACES:
        assert ada.get(path, query_string={"next": place}).headers["Location"] == place
        assert place_after_login(client.get(path, query_string={"next": place})) == escape(place)


@pytest.mark.parametrize("path", ["/login", "/register"])
def test_next_is_never_another_site(ada, client, path):
    for place in BAD_PLACES:
        response = ada.get(path, query_string={"next": place})
        assert (place, response.headers["Location"]) == (place, "/")
        assert place_after_login(client.get(path, query_string={"next": place})) == "/"


def test_next_is_never_markup(client):
    page = client.get("/login", query_string={"next": '/"><script>alert(1)</script>'})
    assert "<script>alert" not in shown_on(page)


def test_the_logout_page_changes_nothing(ada):
    assert LOGOUT_BUTTON.search(shown_on(ada.get("/logout")))
    assert ada.ask("GET", "/api/user")[0] == 200


def test_the_logout_button_logs_out(ada):
    response = ada.post("/logout")

    assert (response.status_code, response.headers["Location"]) == (303, "/")
    assert ada.code("GET", "/api/user") == 40102
    assert not LOGOUT_BUTTON.search(shown_on(ada.get("/")))


def test_another_site_cannot_log_a_user_out(ada):
    response = ada.post("/logout", headers={"Sec-Fetch-Site": "cross-site"})

    assert response.status_code == 403
    assert LOGOUT_BUTTON.search(shown_on(response))
    assert ada.ask("GET", "/api/user")[0] == 200


@pytest.mark.parametrize("path", ["/settings", "/admin", "/logout", "/"])
def test_a_client_with_an_ended_session_is_a_stranger(ada, path):
    ada.set_cookie(COOKIE, "ended")

    page = ada.get(path)

    assert page.status_code == (302 if path in {"/settings", "/admin"} else 200)
    assert not LOGOUT_BUTTON.search(page.text)


@pytest.mark.parametrize(
    "method, path, status",
    [
        ("GET", "/nowhere", 404),
        ("GET", "/settings/", 404),
        ("GET", "/Settings", 404),
        ("POST", "/nowhere", 404),
        ("GET", "/static/nothing.css", 404),
        ("GET", "/static/../app.py", 404),
        ("POST", "/login", 405),
        ("DELETE", "/", 405),
        ("PATCH", "/settings", 405),
    ],
)
def test_an_error_is_shown_on_a_page(client, method, path, status):
    response = client.open(path, method=method)

    assert response.status_code == status
    assert str(status) in shown_on(response)
    assert ("Allow" in response.headers) == (status == 405)


def test_a_crash_shows_a_page_with_the_request_id(broken):
    broken.post("/api/register", json=ADA)

    response = broken.get("/admin")

    assert response.status_code == 500
    assert f"<code>{response.headers['X-Request-ID'][:8]}</code>" in response.text
    assert "a bug" not in response.text
    assert LOGOUT_BUTTON.search(response.text)


@pytest.mark.parametrize("path", ["/", "/settings", "/nowhere", "/api/user"])
def test_a_crash_while_the_user_is_loaded_is_answered_with_a_request_id(container, path):
    container.sessions.override(providers.Object(Broken()))
    client = create_app(container).test_client()
    client.set_cookie(COOKIE, "secret")

    response = client.get(path)

    assert response.status_code in ({404, 500} if path == "/nowhere" else {500})
    assert response.headers["X-Request-ID"]
    assert "a bug" not in response.text


KINDS = {
    "page": ("GET", "/", {}),
    "page without a body": ("HEAD", "/", {}),
    "redirect": ("GET", "/settings", {}),
    "logout": ("POST", "/logout", {}),
    "options": ("OPTIONS", "/login", {}),
    "static": ("GET", "/static/site.css", {}),
    "not modified": ("GET", "/static/site.css", {"If-Modified-Since": "Fri, 01 Jan 2100 00:00:00 GMT"}),
    "no such file": ("GET", "/static/nothing.css", {}),
    "no such page": ("GET", "/nowhere", {}),
    "bad method": ("POST", "/login", {}),
    "unknown host": ("GET", "/", {"Host": "evil.example"}),
    "cross-site": ("POST", "/logout", {"Origin": "https://evil.example"}),
    "crash": ("GET", "/admin", {}),
    "health": ("GET", "/health/live", {}),
    "api": ("GET", "/api/user", {}),
    "api without a body": ("HEAD", "/api/user", {}),
    "api bad type": ("POST", "/api/login", {}),
    "api bad method": ("PUT", "/api/user", {}),
    "api no such thing": ("GET", "/api/nowhere", {}),
    "api unknown host": ("GET", "/api/user", {"Host": "evil.example"}),
    "api cross-site": ("POST", "/api/login", {"Sec-Fetch-Site": "same-site"}),
    "api too large": ("POST", "/api/login", {"Content-Length": "70000"}),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("signed_in", [False, True])
def test_every_response_has_the_security_headers(broken, kind, signed_in):
    if signed_in:
        assert broken.post("/api/register", json=ADA).status_code == 201
    method, path, headers = KINDS[kind]

    response = broken.open(path, method=method, headers=headers)

    for name in ("X-Content-Type-Options", "Content-Security-Policy", "Referrer-Policy", "X-Request-ID"):
        assert len(response.headers.getlist(name)) == 1, name
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    policy = response.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    if path.startswith("/api/"):
        assert response.headers["Cache-Control"] == "no-store"
    if path.startswith("/static/site"):
        assert "max-age=31536000" in response.headers["Cache-Control"]


@pytest.mark.parametrize("host", ["https://app.acme.test", "http://localhost:8000"])
@pytest.mark.parametrize("headers", [{}, {"X-Forwarded-Proto": "https"}, {"X-Forwarded-Proto": "http"}])
def test_an_external_url_has_the_origin_that_the_browser_sees(container, settings, host, headers):
    container.settings.override(settings.model_copy(update={"base_url": "https://app.acme.test"}))
    app = create_app(container)
    seen = []
    app.before_request(lambda: seen.append((request.url, url_for("GET /", _external=True))))

    app.test_client().get("/login", base_url=host.replace("https:", "http:"), headers=headers)

    assert seen == [(f"{host}/login", f"{host}/")]


@pytest.mark.parametrize("path", ["/", "/api/user", "/nowhere", "/static/site.css", "/health/live"])
def test_each_response_has_its_own_request_id(client, path):
    mine = {"X-Request-ID": "m4rk3r", "X-Request-Id": "m4rk3r"}
    numbers = [client.get(path, headers=mine).headers["X-Request-ID"] for _ in range(2)]

    assert numbers[0] != numbers[1]
    assert all(re.fullmatch("[0-9a-f]{32}", number) for number in numbers)


@pytest.mark.parametrize("path", ["/", "/register", "/login", "/logout", "/settings", "/nowhere", "/admin"])
def test_no_page_has_content_that_its_policy_forbids(ada, client, path):
    for page in (ada.get(path).text, client.get(path).text):
        assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:", page)
        assert all("src=" in tag for tag in re.findall("<script[^>]*>", page))
        # Links to other sites are allowed, in the footer for example: a page loads nothing from them.
        assert not re.search(r'<(?!a\s)[^>]*(?:src|href|action)="(?:https?:)?//', page)


@pytest.mark.parametrize("path", ["/register", "/login", "/settings"])
def test_no_password_field_is_filled_in(ada, client, path):
    for page in (ada.get(path).text, client.get(path).text):
        assert not [tag for tag in re.findall("<input[^>]*>", page) if "password" in tag and "value=" in tag]


def test_the_files_of_a_page_exist(client):
    page = client.get("/login").text
    loaded = re.findall(r'(?:src|href)="(/static/[^"]+)"', page)

    assert len(loaded) >= 3
    assert {client.get(path).status_code for path in loaded} == {200}


@pytest.mark.parametrize("path", ["//evil.example", "//evil.example/..", "/\\evil.example", "//login/"])
def test_no_path_leads_to_another_site(app, path):
    environ = EnvironBuilder(base_url="http://localhost").get_environ() | {"PATH_INFO": path}

    _, status, headers = run_wsgi_app(app, environ)

    assert status.startswith("404")
    assert "Location" not in headers
