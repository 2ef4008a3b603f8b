"""Proxies in front of the real application: the trusted ones, and the warning without one."""

import socket

import pytest
from dependency_injector import providers

from entrypoints.settings import Settings
from tests.databases import migrated_database
from tests.integration.conftest import ADA
from tests.servers import running

ON_ONE_DATABASE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
PRODUCTION = {
    "app_env": "production",
    "base_url": "https://app.acme.test",
    "mail_url": "smtp://127.0.0.1:2525",
}


@ON_ONE_DATABASE
@pytest.mark.parametrize(
    "given, warnings",
    [(PRODUCTION, 1), (PRODUCTION | {"trusted_proxies": "10.0.0.0/8"}, 0), ({}, 0)],
    ids=["production", "trusted", "development"],
)
def test_a_forwarded_address_without_a_trusted_proxy_logs_one_warning(
    given, warnings, container, client_of, database_url, caplog
):
    chosen = Settings(_env_file=None, database_url=database_url, **given)
    container.settings.override(providers.Object(chosen))
    client = client_of(container)
    for _ in range(3):
        client.get("/health/live", base_url=chosen.base_url)
        client.get("/health/live", base_url=chosen.base_url, headers={"X-Forwarded-For": "198.51.100.7"})
    found = [record for record in caplog.records if "TRUSTED_PROXIES" in record.getMessage()]
    assert [record.levelname for record in found] == ["WARNING"] * warnings


def test_a_trusted_proxy_is_known_on_a_dual_stack_listener(tmp_path):
    if not socket.has_dualstack_ipv6():
        pytest.skip("no IPv6 on this machine")
    with (
        migrated_database("sqlite", tmp_path) as url,
        running(url, HOST="::", TRUSTED_PROXIES="127.0.0.1", BASE_URL="http://localhost") as server,
    ):
        headers = {"Host": "localhost", "X_Forwarded_For": "198.51.100.7:5678"}
        cookie = server.ask("POST", "/api/register", ADA, **headers).cookie
        [session] = server.ask("GET", "/api/sessions", cookie=cookie, Host="localhost").json["data"]
    assert session["ip"] == "198.51.100.7"
