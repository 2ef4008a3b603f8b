"""Runs the production server: `python -m entrypoints.serve`, configured by the environment."""

import signal

from flask import Flask
from granian import Granian
from granian.constants import HTTPModes, Interfaces
from granian.log import LogLevels

from entrypoints import logs, settings
from entrypoints.background import Background, turn_file
from entrypoints.flask_app import wsgi
from entrypoints.flask_app.app import create_app

# How long requests in flight may take to finish after SIGTERM, in seconds.
GRACE = 30

# Opened here, before there are workers: whose turn it is to do what needs to be done once.
TURN = turn_file()


def worker() -> Flask:
    """The application of one worker, which leaves Ctrl-C to the master.

    The terminal sends it to every process of the group. A worker that is then told to stop by the master as
    well may wait for ever (granian 2.8, seen in two of three tries).
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    container = wsgi.container()
    Background(container.delivery(), container.housekeeping(), TURN).start()
    return create_app(container)


def main() -> None:
    chosen = settings.load()
    logs.configure(chosen.log_format)
    server = Granian(
        # Its modules are imported here already, so that workers are born with them; the application itself,
        # with its connections and its threads, is each worker's own.
        f"entrypoints.serve:{worker.__name__}",
        factory=True,
        interface=Interfaces.WSGI,
        http=HTTPModes.http1,
        address=chosen.host,
        port=chosen.port,
        workers=chosen.workers,
        blocking_threads=settings.REQUEST_THREADS,
        respawn_failed_workers=True,
        workers_kill_timeout=GRACE,
        # Its warnings are about the number of threads, which is what we mean it to be.
        log_level=LogLevels.error,
        log_dictconfig=logs.config(chosen.log_format),
    )
    server.on_startup(lambda: print(f"Hexstart serves on {chosen.base_url}", flush=True))
    server.serve()


if __name__ == "__main__":
    main()
