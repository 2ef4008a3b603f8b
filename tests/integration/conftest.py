"""The real application on a real database, and its clients."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from dependency_injector import providers
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, select
from werkzeug.test import TestResponse

from adapters.passwords import BcryptHasher
from adapters.sql.engines import Engines
from adapters.sql.limits import metadata
from adapters.sql.prebuilt import Prebuilt
from entrypoints.container import Container
from entrypoints.flask_app.app import create_app
from entrypoints.settings import Settings
from tests.fakes import FakeClock
from tests.samples import GOOD_PASSWORD

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


class ApiClient(FlaskClient):
    """A test client with short forms for JSON requests."""

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


@pytest.fixture
def app(container: Container) -> Flask:
    app = create_app(container)
    app.test_client_class = ApiClient
    return app


@pytest.fixture
def client(app: Flask) -> ApiClient:
    """A client without a session."""
    return app.test_client()  # type: ignore[return-value]


@pytest.fixture
def new_client(app: Flask) -> Callable[[], ApiClient]:
    return app.test_client  # type: ignore[return-value]


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
