"""PostgreSQL behind PgBouncer in transaction mode, as providers offer it: `?pgbouncer=true`."""

import os
import shutil
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import make_url, text

from adapters.sql.engines import connect
from tests.databases import alembic_config, empty_database
from tests.integration.conftest import ADA
from tests.samples import GOOD_PASSWORD
from tests.servers import free_port, listens, running, until

PROGRAM = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
SHOW = text("SELECT current_setting('statement_timeout'), current_setting('lock_timeout')")


@pytest.fixture(scope="module")
def direct(tmp_path_factory):
    if PROGRAM is None:
        pytest.skip("pgbouncer is not installed")
    with empty_database("postgresql", tmp_path_factory.mktemp("db")) as url:
        yield url


@pytest.fixture(scope="module")
def pooled(direct):
    """The URL of a database behind a pooler with three connections to the server."""
    with tempfile.TemporaryDirectory(prefix="hexstart-pooler-") as folder:
        yield from behind_pooler(direct, Path(folder))


def behind_pooler(direct, folder):
    port, server = free_port(), make_url(direct)
    users, config = folder / "users.txt", folder / "pgbouncer.ini"
    users.write_text('"postgres" ""\n')
    config.write_text(
        f"[databases]\n{server.database} = host={server.host} port={server.port}\n"
        f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\n"
        f"auth_type = trust\nauth_file = {users}\npool_mode = transaction\ndefault_pool_size = 3\n"
    )
    folder.chmod(0o755)
    options = {"user": "nobody"} if os.getuid() == 0 else {}  # it refuses to run as root
    process = subprocess.Popen(
        [str(PROGRAM), str(config)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **options
    )
    try:
        until(lambda: listens(port), "pgbouncer does not listen")
        yield f"postgres://postgres@127.0.0.1:{port}/{server.database}?pgbouncer=true&sslmode=disable"
    finally:
        process.terminate()
        process.wait(10)


def test_migrations_and_parallel_requests_work_through_a_pooler(pooled):
    command.upgrade(alembic_config(pooled), "heads")
    with running(pooled) as server, ThreadPoolExecutor(12) as pool:

        def live(number):
            person = ADA | {"username": f"ada{number}", "email": f"ada{number}@example.org"}
            cookie = server.ask("POST", "/api/register", person).cookie
            for _ in range(12):
                assert server.ask("GET", "/api/user", cookie=cookie).status == 200
            [team] = server.ask("GET", "/api/teams", cookie=cookie).json["data"]
            renamed = server.ask("PATCH", f"/api/teams/{team['id']}", {"name": f"Team {number}"}, cookie)
            login = {"email": person["email"], "password": GOOD_PASSWORD}
            return renamed.status, server.ask("POST", "/api/login", login).status

        assert set(pool.map(live, range(24))) == {(200, 200)}


def test_a_transaction_has_its_time_limits_and_leaves_none_behind(pooled, direct):
    engines = connect(pooled)
    try:
        for _ in range(3):
            with engines.writer.begin() as connection:
                assert tuple(connection.execute(SHOW).one()) == ("3s", "2s")
        with engines.reader.connect() as connection:
            assert tuple(connection.execute(SHOW).one()) == ("0", "0")
    finally:
        engines.dispose()


def test_without_a_pooler_the_limits_hold_for_each_connection(direct):
    engines = connect(direct)
    try:
        for engine in (engines.reader, engines.writer):
            with engine.connect() as connection:
                assert tuple(connection.execute(SHOW).one()) == ("3s", "2s")
    finally:
        engines.dispose()
