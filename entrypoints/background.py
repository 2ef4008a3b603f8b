"""What is done beside the requests, in one thread of one process: delivering mail, and tidying up."""

import fcntl
import logging
import tempfile
import threading
from time import monotonic
from typing import IO, Any

from application.housekeeping import Housekeeping
from application.outbox import Delivery
from domain.errors import DomainError

log = logging.getLogger(__name__)

IDLE_SECONDS = 1.0
HOUR = 3600.0


class Background:
    """`turn` is a file that only one process at a time may lock; the next takes over when that one ends."""

    def __init__(self, delivery: Delivery, housekeeping: Housekeeping, turn: IO[Any] | None = None) -> None:
        self.delivery, self.housekeeping, self.turn = delivery, housekeeping, turn
        self.next_purge = monotonic()
        self.stopped = threading.Event()

    def start(self) -> None:
        """In a thread that ends soon after the main one, but not in the middle of a mail."""
        threading.Thread(target=self.run, name="background").start()

    def run(self) -> None:
        """Until stopped, or until the main thread has ended."""
        main = threading.main_thread()
        while main.is_alive() and not self.stopped.is_set():
            if not (self._my_turn() and self.step()):
                self.stopped.wait(IDLE_SECONDS)

    def stop(self) -> None:
        self.stopped.set()

    def step(self) -> int:
        """Deliver what is due, and once an hour tidy up; how many mails were tried."""
        try:
            tried = self.delivery.deliver()
            if monotonic() >= self.next_purge:
                self.next_purge = monotonic() + HOUR
                log.info("purged %s", self.housekeeping.purge())
        except DomainError as error:
            log.warning("background work waits: %s", error)
            return 0
        except Exception:
            log.exception("background work failed")
            return 0
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
    """To be opened before the workers are born, so that all of them hold the same."""
    return tempfile.TemporaryFile()
