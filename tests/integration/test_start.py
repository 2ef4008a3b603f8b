"""The start of the real server: the settings that it accepts, and the reason when it refuses."""

import http.client
import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import closing, suppress

import pytest

from adapters.sql.engines import connect
from entrypoints.settings import MYSQL, POSTGRESQL, SQLITE, Settings
from tests.databases import migrated_database
from tests.integration.conftest import ADA
from tests.servers import ROOT, SERVE, ask, environment, free_port, running, starting, until

PRODUCTION = {"APP_ENV": "production", "LIMITS": "on", "BCRYPT_ROUNDS": "10"}
COMPLETE = PRODUCTION | {"BASE_URL": "https://app.acme.test", "MAIL_URL": "smtp://127.0.0.1:2525"}
SECRET = "hunter2secret"


@pytest.fixture(scope="module")
def sqlite_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with migrated_database("sqlite", tmp_path_factory.mktemp("db")) as url:
        yield url


@pytest.mark.parametrize(
    "named, settings",
    [
        ("BASE_URL", PRODUCTION),
        ("BASE_URL", COMPLETE | {"BASE_URL": "https://change-me.example"}),
        ("BASE_URL", COMPLETE | {"BASE_URL": "http://app.acme.test"}),
        ("BASE_URL", COMPLETE | {"BASE_URL": "https://app.acme.test:port"}),
        ("BASE_URL", {"BASE_URL": "https://[::1"}),
        ("BCRYPT_ROUNDS", COMPLETE | {"BCRYPT_ROUNDS": "4"}),
        ("PORT", {"PORT": "abc"}),
        ("HOST", {"HOST": "no such host"}),
        ("WORKERS", {"WORKERS": "0"}),
        ("TRUSTED_PROXIES", {"TRUSTED_PROXIES": "everywhere"}),
        ("DATABASE_URL", {"DATABASE_URL": SECRET}),
        ("DATABASE_URL", {"DATABASE_URL": f"postgresql://ada:{SECRET}@[::1/db"}),
        ("DATABASE_URL", {"DATABASE_URL": f"postgresql://ada:{SECRET}@127.0.0.1:port/db"}),
        ("DATABASE_URL", {"DATABASE_URL": f"oracle://ada:{SECRET}@127.0.0.1/db"}),
        ("DATABASE_URL", {"DATABASE_URL": f"postgresql+asyncpg://ada:{SECRET}@127.0.0.1/db"}),
        ("DATABASE_URL", {"DATABASE_URL": f"PostgreSQL://ada:{SECRET}@127.0.0.1/db"}),
        ("DATABASE_URL", {"DATABASE_URL": "sqlite://"}),
        ("DATABASE_URL", {"DATABASE_URL": "sqlite:///:memory:"}),
    ],
)
def test_the_server_does_not_start_with_a_bad_setting_and_names_the_setting(tmp_path, named, settings):
    env = environment(f"sqlite:///{tmp_path}/test.db", free_port()) | settings
    code, lines = refused_start(env)
    assert code not in {0, None}
    assert len(lines) == 1, lines[-3:]
    assert named in lines[0]
    assert SECRET not in lines[0]


@pytest.mark.parametrize("name", sorted(SQLITE | POSTGRESQL | MYSQL))
def test_each_accepted_kind_of_database_url_has_its_driver(tmp_path, name):
    url = f"{name}:///{tmp_path}/test.db" if name in SQLITE else f"{name}://ada@127.0.0.1/db"
    connect(Settings(_env_file=None, database_url=url).database_url).dispose()


def test_the_host_may_be_a_name(sqlite_url):
    with starting(sqlite_url, HOST="localhost") as server:

        def answers() -> bool:
            assert server.process.poll() is None, server.log[-1]
            with suppress(OSError), closing(http.client.HTTPConnection("localhost", server.port)) as client:
                return ask(client, "GET", "/health/live").status == 200
            return False

        until(answers, "it does not answer", 30)


def test_the_server_does_not_start_on_a_taken_port_and_names_the_port(sqlite_url):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        code, lines = refused_start(environment(sqlite_url, port))
    assert code not in {0, None}
    assert len(lines) == 1, lines[-3:]
    assert str(port) in lines[0]


def refused_start(env: dict[str, str]) -> tuple[int | None, list[str]]:
    """The exit code (None when the server has started), and the lines on stderr."""
    process = subprocess.Popen(
        SERVE, cwd=ROOT, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True
    )
    try:
        code = process.wait(10)
    except subprocess.TimeoutExpired:
        code = None
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    return code, process.communicate(timeout=10)[1].decode().splitlines()


def test_production_starts_with_all_settings_and_has_a_secure_cookie(sqlite_url):
    with running(sqlite_url, **COMPLETE) as server:
        assert server.ask("POST", "/api/register", ADA).code == 40002
        answer = server.ask("POST", "/api/register", ADA, Host="app.acme.test")
    assert answer.status == 201
    name, *attributes = answer.headers["Set-Cookie"].split("; ")
    assert name.startswith("__Host-session=")
    assert sorted(attributes) == ["HttpOnly", "Path=/", "SameSite=Lax", "Secure"]
