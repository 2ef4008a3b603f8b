"""What a WSGI server loads, configured by the environment."""

from functools import cache

from flask import Flask

from entrypoints.flask_app.app import create_app
from entrypoints.worker import begin_background, call_handler, container, lock, obey


# Once in a process. The server calls it before it forks its workers, so all workers have the settings that
# the master read. Changed settings need a restart.
@cache
def create() -> Flask:
    """The application alone. Its mail is delivered by `entrypoints.cli mails deliver --forever`."""
    lock()
    return create_app(container())


def with_background() -> Flask:
    """The application with its background work: for `make dev`, or a server with one process."""
    begin_background()
    return create()


def worker() -> Flask:
    """The application of one worker of the server. One of the workers does the background work."""
    obey(call_handler)
    return with_background()
