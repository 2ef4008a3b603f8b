"""The real application over a real database, and clients that talk to it."""

from collections.abc import Callable
from typing import Any

import pytest
from dependency_injector import providers
from flask import Flask
from flask.testing import FlaskClient

from adapters.passwords import BcryptHasher
from adapters.sql.engines import Engines
from entrypoints.container import Container
from entrypoints.flask_app.app import create_app
from entrypoints.settings import Settings
from tests.samples import GOOD_PASSWORD

ADA = {"username": "ada", "email": "ada@example.org", "password": GOOD_PASSWORD}


class Talker(FlaskClient):
    """A client that says what it gets in the fewest words."""

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


@pytest.fixture
def settings(database_url: str) -> Settings:
    return Settings(
        _env_file=None,
        database_url=database_url,
        bcrypt_rounds=4,
        base_url="http://localhost",
        limits="off",
    )


@pytest.fixture
def container(engines: Engines, settings: Settings) -> Container:
    container = Container(settings=settings)
    container.engines.override(providers.Object(engines))
    # No thread of its own for every test.
    container.hasher.override(providers.Object(BcryptHasher(rounds=4)))
    return container


@pytest.fixture
def app(container: Container) -> Flask:
    app = create_app(container)
    app.test_client_class = Talker
    return app


@pytest.fixture
def client(app: Flask) -> Talker:
    """A stranger."""
    return app.test_client()  # type: ignore[return-value]


@pytest.fixture
def new_client(app: Flask) -> Callable[[], Talker]:
    return app.test_client  # type: ignore[return-value]


@pytest.fixture
def ada(new_client: Callable[[], Talker]) -> Talker:
    """Somebody who has registered and is logged in."""
    ada = new_client()
    assert ada.ask("POST", "/api/register", ADA)[0] == 201
    return ada
