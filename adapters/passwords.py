"""Hashing passwords with bcrypt, one at a time and at low priority, and rating new passwords."""

import logging
import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

from application.ports import PasswordHasher
from domain.errors import Unavailable
from domain.passwords import WEAKEST_SCORE

if TYPE_CHECKING:
    from passlib.context import CryptContext

log = logging.getLogger(__name__)
R = TypeVar("R")

# zxcvbn tries every way to read 4 as a and $ as s: 100 such characters take a second (measured), 20 take a
# hundredth. A password with one strong part is strong, so its beginning and its end are rated.
JUDGED_CHARACTERS = 20


class BcryptHasher(PasswordHasher):
    """bcrypt_sha256, because plain bcrypt ignores or refuses all bytes after the 72nd.

    Plain bcrypt hashes (of imported users, say) are still verified, and are `outdated`.
    """

    def __init__(self, rounds: int) -> None:
        self.rounds = rounds
        # The hash of no password, at the cost of a real one.
        self.unmatched = f"$bcrypt-sha256$v=2,t=2b,r={rounds}${'.' * 21}u${'.' * 31}"

    @cached_property
    def context(self) -> "CryptContext":
        from passlib.context import CryptContext  # from libpass; imported when first needed

        return CryptContext(
            ["bcrypt_sha256", "bcrypt"], deprecated=["bcrypt"], bcrypt_sha256__rounds=self.rounds
        )

    def hash(self, password: str) -> str:
        return str(self.context.hash(password))

    def verify(self, password: str, password_hash: str | None) -> bool:
        if password_hash is None:
            self._matches(password, self.unmatched)
            return False
        try:
            return self._matches(password, password_hash)
        except ValueError:
            log.error("a stored password hash is damaged")
            self._matches(password, self.unmatched)
            return False

    def outdated(self, password_hash: str) -> bool:
        return bool(self.context.needs_update(password_hash))

    def _matches(self, password: str, password_hash: str) -> bool:
        if password_hash.startswith("$2"):
            # A plain bcrypt hash was made of the first 72 bytes.
            return bool(self.context.verify(password.encode()[:72], password_hash))
        return bool(self.context.verify(password, password_hash))


class QueueingHasher(PasswordHasher):
    """Runs another hasher in one thread of low priority: a flood of logins does not slow the other requests.

    `longest_queue` is how many may wait or run: a little below the number of request threads, so that some
    stay free for requests without a password. A request beyond it is refused (Unavailable).
    """

    def __init__(self, hasher: PasswordHasher, longest_queue: int) -> None:
        self.hasher = hasher
        self.places = threading.BoundedSemaphore(longest_queue)

    @cached_property
    def thread(self) -> ThreadPoolExecutor:
        """Started at the first hash, and so in the worker: threads do not survive a fork."""
        return ThreadPoolExecutor(1, "hashing", initializer=_give_way)

    def hash(self, password: str) -> str:
        return self._queue(lambda: self.hasher.hash(password))

    def verify(self, password: str, password_hash: str | None) -> bool:
        return self._queue(lambda: self.hasher.verify(password, password_hash))

    def outdated(self, password_hash: str) -> bool:
        return self.hasher.outdated(password_hash)

    def _queue(self, work: Callable[[], R]) -> R:
        if not self.places.acquire(blocking=False):
            raise Unavailable(retry_after=5)
        try:
            return self.thread.submit(work).result()
        finally:
            self.places.release()


# Measured with 32 logins at once beside 4 readers that keep two cores busy. Shares of the rate alone, readers
# and logins: at 3 65 and 48 %, at 7 78 and 40 %, at 10 84 and 36 %.
NICENESS = 7


def _give_way() -> None:
    with suppress(OSError, AttributeError):  # only Linux has priorities for threads
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)


def zxcvbn_strength(password: str, known_words: Sequence[str]) -> tuple[int, str]:
    from zxcvbn_rs_py import zxcvbn  # imported when first needed: its dictionaries are large

    parts = [part for word in known_words for part in (word, *word.split("@"))]
    known = [piece for part in parts for piece in (part, part[:JUDGED_CHARACTERS], part[-JUDGED_CHARACTERS:])]
    beginning = zxcvbn(password[:JUDGED_CHARACTERS], known)
    score = int(beginning.score)
    if score < WEAKEST_SCORE and len(password) > JUDGED_CHARACTERS:
        score = max(score, int(zxcvbn(password[-JUDGED_CHARACTERS:], known).score))
    warning = beginning.feedback and beginning.feedback.warning
    return score, str(warning or "")
