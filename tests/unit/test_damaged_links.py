"""The gate: links that a mail client has damaged, and paths for the log."""

from urllib.parse import quote

import pytest

from entrypoints.api.gate import path_to_log, repaired_link

TOKEN = "tOken-_0" + "q7" * 17 + "Z"


@pytest.mark.parametrize(
    "path", ["/", "/settings", "/verify-email", "/verify-emails%23a", "/%23a", "//verify-email%23a"]
)
def test_the_path_of_another_page_is_no_damaged_link(path):
    assert repaired_link("GET", path, "") is None
    assert repaired_link("POST", f"/verify-email%23{TOKEN}", "") is None


def test_a_redirect_holds_nothing_but_page_and_token():
    hostile = "/verify-email%23" + quote("a\r\nSet-Cookie: x=y", safe="")
    assert repaired_link("GET", hostile, "") == "/verify-email#a"


def test_ordinary_paths_are_logged_as_they_are():
    for path in (
        "/",
        "/api/teams/0199b5c4-7d11-7000-8000-000000000000",
        "/static/site.css",
        "/a%2520b",
        "/é",
    ):
        assert path_to_log(path) == path
