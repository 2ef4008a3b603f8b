"""What a WSGI server loads, configured by the environment."""

import multiprocessing
import os
import signal
import threading
from functools import cache
from time import sleep
from typing import IO, Any

from flask import Flask

from entrypoints import logs, settings
from entrypoints.background import Background, lock_file
from entrypoints.container import Container, opened
from entrypoints.flask_app.app import create_app


@cache
def lock() -> IO[Any]:
    """The lock of the background work, opened before the workers are forked."""
    return lock_file()


# Once in a process. The server calls it before it forks its workers, so all workers have the settings that
# the master read. Changed settings need a restart.
@cache
def create() -> Flask:
    """The application alone. Its mail is delivered by `entrypoints.cli mails deliver --forever`."""
    lock()
    return create_app(_container())


def check_database() -> None:
    """Raise Unavailable unless the database answers and is migrated. For before the workers are forked."""
    _container().check_at_start()


def close_database() -> None:
    """For after the last worker has ended."""
    _container().close()


def with_background() -> Flask:
    """The application with its background work: for `make dev`, or a server with one process."""
    container = _container()
    Background(container.delivery(), container.housekeeping(), lock()).start()
    return create()


def worker() -> Flask:
    """The application of one worker of the server. One of the workers does the background work.

    The master stops a worker with SIGTERM. Ctrl-C is for the master only: the terminal sends it to every
    process of the group.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    threading.Thread(target=_obey, name="obey", daemon=True).start()
    # Not os.getppid(): after a kill of the master it names another process.
    master = multiprocessing.parent_process()
    threading.Thread(
        target=_follow, args=(master.pid if master else os.getppid(),), name="follow", daemon=True
    ).start()
    return with_background()


def _obey() -> None:
    """Stop on SIGTERM: once, however often it comes, and not before the worker serves.

    granian 2.8 at times hangs when SIGTERM comes twice at once, or in its first moments (seen in two of three
    tries when a whole process group gets it).
    """
    signal.sigwait({signal.SIGTERM})
    sleep(0.1)
    stop = signal.getsignal(signal.SIGTERM)
    if callable(stop):
        stop(signal.SIGTERM, None)
    else:
        os._exit(0)  # nothing is served yet


def _follow(master: int) -> None:
    """End when the master has ended: a killed master cannot stop its workers."""
    while os.getppid() == master:
        sleep(1)
    os.kill(os.getpid(), signal.SIGTERM)


@cache
def _container() -> Container:
    chosen = settings.load()
    logs.configure(chosen.log_format)
    return opened(chosen)
