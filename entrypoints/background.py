"""Background work in one thread of one process: delivers mail, deletes expired rows."""

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
    """One process works at a time: the one that has locked `lock`. When it ends, another takes over."""

    def __init__(self, delivery: Delivery, housekeeping: Housekeeping, lock: IO[Any] | None = None) -> None:
        self.delivery, self.housekeeping, self.lock = delivery, housekeeping, lock
        self.next_purge = monotonic()
        self.stopped = False
        self.waits_for = ""

    def start(self) -> None:
        """Run in a thread. After the main thread has ended it finishes the current mail and ends."""
        # With a pause, because a starting server has more urgent work.
        threading.Thread(target=self.run, args=(IDLE_SECONDS,), name="background").start()

    def run(self, first_pause: float = 0) -> None:
        """Work until `stop` is called or the main thread has ended. `first_pause` is in seconds."""
        sleep(first_pause)
        while not self._stopping():
            if not (self._has_lock() and self.step()):
                sleep(IDLE_SECONDS)

    def stop(self) -> None:
        self.stopped = True  # a signal handler calls this, so it must not wait for a lock

    def _stopping(self) -> bool:
        return self.stopped or not threading.main_thread().is_alive()

    def step(self) -> int:
        """Deliver due mails, and purge once an hour. Return the number of mails tried."""
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

    def _has_lock(self) -> bool:
        if self.lock is None:
            return True
        try:
            fcntl.lockf(self.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True


def lock_file() -> IO[Any]:
    """A file for `Background`, in memory on Linux. Open it before the fork: all workers must share it."""
    if hasattr(os, "memfd_create"):
        return os.fdopen(os.memfd_create("lock"), "wb")
    return tempfile.TemporaryFile()
