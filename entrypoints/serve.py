"""Runs the production server: `python -m entrypoints.serve`, configured by the environment."""

import os
import signal
import socket

from granian import Granian
from granian.constants import HTTPModes, Interfaces
from granian.log import LogLevels

from domain.errors import Unavailable
from entrypoints import logs, settings, site
from entrypoints.flask_app import wsgi

# How long requests in flight may take to finish after SIGTERM, in seconds.
GRACE = 30


def main() -> None:
    _open_standard_files()
    chosen = settings.load()
    logs.configure(chosen.log_format)
    _try_address(chosen.host, chosen.port)
    _try_database()
    # The workers are forked with the application in memory, before it has connections or threads.
    wsgi.create()
    server = Granian(
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
        # Its warnings are about the number of threads, which is chosen on purpose.
        log_level=LogLevels.error,
        log_dictconfig=logs.config(chosen.log_format),
    )
    # A worker starts with SIGTERM blocked: no signal is lost before it listens (`wsgi.worker`). It does not
    # inherit the master's handler.
    term = {signal.SIGTERM}
    os.register_at_fork(
        before=lambda: signal.pthread_sigmask(signal.SIG_BLOCK, term),
        after_in_parent=lambda: signal.pthread_sigmask(signal.SIG_UNBLOCK, term),
        after_in_child=lambda: signal.signal(signal.SIGTERM, signal.SIG_DFL),
    )
    server.on_startup(lambda: _say(f"{site.NAME} is running on {chosen.base_url}"))
    server.serve()
    wsgi.close_database()


def _open_standard_files() -> None:
    """A closed stdin, stdout or stderr leaves its number to the next file that is opened: a database, say."""
    while (number := os.open(os.devnull, os.O_RDWR)) <= 2:
        pass
    os.close(number)


def _say(line: str) -> None:
    """To stdout, which may be full or without a reader."""
    try:
        os.write(1, f"{line}\n".encode())
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def _try_address(host: str, port: int) -> None:
    """Exit with one line when another process listens there, or when the address is not of this machine."""
    try:
        socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET).close()
    except OSError as error:
        raise settings.refused(f"PORT {port} on this HOST: {error.strerror}") from None


def _try_database() -> None:
    """Exit with one line when the database does not answer, or is not migrated."""
    try:
        wsgi.check_database()
    except Unavailable as error:
        told = error.reason if error.message == Unavailable.message else error.message
        raise settings.refused(f"DATABASE_URL: {told}") from None


if __name__ == "__main__":
    main()
