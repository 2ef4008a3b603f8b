"""Forgetting what has served its time."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from application.ports import Clock, RateLimiter, Transaction, UnitOfWork

# Small enough that nobody waits long for the locks it takes.
BATCH = 1000
KEEP_DELIVERED = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Housekeeping:
    transaction: Transaction
    limiter: RateLimiter
    now: Clock

    def purge(self) -> dict[str, int]:
        """Delete expired sessions, links and counters, and mail delivered a week ago; how many of each."""
        return {
            "sessions": self._batches(lambda work, now: work.sessions.purge(now, BATCH)),
            "links": self._batches(lambda work, now: work.links.purge(now, BATCH)),
            "mails": self._batches(lambda work, now: work.outbox.purge(now - KEEP_DELIVERED, BATCH)),
            "counters": _until_done(lambda: self.limiter.purge(BATCH)),
        }

    def _batches(self, purge: Callable[[UnitOfWork, datetime], int]) -> int:
        def batch() -> int:
            with self.transaction() as work:
                done = purge(work, self.now())
                work.commit()
            return done

        return _until_done(batch)


def _until_done(batch: Callable[[], int]) -> int:
    total = done = batch()
    while done == BATCH:
        done = batch()
        total += done
    return total
