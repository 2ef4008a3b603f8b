"""Deleting what has expired."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from application.ports import Clock, ExpiringStore, Look, RateLimiter, Transaction, stores

# Small enough that its locks delay no request for long.
BATCH = 1000


@dataclass(frozen=True, slots=True)
class Housekeeping:
    look: Look
    transaction: Transaction
    limiter: RateLimiter
    now: Clock

    def purge(self) -> dict[str, int]:
        """Delete the expired rows of every store, and limits that are over. Returns the number of each."""
        with self.look() as stored:
            words = [word for word, store in stores(stored).items() if isinstance(store, ExpiringStore)]
        purged = {word: _until_done(partial(self._batch, word)) for word in words}
        return purged | {"limits": _until_done(lambda: self.limiter.purge(BATCH))}

    def _batch(self, word: str) -> int:
        with self.transaction() as work:
            done: int = stores(work)[word].purge(self.now(), BATCH)
            work.commit()
        return done


def _until_done(batch: Callable[[], int]) -> int:
    total = done = batch()
    while done == BATCH:
        done = batch()
        total += done
    return total
