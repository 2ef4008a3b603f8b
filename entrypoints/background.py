"""Background work in one thread of one process: delivering mail, deleting what has expired."""

import fcntl
import logging
import os
import tempfile
import threading
from time import monotonic, sleep
from typing import IO, Any

from application.housekeeping import Housekeeping
from application.mails import Delivery
from domain.errors import DomainError

log = logging.getLogger(__name__)

IDLE_SECONDS = 1.0
HOUR = 3600.0


class Background:
    """`turn` is a file that one process at a time locks. Another takes over when that process ends."""

    def __init__(self, delivery: Delivery, housekeeping: Housekeeping, turn: IO[Any] | None = None) -> None:
        self.delivery, self.housekeeping, self.turn = delivery, housekeeping, turn
        self.next_purge = monotonic()
        self.stopped = False
        self.waits_for = ""

    def start(self) -> None:
        """In a thread that ends soon after the main thread, but not in the middle of a mail."""
        # Not at once: a starting server has more urgent work.
        threading.Thread(target=self.run, args=(IDLE_SECONDS,), name="background").start()

    def run(self, first_pause: float = 0) -> None:
        """Until stopped, or until the main thread has ended. The pause is in seconds."""
        sleep(first_pause)
        while not self._stopping():
            if not (self._my_turn() and self.step()):
                sleep(IDLE_SECONDS)

    def stop(self) -> None:
        self.stopped = True  # called from a signal handler: it must take no lock

    def _stopping(self) -> bool:
        return self.stopped or not threading.main_thread().is_alive()

    def step(self) -> int:
        """Deliver mails that are due, and purge once an hour; how many mails were tried."""
        try:
            tried = self.delivery.deliver(self._stopping)
            if monotonic() >= self.next_purge:
                self.next_purge = monotonic() + HOUR
                log.info("purged %s", self.housekeeping.purge())
        except DomainError as error:
            reason = getattr(error, "reason", "") or error.message
            if reason != self.waits_for:  # once, not each second
                log.warning("background work waits: %s", reason)
            self.waits_for = reason
            return 0
        except Exception:
            log.exception("background work failed")
            return 0
        self.waits_for = ""
        return tried

    def _my_turn(self) -> bool:
        if self.turn is None:
            return True
        try:
            fcntl.lockf(self.turn, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True


def turn_file() -> IO[Any]:
    """Opened before the workers are forked: all of them share it. It lies in memory where possible."""
    if hasattr(os, "memfd_create"):
        return os.fdopen(os.memfd_create("turn"), "wb")
    return tempfile.TemporaryFile()
