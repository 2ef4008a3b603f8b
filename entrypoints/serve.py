"""The production server: `python -m entrypoints.serve`."""

import os
import signal
import socket

from granian import Granian
from granian.constants import HTTPModes, Interfaces
from granian.log import LogLevels

from domain.errors import Unavailable
from entrypoints import logs, settings, site
from entrypoints.flask_app import wsgi

# After SIGTERM, requests in flight have this time to finish.
GRACE_SECONDS = 30


def main() -> None:
    _open_standard_files()
    chosen = settings.load()
    logs.configure(chosen.log_format)
    _try_address(chosen.host, chosen.port)
    _try_database()
    # Workers are forked with the loaded application, which has no connections and no threads yet.
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
        workers_kill_timeout=GRACE_SECONDS,
        # granian warns about the number of threads, which is chosen on purpose.
        log_level=LogLevels.error,
        log_dictconfig=logs.config(chosen.log_format),
    )
    # A worker starts with SIGTERM blocked: no signal is lost before `wsgi.worker` waits for it. It does not
    # inherit the handler of the master.
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
    """Open /dev/null in place of a closed stdin, stdout or stderr. The next file would get its number."""
    while (number := os.open(os.devnull, os.O_RDWR)) <= 2:
        pass
    os.close(number)


def _say(line: str) -> None:
    """Print a line to stdout, which may be full or without a reader."""
    try:
        os.write(1, f"{line}\n".encode())
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def _try_address(host: str, port: int) -> None:
    """Exit with one line when the port is in use, or when this machine does not have the address."""
    try:
        socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET).close()
    except OSError as error:
        raise settings.refused(f"PORT {port} on this HOST: {error.strerror}") from None


def _try_database() -> None:
    """Exit with one line when the database does not answer or is not migrated."""
    try:
        wsgi.check_database()
    except Unavailable as error:
        told = error.reason if error.message == Unavailable.message else error.message
        raise settings.refused(f"DATABASE_URL: {told}") from None


if __name__ == "__main__":
    main()
