from collections.abc import Callable
from typing import Any

from flask import Flask, Request
from werkzeug.routing import MapAdapter

from entrypoints.container import Container
from entrypoints.flask_app.brand import add_brand
from entrypoints.flask_app.clients import trust_proxies
from entrypoints.flask_app.errors import add_error_handlers
from entrypoints.flask_app.gate import add_gate, path_of
from entrypoints.flask_app.login import add_login, cookie_of
from entrypoints.flask_app.pages import add_page_globals
from entrypoints.flask_app.routes import add_routes
from entrypoints.flask_app.wire import speak_json


class Site(Flask):
    """Flask without what every request would pay for and none needs."""

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """No view here is `async`: Flask would look into each function again, each time."""
        return func

    def create_url_adapter(self, request: Request | None) -> MapAdapter | None:
        """Flask's own takes the host apart and encodes it by IDNA, each time: the gate lets only ours in."""
        if request is None:
            return super().create_url_adapter(None)
        return MapAdapter(
            self.url_map,
            server_name=request.environ["HTTP_HOST"],
            script_name=request.root_path,
            subdomain="",
            url_scheme=request.scheme,
            path_info=path_of(request.environ),
            default_method=request.method,
            query_args=request.query_string.decode(errors="replace"),
        )


def create_app(container: Container) -> Flask:
    settings = container.settings()
    cookie = cookie_of(settings)

    app = Site(__name__)
    app.url_map.merge_slashes = False  # `//evil.example/` is not ours to redirect to
    trust_proxies(app, settings.trusted_proxies)
    speak_json(app)
    add_gate(app, settings)
    add_login(app, container.sessions(), cookie)
    add_error_handlers(app)
    add_brand(app)
    add_page_globals(app, settings.link_life)
    add_routes(app, container, cookie)
    return app
