"""The real application on a real database, and its clients.

A test runs on each binding of tests/bindings.py: on Flask over every database, on another one over SQLite.
Only Flask has pages. Mark a test that asks for a page, or for something of Flask, with
`pytest.mark.flask_only`.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from dependency_injector import providers
from sqlalchemy import event, select
from werkzeug.test import Client, TestResponse

from adapters.passwords import BcryptHasher
from adapters.sql.engines import Engines
from adapters.sql.limits import metadata
from adapters.sql.prebuilt import Prebuilt
from entrypoints.container import Container
from entrypoints.settings import Settings
from tests.bindings import BINDINGS
from tests.fakes import FakeClock
from tests.samples import GOOD_PASSWORD

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication
    from flask import Flask

COOKIE = "session-8000"  # in development its name has the port, here the default
ADA = {"username": "ada", "email": "ada@example.org", "password": GOOD_PASSWORD}
# A part of hostile requests. No answer may hold it.
MARK = "m4rk3r"


@contextmanager
def statements(engines: Engines) -> Iterator[list[str]]:
    """The SQL statements that run within the block."""
    asked: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        asked.append(statement)

    one = Prebuilt.one

    def noting(prebuilt: Prebuilt, *arguments: Any) -> Any:  # SQLAlchemy sends no event for it
        asked.append(str(prebuilt.statement))
        return one(prebuilt, *arguments)

    both = (engines.reader, engines.writer)
    Prebuilt.one = noting  # type: ignore[method-assign]
    for engine in both:
        event.listen(engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        for engine in both:
            event.remove(engine, "before_cursor_execute", note)
        Prebuilt.one = one  # type: ignore[method-assign]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what a binding does not run, so that it is not counted as skipped."""

    def runs(item: pytest.Item) -> bool:
        given: dict[str, Any] = (
            item.callspec.params if isinstance(item, pytest.Function) and hasattr(item, "callspec") else {}
        )
        kind, entrypoint = given.get("database_url"), given.get("entrypoint", "flask")
        if item.get_closest_marker("flask_only"):
            return entrypoint == "flask"
        return entrypoint == "flask" or kind in {None, "sqlite"}

    config.hook.pytest_deselected(items=[item for item in items if not runs(item)])
    items[:] = [item for item in items if runs(item)]


def of_flask(*values: Any) -> Any:
    """A parameter that runs on no other binding."""
    return pytest.param(*values, marks=pytest.mark.flask_only)


class ApiClient(Client):
    """A test client with short forms for JSON requests."""

    def open(self, *given: Any, **options: Any) -> TestResponse:
        if isinstance(given[0], str):  # not where a redirect is followed
            here = {"REMOTE_ADDR": "127.0.0.1", "HTTP_USER_AGENT": "Werkzeug"}
            options["environ_base"] = here | options.get("environ_base", {})
        return super().open(*given, **options)

    def ask(self, method: str, path: str, body: Any = None, **options: Any) -> tuple[int, Any]:
        """Status and body; `body` goes as JSON unless it is None."""
        if body is not None:
            options["json"] = body
        response = self.open(path, method=method, **options)
        return response.status_code, response.get_json(silent=True)

    def code(self, method: str, path: str, body: Any = None, **options: Any) -> int:
        """The internal error code of a request that fails."""
        status, answer = self.ask(method, path, body, **options)
        code: int = answer["errors"]["internal_error_code"]
        assert code // 100 == status
        assert answer["errors"]["display_error"]
        assert ("field_errors" in answer["errors"]) == (status == 422)
        return code


def assert_no_echo(response: TestResponse) -> None:
    assert MARK not in response.text
    assert MARK not in str(response.headers)


def code(response: TestResponse) -> int:
    """The error code of an answer. Checks its shape, and that it echoes no input."""
    assert response.content_type == "application/json"
    assert response.headers["Cache-Control"] == "no-store"
    assert_no_echo(response)
    assert list(response.get_json()) == ["errors"]
    errors = response.get_json()["errors"]
    assert errors["display_error"]
    more = {"field_errors"} if response.status_code == 422 else set()
    assert set(errors) == {"display_error", "internal_error_code"} | more
    found: int = errors["internal_error_code"]
    assert found // 100 == response.status_code
    return found


def counts(page: TestResponse) -> list[str]:
    """How long the lists of a page are, as they say it."""
    return re.findall(r'class="count">([^<]*)<', page.text)


def everything_stored(engines: Engines) -> str:
    """All rows of all tables, as text: a line for each."""
    with engines.reader.connect() as connection:
        return "\n".join(
            line
            for table in metadata.sorted_tables
            for line in sorted(f"{table.name}: {row}" for row in connection.execute(select(table)))
        )


@pytest.fixture
def settings(database_url: str) -> Settings:
    return Settings(
        _env_file=None, database_url=database_url, bcrypt_rounds=4, base_url="http://localhost", limits="off"
    )


@pytest.fixture
def container(engines: Engines, settings: Settings) -> Container:
    container = Container(settings=settings)
    container.engines.override(providers.Object(engines))
    # This hasher starts no thread.
    container.hasher.override(providers.Object(BcryptHasher(rounds=4)))
    return container


@pytest.fixture(params=BINDINGS)
def entrypoint(request: pytest.FixtureRequest) -> str:
    """The binding that the test asks."""
    name: str = request.param
    return name


@pytest.fixture
def client_of(entrypoint: str) -> Callable[..., ApiClient]:
    """A function: a client of the site that is made of a container."""
    return lambda container, **options: ApiClient(BINDINGS[entrypoint](container), **options)


@pytest.fixture
def app(container: Container) -> "Flask":
    """The application of Flask, for tests of Flask."""
    app: Any = BINDINGS["flask"](container)
    app.test_client_class = ApiClient
    return app  # type: ignore[no-any-return]


@pytest.fixture
def application(entrypoint: str, container: Container, request: pytest.FixtureRequest) -> "WSGIApplication":
    return request.getfixturevalue("app") if entrypoint == "flask" else BINDINGS[entrypoint](container)


@pytest.fixture
def client(new_client: Callable[[], ApiClient]) -> ApiClient:
    """A client without a session."""
    return new_client()


@pytest.fixture
def new_client(application: "WSGIApplication") -> Callable[..., ApiClient]:
    return lambda **options: ApiClient(application, **options)


@pytest.fixture
def ada(new_client: Callable[[], ApiClient]) -> ApiClient:
    """A registered user with a session."""
    ada = new_client()
    assert ada.ask("POST", "/api/register", ADA)[0] == 201
    return ada


@pytest.fixture
def clock(container: Container) -> FakeClock:
    """The clock of the application. It stands still until the test advances it."""
    clock = FakeClock()
    container.now.override(providers.Object(clock))
    return clock


@pytest.fixture
def unchanged(engines: Engines) -> Iterator[None]:
    """Fails the test if the database has changed since this fixture was set up."""
    before = everything_stored(engines)
    yield
    assert everything_stored(engines) == before
