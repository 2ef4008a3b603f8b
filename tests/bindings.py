"""The bindings of the API. Each is made into a WSGI application, so that one test client asks all of them."""

from collections.abc import Callable
from importlib.util import find_spec
from typing import TYPE_CHECKING

from entrypoints.container import Container

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


def flask(container: Container) -> "WSGIApplication":
    from entrypoints.flask_app.app import create_app

    return create_app(container)


def starlette(container: Container) -> "WSGIApplication":
    from entrypoints.starlette_app import StarletteApp
    from tests.asgi import over_wsgi

    return over_wsgi(StarletteApp(container))


# Without those that a clone has deleted.
BINDINGS: dict[str, Callable[[Container], "WSGIApplication"]] = {
    name: binding
    for name, place, binding in (
        ("flask", "entrypoints.flask_app", flask),
        ("starlette", "entrypoints.starlette_app", starlette),
    )
    if find_spec(place)
}
