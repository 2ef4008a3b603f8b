"""A process that serves: what every binding needs from the first setting to the signal that ends it."""

import atexit
import multiprocessing
import os
import shutil
import signal
import tempfile
import threading
from collections.abc import Callable
from functools import cache
from time import sleep
from typing import IO, Any

from entrypoints import logs, settings
from entrypoints.background import Background, lock_file
from entrypoints.container import Container, opened


@cache
def container() -> Container:
    """The parts of this process, configured by the environment. Changed settings need a restart."""
    chosen = settings.load()
    logs.configure(chosen.log_format, chosen.sentry_dsn)
    if chosen.metrics:  # prometheus-client reads it at its import
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = _folder()
    return opened(chosen)


def _folder() -> str:
    """A new folder for the metrics, new so that it has no numbers of an earlier start.

    The process that made it deletes it at its end. A worker does not.
    """
    folder, owner = tempfile.mkdtemp(prefix="hexstart-metrics-"), os.getpid()

    @atexit.register
    def delete() -> None:
        if os.getpid() == owner:
            shutil.rmtree(folder, ignore_errors=True)

    return folder


@cache
def lock() -> IO[Any]:
    """The lock of the background work, opened before the workers are forked."""
    return lock_file()


def check_database() -> None:
    """Raise Unavailable unless the database answers and is migrated. For before the workers are forked."""
    container().check_at_start()


def close_database() -> None:
    """For after the last worker has ended."""
    container().close()


def begin_background() -> None:
    """Deliver mail and purge, in a thread. One of the workers works, the others wait for the lock.

    With METRICS, another thread serves the metrics.
    """
    if container().settings().metrics:
        container().metrics().start()
    Background(container().delivery(), container().housekeeping(), lock()).start()


def obey(stop: Callable[[], None]) -> None:
    """Let the master end this worker. `stop` ends the server, and is called by another thread.

    The master stops a worker with SIGTERM. Ctrl-C is for the master only: the terminal sends it to every
    process of the group.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    threading.Thread(target=_obey, args=(stop,), name="obey", daemon=True).start()
    # Not os.getppid(): after a kill of the master it names another process.
    master = multiprocessing.parent_process()
    threading.Thread(
        target=_follow, args=(master.pid if master else os.getppid(),), name="follow", daemon=True
    ).start()


def call_handler() -> None:
    """Stop a server whose handler of SIGTERM is a function of Python."""
    handler = signal.getsignal(signal.SIGTERM)
    if callable(handler):
        handler(signal.SIGTERM, None)


def raise_again() -> None:
    """Stop a server whose event loop reads the signal itself."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
    signal.raise_signal(signal.SIGTERM)


def _obey(stop: Callable[[], None]) -> None:
    """Stop on SIGTERM: once, however often it comes, and not before the worker serves.

    granian 2.8 at times hangs when SIGTERM comes twice at once, or in its first moments (seen in two of three
    tries when a whole process group gets it).
    """
    signal.sigwait({signal.SIGTERM})
    sleep(0.1)
    if callable(signal.getsignal(signal.SIGTERM)):
        stop()
    else:
        os._exit(0)  # nothing is served yet


def _follow(master: int) -> None:
    """End when the master has ended: a killed master cannot stop its workers."""
    while os.getppid() == master:
        sleep(1)
    os.kill(os.getpid(), signal.SIGTERM)
