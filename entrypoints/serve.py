"""Runs the production server: `python -m entrypoints.serve`, configured by the environment."""

import gc

if __name__ == "__main__":
    gc.disable()  # what is imported is there to stay: looking for garbage in it takes a tenth of a start

import ctypes
import os
import signal
import socket
from contextlib import suppress

from granian import Granian
from granian.constants import HTTPModes, Interfaces
from granian.log import LogLevels

from entrypoints import logs, settings, site
from entrypoints.flask_app import wsgi

# How long requests in flight may take to finish after SIGTERM, in seconds.
GRACE = 30


def main() -> None:
    chosen = settings.load()
    logs.configure(chosen.log_format)
    _try_address(chosen.host, chosen.port)
    _share_arenas()
    # Workers are born with the application as it is before the first request: without connections or threads.
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
        # Its warnings are about the number of threads, which is what we mean it to be.
        log_level=LogLevels.error,
        log_dictconfig=logs.config(chosen.log_format),
    )
    # A worker is born deaf to SIGTERM, so that none is lost before it listens (`wsgi.worker`), and without
    # the master's way to be stopped.
    term = {signal.SIGTERM}
    os.register_at_fork(
        before=lambda: signal.pthread_sigmask(signal.SIG_BLOCK, term),
        after_in_parent=lambda: signal.pthread_sigmask(signal.SIG_UNBLOCK, term),
        after_in_child=lambda: signal.signal(signal.SIGTERM, signal.SIG_DFL),
    )
    server.on_startup(lambda: print(f"{site.NAME} is running on {chosen.base_url}", flush=True))
    gc.freeze()  # nor is it looked through later, and so the workers go on sharing its pages
    gc.enable()
    server.serve()


def _try_address(host: str, port: int) -> None:
    """Leave the process with one line when somebody else listens there, or nobody can."""
    try:
        socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET).close()
    except OSError as error:
        raise SystemExit(
            f"{site.NAME} does not start: PORT {port} on HOST {host}: {error.strerror}"
        ) from None


def _share_arenas() -> None:
    """Let all threads allocate from two arenas: glibc opens eight a core, and keeps in each what was freed.

    2 to 3 MiB of each worker (measured); only one thread at a time runs Python anyway. M_ARENA_MAX is -8 in
    glibc's malloc.h; other C libraries have no such thing. The variable is glibc's own, for those who chose.
    """
    if "MALLOC_ARENA_MAX" not in os.environ:
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).mallopt(-8, 2)


if __name__ == "__main__":
    main()
