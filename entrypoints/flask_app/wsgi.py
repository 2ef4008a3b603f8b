"""What a WSGI server loads: `create()`, configured by the environment."""

from flask import Flask

from entrypoints import logs, settings
from entrypoints.container import Container
from entrypoints.flask_app.app import create_app


def create() -> Flask:
    chosen = settings.load()
    logs.configure(chosen.log_format)
    return create_app(Container(settings=chosen))
