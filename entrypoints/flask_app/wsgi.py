"""What a WSGI server loads, configured by the environment."""

import multiprocessing
import os
import signal
import threading
from functools import cache
from time import sleep

from flask import Flask

from entrypoints import logs, settings
from entrypoints.background import Background, turn_file
from entrypoints.container import Container
from entrypoints.flask_app.app import create_app

# Opened when this is imported, before there are workers: whose turn it is to do what needs to be done once.
TURN = turn_file()


# Once in a process: our own server calls it before its workers are born, which have it from then on. So they
# all have the settings that the master read, and a change of them wants a restart.
@cache
def create() -> Flask:
    """The application alone. Its mail is delivered by `entrypoints.cli outbox deliver --forever`."""
    return create_app(_container())


def with_background() -> Flask:
    """The application and what is done beside it: `make dev`, or another server with one process."""
    container = _container()
    Background(container.delivery(), container.housekeeping(), TURN).start()
    return create()


def worker() -> Flask:
    """The application of one of our own server's workers: one of them delivers the mail.

    A worker is stopped by its master, with SIGTERM. Ctrl-C is left to the master: the terminal sends it to
    every process of the group.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    threading.Thread(target=_obey, name="obey", daemon=True).start()
    # Not os.getppid(): the master may have been killed since, and that would name the one who took over.
    master = multiprocessing.parent_process()
    threading.Thread(
        target=_follow, args=(master.pid if master else os.getppid(),), name="follow", daemon=True
    ).start()
    return with_background()


def _obey() -> None:
    """Stop on SIGTERM: once, however often it comes, and not before there is something to stop.

    Left to itself, granian 2.8 at times waits for ever when it is told twice at once, or in its first moments
    (seen in two of three tries when a whole process group is told).
    """
    signal.sigwait({signal.SIGTERM})
    sleep(0.1)
    stop = signal.getsignal(signal.SIGTERM)
    if callable(stop):
        stop(signal.SIGTERM, None)
    else:
        os._exit(0)  # nothing is served yet


def _follow(master: int) -> None:
    """End when the master has: killed, it could not say so, and nobody could stop its workers."""
    while os.getppid() == master:
        sleep(1)
    os.kill(os.getpid(), signal.SIGTERM)


@cache
def _container() -> Container:
    chosen = settings.load()
    logs.configure(chosen.log_format)
    return Container(settings=chosen)
