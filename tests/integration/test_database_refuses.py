"""A database that refuses: read-only, unknown, locked. The site answers 503 and recovers."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from alembic import command
from dependency_injector import providers
from sqlalchemy import create_engine, event, make_url
from sqlalchemy.exc import OperationalError

from adapters.sql import failures
from entrypoints.container import Container
from entrypoints.settings import Settings
from tests.bindings import BINDINGS
from tests.databases import alembic_config, migrated_database, unavailable
from tests.fakes import FakeClock
from tests.integration.conftest import ADA, ApiClient
from tests.samples import GOOD_PASSWORD
from tests.servers import free_port, until

CREDENTIALS = {"email": ADA["email"], "password": GOOD_PASSWORD}
OTHER_USER = 65534  # root could write every file


class Site:
    """The application over one database, and a signed-in user."""

    entrypoint = "flask"

    def __init__(self, url: str) -> None:
        # Attempts are counted, which writes on the engine for reading.
        settings = Settings(
            _env_file=None, database_url=url, bcrypt_rounds=4, base_url="http://localhost", limits="on"
        )
        self.container = Container(settings=settings)
        self.clock = FakeClock()
        self.container.now.override(providers.Object(self.clock))
        self.application = BINDINGS[self.entrypoint](self.container)
        self.ada = self.client()

    def client(self) -> ApiClient:
        return ApiClient(self.application)

    def begin(self) -> None:
        assert self.ada.ask("POST", "/api/register", ADA)[0] == 201

    def statuses(self) -> dict[str, int]:
        """A read by a session that is due to be prolonged, and three writes."""
        self.clock.advance(minutes=5)
        asked = {
            "read": self.ada.get("/api/user"),
            "page": self.ada.get("/settings" if self.entrypoint == "flask" else "/api/teams"),
            "rename": self.ada.patch("/api/user", json={"username": f"ada{uuid4().hex[:8]}"}),
            "login": self.client().post("/api/login", json=CREDENTIALS),
            "register": self.client().post("/api/register", json=new_user()),
        }
        for name, response in asked.items():
            if response.status_code == 503 and name != "page":
                assert response.get_json()["errors"]["internal_error_code"] == 50301
                assert int(response.headers["Retry-After"]) >= 1
        return {name: response.status_code for name, response in asked.items()}


READS = {"read": 200, "page": 200, "rename": 503, "login": 503, "register": 503}
ALL = {"read": 200, "page": 200, "rename": 200, "login": 200, "register": 201}


def new_user() -> dict[str, str]:
    name = "u" + uuid4().hex[:16]
    return {"username": name, "email": f"{name}@example.org", "password": GOOD_PASSWORD}


@contextmanager
def site_over(url: str) -> Iterator[Site]:
    site = Site(url)
    try:
        yield site
    finally:
        site.container.engines().dispose()


def ask_server(url: str, *statements: str) -> None:
    """Run statements on the server of this database, as administrator and outside this database."""
    place = make_url(url)
    database = "postgres" if place.get_backend_name() == "postgresql" else "mysql"
    engine = create_engine(place.set(database=database), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
    engine.dispose()


@pytest.fixture(autouse=True)
def on_each_binding(entrypoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Site, "entrypoint", entrypoint)


@pytest.fixture(autouse=True)
def forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """No cause was logged yet."""
    monkeypatch.setattr(failures, "_logged", {})


def test_a_read_only_postgresql_serves_reads_and_recovers(tmp_path):
    with migrated_database("postgresql", tmp_path) as url, site_over(url) as site:
        name = make_url(url).database
        ended = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
        site.begin()
        ask_server(url, f"ALTER DATABASE {name} SET default_transaction_read_only = on", ended)
        assert site.statuses() == READS
        assert site.statuses() == READS
        # The sessions stay read-only until they end: the pool gave them up.
        ask_server(url, f"ALTER DATABASE {name} RESET default_transaction_read_only")
        assert site.statuses() == ALL


@pytest.fixture(scope="module")
def own_mariadb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a new MariaDB server: read_only holds for a whole server."""
    install, server = shutil.which("mariadb-install-db"), shutil.which("mariadbd")
    if not (install and server):
        unavailable("mariadbd is not on this machine")
    folder, port = tmp_path_factory.mktemp("mariadb"), free_port()
    user = ["--user=root"] if os.getuid() == 0 else []
    options = ["--no-defaults", f"--datadir={folder}/data", *user]
    made = subprocess.run(
        [install, *options, "--auth-root-authentication-method=normal", "--skip-test-db"],
        capture_output=True,
        timeout=60,
    )
    if made.returncode:
        unavailable("mariadb-install-db does not work on this machine")
    process = subprocess.Popen(
        [server, *options, f"--socket={folder}/socket", f"--port={port}", "--bind-address=127.0.0.1"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    url = f"mysql+pymysql://root@127.0.0.1:{port}/mysql"
    try:

        def answers() -> bool:
            with suppress(OperationalError):
                ask_server(url, "SELECT 1")
                return True
            return False

        until(answers, "the server does not start", 30)
        yield url
    finally:
        process.terminate()
        process.wait(30)


@pytest.mark.alone
def test_a_read_only_mariadb_serves_reads_and_recovers(own_mariadb):
    name = f"hexstart_test_{uuid4().hex[:12]}"
    ask_server(
        own_mariadb,
        f"CREATE DATABASE {name}",
        "CREATE OR REPLACE USER site IDENTIFIED BY 'long enough'",
        f"GRANT ALL ON {name}.* TO site",
    )
    url = make_url(own_mariadb).set(username="site", password="long enough", database=name)
    command.upgrade(alembic_config(url.render_as_string(hide_password=False)), "heads")
    with site_over(url.render_as_string(hide_password=False)) as site:
        site.begin()
        ask_server(own_mariadb, "SET GLOBAL read_only = 1")
        assert site.statuses() == READS
        ask_server(own_mariadb, "SET GLOBAL read_only = 0")
        assert site.statuses() == ALL


@contextmanager
def as_other_user() -> Iterator[None]:
    if os.getuid() != 0:
        yield
        return
    os.seteuid(OTHER_USER)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def sqlite_file() -> Iterator[Path]:
    """A database in a folder that other users may enter."""
    with tempfile.TemporaryDirectory(prefix="hexstart-refuses-", dir="/tmp") as folder:
        os.chmod(folder, 0o777)
        file = Path(folder, "site.db")
        command.upgrade(alembic_config(f"sqlite:///{file}"), "heads")
        os.chmod(file, 0o666)
        yield file


@contextmanager
def restarted(file: Path) -> Iterator[Site]:
    """The site as another user than the owner of the file, with a registered user."""
    with site_over(f"sqlite:///{file}") as before:
        before.begin()
        [cookie] = before.ada._cookies.values()
    with site_over(f"sqlite:///{file}") as site:
        site.ada.set_cookie(cookie.key, cookie.value)
        yield site


def permit(folder: int, files: int, folder_path: Path) -> None:
    for file in folder_path.iterdir():
        file.chmod(files)
    folder_path.chmod(folder)


def test_a_sqlite_file_that_is_read_only_at_the_start_serves_reads_and_recovers(sqlite_file):
    with restarted(sqlite_file) as site:
        permit(0o777, 0o444, sqlite_file.parent)
        with as_other_user():
            assert site.statuses() == READS
            assert site.statuses() == READS
        permit(0o777, 0o666, sqlite_file.parent)
        with as_other_user():
            site.statuses()  # on connections that opened the file without write permission
            assert site.statuses() == ALL


def test_a_sqlite_folder_that_is_read_only_at_the_start_is_a_503_and_recovers(sqlite_file):
    """SQLite reads no file in WAL mode where it cannot create the WAL."""
    with restarted(sqlite_file) as site:
        permit(0o555, 0o444, sqlite_file.parent)
        with as_other_user():
            assert set(site.statuses().values()) == {503}
            assert site.ada.code("GET", "/health/ready") == 50301
        permit(0o777, 0o666, sqlite_file.parent)
        with as_other_user():
            assert site.statuses() == ALL


def test_a_sqlite_connection_that_refuses_to_write_is_given_up(tmp_path):
    with migrated_database("sqlite", tmp_path) as url, site_over(url) as site:
        site.begin()
        engines = site.container.engines()

        def refuse(connection: Any, _: object) -> None:
            connection.execute("PRAGMA query_only = ON")

        for engine in (engines.reader, engines.writer):
            event.listen(engine, "connect", refuse)
            engine.dispose()
        assert site.statuses() == READS
        for engine in (engines.reader, engines.writer):
            event.remove(engine, "connect", refuse)
        assert site.statuses() == ALL


def assert_away_and_recovers(
    site: Site, caplog: pytest.LogCaptureFixture, words: str, back: Callable[[], None]
) -> None:
    """Each request gets an error, and the log the reason. After `back`, the site recovers by itself."""
    site.container.engines().dispose()
    for method, path, body in [
        ("GET", "/health/ready", None),
        ("POST", "/api/register", new_user()),
        ("POST", "/api/login", CREDENTIALS),
        ("GET", "/api/user", None),
    ]:
        assert site.ada.code(method, path, body) == 50301, path
    assert any(words in record.getMessage() for record in caplog.records)
    assert "Traceback" not in caplog.text
    back()
    assert site.ada.ask("GET", "/health/ready")[0] == 200
    assert site.statuses() == ALL


def a_user_of(url: str, stack: ExitStack) -> tuple[str, str]:
    """A database user of the test's own: its name, and the URL with it."""
    place, name = make_url(url), f"hexstart_{uuid4().hex[:12]}"
    if place.get_backend_name() == "postgresql":
        ask_server(url, f"CREATE ROLE {name} LOGIN SUPERUSER")
        drop = f"DROP ROLE {name}"
    else:
        ask_server(
            url, f"CREATE USER {name} IDENTIFIED BY 'right'", f"GRANT ALL ON {place.database}.* TO {name}"
        )
        drop = f"DROP USER IF EXISTS {name}"
    stack.callback(ask_server, url, drop)
    return name, place.set(username=name, password="right").render_as_string(hide_password=False)


@pytest.mark.parametrize(
    "kind, broken, mended, words",
    [
        ("mariadb", "ALTER USER {} ACCOUNT LOCK", "ALTER USER {} ACCOUNT UNLOCK", "account is locked"),
        ("mariadb", "SET PASSWORD FOR {} = PASSWORD('other')", "SET PASSWORD FOR {} = PASSWORD('right')",
         "Access denied"),
        ("mariadb", "REVOKE ALL ON {database}.* FROM {}", "GRANT ALL ON {database}.* TO {}", "denied"),
        ("mariadb", "RENAME USER {} TO gone_{}", "RENAME USER gone_{} TO {}", "Access denied"),
        ("postgresql", "ALTER ROLE {} NOLOGIN", "ALTER ROLE {} LOGIN", "not permitted to log in"),
        ("postgresql", "ALTER ROLE {} NOSUPERUSER", "ALTER ROLE {} SUPERUSER", "permission denied"),
        ("postgresql", "ALTER DATABASE {database} ALLOW_CONNECTIONS false",
         "ALTER DATABASE {database} ALLOW_CONNECTIONS true", "not currently accepting connections"),
    ],
)  # fmt: skip
def test_a_database_that_refuses_its_user_is_a_503_until_it_recovers(
    tmp_path, caplog, kind, broken, mended, words
):
    with ExitStack() as stack:
        url = stack.enter_context(migrated_database(kind, tmp_path))
        name, own = a_user_of(url, stack)
        site = stack.enter_context(site_over(own))
        site.begin()
        site.container.engines().dispose()
        database = make_url(url).database
        ask_server(url, broken.format(name, name, database=database))
        assert_away_and_recovers(
            site, caplog, words, lambda: ask_server(url, mended.format(name, name, database=database))
        )
        assert "right" not in caplog.text


@pytest.mark.parametrize("kind, words", [("mariadb", "database"), ("postgresql", "does not exist")])
def test_a_dropped_database_is_a_503_until_it_is_created_again(tmp_path, caplog, kind, words):
    with ExitStack() as stack:
        url = stack.enter_context(migrated_database(kind, tmp_path))
        site = stack.enter_context(site_over(url))
        site.begin()
        name, force = make_url(url).database, " WITH (FORCE)" if kind == "postgresql" else ""
        ask_server(url, f"DROP DATABASE {name}{force}")
        assert site.ada.code("GET", "/api/user") == 50301  # on open connections
        assert site.ada.code("POST", "/api/login", CREDENTIALS) == 50301

        def back() -> None:
            ask_server(url, f"CREATE DATABASE {name}")
            command.upgrade(alembic_config(url), "heads")
            site.ada = site.client()
            site.begin()

        assert_away_and_recovers(site, caplog, words, back)
