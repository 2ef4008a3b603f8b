"""The production server: `python -m entrypoints.serve`."""

import os
import signal
import socket
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from granian import Granian
from granian.constants import HTTPModes, Interfaces
from granian.log import LogLevels

from domain.errors import Unavailable
from entrypoints import logs, settings, site, worker

# Each module has the functions `create` and `worker`. Only the chosen one is imported.
MODULES = {"flask": "entrypoints.flask_app.wsgi", "starlette": "entrypoints.starlette_app"}
OPTIONS: dict[str, dict[str, Any]] = {
    "flask": {"interface": Interfaces.WSGI, "blocking_threads": settings.REQUEST_THREADS},
    # Its threads are its own. A connection holds none, so a worker takes many connections.
    "starlette": {"interface": Interfaces.ASGI, "backpressure": 8192, "websockets": False},
}

# After SIGTERM, requests in flight have this time to finish.
GRACE_SECONDS = 30


def main() -> None:
    _open_standard_files()
    chosen = settings.load()
    logs.configure(chosen.log_format, chosen.sentry_dsn)
    _try_module(chosen.entrypoint)
    _try_address(f"PORT {chosen.port} on this HOST", chosen.host, chosen.port)
    if chosen.metrics:
        _try_address(f"METRICS {chosen.metrics}", *chosen.metrics_address)
    _try_database()
    module = MODULES[chosen.entrypoint]
    # Workers are forked with the loaded application, which has no connections and no threads yet.
    import_module(module).create()
    server = Granian(
        f"{module}:worker",
        factory=True,
        http=HTTPModes.http1,
        address=chosen.host,
        port=chosen.port,
        workers=chosen.workers,
        respawn_failed_workers=True,
        workers_kill_timeout=GRACE_SECONDS,
        # granian warns about the number of threads, which is chosen on purpose.
        log_level=LogLevels.error,
        log_dictconfig=logs.config(chosen.log_format, chosen.sentry_dsn),
        **OPTIONS[chosen.entrypoint],
    )
    # A worker starts with SIGTERM blocked: no signal is lost before `worker` waits for it. It does not
    # inherit the handler of the master.
    term = {signal.SIGTERM}
    os.register_at_fork(
        before=lambda: signal.pthread_sigmask(signal.SIG_BLOCK, term),
        after_in_parent=lambda: signal.pthread_sigmask(signal.SIG_UNBLOCK, term),
        after_in_child=lambda: signal.signal(signal.SIGTERM, signal.SIG_DFL),
    )
    server.on_startup(lambda: _say(f"{site.NAME} is running on {chosen.base_url}"))
    server.serve()
    worker.close_database()


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


def _try_module(entrypoint: str) -> None:
    """Exit with one line when this tree has no such entrypoint any more."""
    package, _, name = MODULES[entrypoint].rpartition(".")
    if find_spec(package) is None or find_spec(f"{package}.{name}") is None:
        raise settings.refused(f"ENTRYPOINT: {entrypoint} was deleted from entrypoints/")


def _try_address(told: str, host: str, port: int) -> None:
    """Exit with one line when the port is in use, or when this machine does not have the address."""
    try:
        socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET).close()
    except OSError as error:
        raise settings.refused(f"{told}: {error.strerror}") from None


def _try_database() -> None:
    """Exit with one line when the database does not answer or is not migrated."""
    try:
        worker.check_database()
    except Unavailable as error:
        told = error.reason if error.message == Unavailable.message else error.message
        raise settings.refused(f"DATABASE_URL: {told}") from None


if __name__ == "__main__":
    main()
