"""The Flask application, made from a container."""

from flask import Flask

from entrypoints.api.routes import routes
from entrypoints.container import Container, wire_from
from entrypoints.flask_app.api import bind
from entrypoints.flask_app.brand import add_brand
from entrypoints.flask_app.dev import add_dev_pages
from entrypoints.flask_app.errors import add_error_handlers
from entrypoints.flask_app.gate import add_gate
from entrypoints.flask_app.login import add_login
from entrypoints.flask_app.page import add_page_globals
from entrypoints.flask_app.routes import add_pages


def create_app(container: Container) -> Flask:
    settings, wire = container.settings(), wire_from(container)
    cookie = container.cookie()

    app = Flask(__name__)
    app.url_map.merge_slashes = False  # a redirect to `//evil.example/` would lead to another site
    app.config["TRUSTED_PROXIES"] = settings.trusted_proxies
    add_gate(app, settings)
    add_login(app, container.sessions(), container.two_factor(), cookie)
    add_error_handlers(app)
    add_brand(app)
    add_page_globals(app, settings, container.teams(), container.now())
    add_pages(app, wire)
    for route in routes(wire):
        bind(app, route, cookie, container.tokens())
    if app.debug and not settings.production:
        add_dev_pages(app, wire)
    return app
