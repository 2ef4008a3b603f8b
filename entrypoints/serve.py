"""Runs the production server: `python -m entrypoints.serve`, configured by the environment."""

from granian import Granian
from granian.constants import HTTPModes, Interfaces
from granian.log import LogLevels

from entrypoints import logs, settings
from entrypoints.flask_app import wsgi

# How long requests in flight may take to finish after SIGTERM, in seconds.
GRACE = 30


def main() -> None:
    chosen = settings.load()
    logs.configure(chosen.log_format)
    server = Granian(
        # Its modules are imported here already, so that workers are born with them; the application itself,
        # with its connections and its threads, is each worker's own.
        f"{wsgi.__name__}:{wsgi.worker.__name__}",
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
