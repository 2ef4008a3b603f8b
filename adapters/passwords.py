"""Hashing passwords with bcrypt, one at a time, behind everything else; and judging new ones."""

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

# zxcvbn tries every way to read 4 as a and $ as s: 100 such characters keep it busy for a second (measured),
# 20 for a hundredth of one. What has a part that is hard to guess is hard to guess, so two parts are judged.
JUDGED_CHARACTERS = 20


class BcryptHasher(PasswordHasher):
    """bcrypt_sha256, because plain bcrypt ignores or refuses everything past the 72nd byte.

    Plain bcrypt hashes (of the seed's users, say) are still verified, and are `outdated`.
    """

    def __init__(self, rounds: int) -> None:
        self.rounds = rounds
        # The hash of no password: a salt and a digest of our own making, at the cost of the real ones.
        self.nobody = f"$bcrypt-sha256$v=2,t=2b,r={rounds}${'.' * 21}u${'.' * 31}"

    @cached_property
    def context(self) -> "CryptContext":
        from passlib.context import CryptContext  # from libpass; imported by the first who needs it

        return CryptContext(
            ["bcrypt_sha256", "bcrypt"], deprecated=["bcrypt"], bcrypt_sha256__rounds=self.rounds
        )

    def hash(self, password: str) -> str:
        return str(self.context.hash(password))

    def verify(self, password: str, password_hash: str | None) -> bool:
        if password_hash is None:
            self._matches(password, self.nobody)
            return False
        try:
            return self._matches(password, password_hash)
        except ValueError:
            log.error("a stored password hash is damaged")
            self._matches(password, self.nobody)
            return False

    def outdated(self, password_hash: str) -> bool:
        return bool(self.context.needs_update(password_hash))

    def _matches(self, password: str, password_hash: str) -> bool:
        if password_hash.startswith("$2"):
            # What plain bcrypt made of a long password was made of its first 72 bytes.
            return bool(self.context.verify(password.encode()[:72], password_hash))
        return bool(self.context.verify(password, password_hash))


class QueueingHasher(PasswordHasher):
    """Lets another hasher work in one thread of low priority, so that a flood of logins starves nobody else.

    `longest_queue` is how many may wait or work: a little below the number of request threads, so that some
    are always left for those who do not log in. Whoever comes after them is refused (Unavailable).
    """

    def __init__(self, hasher: PasswordHasher, longest_queue: int) -> None:
        self.hasher = hasher
        self.places = threading.BoundedSemaphore(longest_queue)

    @cached_property
    def thread(self) -> ThreadPoolExecutor:
        """Started by the first who hashes, and so in the worker: threads do not survive a fork."""
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


# Measured with 32 logins at once beside 4 readers that keep two cores busy. At 3 the readers keep 65 % of the
# rate they have alone, and the logins reach 48 % of theirs; at 7 it is 78 and 40 %, at 10 84 and 36 %.
NICENESS = 7


def _give_way() -> None:
    with suppress(OSError, AttributeError):  # only Linux has priorities for threads
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)


def zxcvbn_strength(password: str, known_words: Sequence[str]) -> tuple[int, str]:
    from zxcvbn_rs_py import zxcvbn  # imported by the first who needs it: its dictionaries are large

    parts = [part for word in known_words for part in (word, *word.split("@"))]
    known = [piece for part in parts for piece in (part, part[:JUDGED_CHARACTERS], part[-JUDGED_CHARACTERS:])]
    beginning = zxcvbn(password[:JUDGED_CHARACTERS], known)
    score = int(beginning.score)
    if score < WEAKEST_SCORE and len(password) > JUDGED_CHARACTERS:
        score = max(score, int(zxcvbn(password[-JUDGED_CHARACTERS:], known).score))
    warning = beginning.feedback and beginning.feedback.warning
    return score, str(warning or "")
