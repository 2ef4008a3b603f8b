"""Housekeeping: deletes expired rows."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from application.ports import Clock, ExpiringStore, Look, RateLimiter, Transaction, stores

# Rows in one transaction. Its locks delay other requests only for a short time.
PURGE_BATCH = 1000


@dataclass(frozen=True, slots=True)
class Housekeeping:
    look: Look
    transaction: Transaction
    limiter: RateLimiter
    now: Clock

    def purge(self) -> dict[str, int]:
        """Delete the expired rows of each store, and the counts of rate limits that are over.

        Return the number of deleted rows by word.
        """
        with self.look() as stored:
            words = [word for word, store in stores(stored).items() if isinstance(store, ExpiringStore)]
        purged = {word: _until_done(partial(self._batch, word)) for word in words}
        return purged | {"limits": _until_done(lambda: self.limiter.purge(PURGE_BATCH))}

    def _batch(self, word: str) -> int:
        with self.transaction() as work:
            done: int = stores(work)[word].purge(self.now(), PURGE_BATCH)
            work.commit()
        return done


def _until_done(batch: Callable[[], int]) -> int:
    total = 0
    while (done := batch()) == PURGE_BATCH:
        total += done
    return total + done
