"""What a WSGI server loads: `create()`, configured by the environment."""

from flask import Flask

from entrypoints import logs, settings
from entrypoints.container import Container
from entrypoints.flask_app.app import create_app


def container() -> Container:
    chosen = settings.load()
    logs.configure(chosen.log_format)
    return Container(settings=chosen)


def create() -> Flask:
    """The application alone. Its mail is delivered by `entrypoints.cli outbox deliver --forever`."""
    return create_app(container())
