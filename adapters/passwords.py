"""Password hashes by bcrypt, made one at a time at low priority, and the strength of new passwords."""

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

# zxcvbn tries all ways to read 4 as a and $ as s: 100 such characters take 1 s, 20 take 10 ms (measured).
# A password with one strong part is strong, so only its first and last characters are rated.
RATED_CHARACTERS = 20


class BcryptHasher(PasswordHasher):
    """bcrypt_sha256, because plain bcrypt ignores or refuses bytes after the 72nd.

    Plain bcrypt hashes, for example of imported users, are verified, too. They are `outdated`.
    """

    def __init__(self, rounds: int) -> None:
        self.rounds = rounds
        # A hash that no password has. Verifying it takes the time of a real one.
        self.dummy_hash = f"$bcrypt-sha256$v=2,t=2b,r={rounds}${'.' * 21}u${'.' * 31}"

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
            self._matches(password, self.dummy_hash)
            return False
        try:
            return self._matches(password, password_hash)
        except ValueError:
            log.error("a stored password hash is damaged")
            self._matches(password, self.dummy_hash)
            return False

    def outdated(self, password_hash: str) -> bool:
        return bool(self.context.needs_update(password_hash))

    def _matches(self, password: str, password_hash: str) -> bool:
        if password_hash.startswith("$2"):
            # Plain bcrypt hashes the first 72 bytes.
            return bool(self.context.verify(password.encode()[:72], password_hash))
        return bool(self.context.verify(password, password_hash))


class QueueingHasher(PasswordHasher):
    """Runs another hasher in one thread of low priority, so that many logins do not slow other requests.

    At most `longest_queue` calls wait or run, the next one raises Unavailable. There are more request threads
    than that, so some threads stay free for requests without a password.
    """

    def __init__(self, hasher: PasswordHasher, longest_queue: int) -> None:
        self.hasher, self.longest_queue = hasher, longest_queue
        self.length = 0  # calls that wait or run
        self.lock = threading.Lock()

    @cached_property
    def thread(self) -> ThreadPoolExecutor:
        """Made at the first hash, in the worker: a fork does not copy threads."""
        return ThreadPoolExecutor(1, "hashing", initializer=_give_way)

    def hash(self, password: str) -> str:
        return self._queue(lambda: self.hasher.hash(password))

    def verify(self, password: str, password_hash: str | None) -> bool:
        return self._queue(lambda: self.hasher.verify(password, password_hash))

    def outdated(self, password_hash: str) -> bool:
        return self.hasher.outdated(password_hash)

    def _queue(self, work: Callable[[], R]) -> R:
        with self.lock:
            if self.length >= self.longest_queue:
                raise Unavailable(retry_after=5)
            self.length += 1
        try:
            return self.thread.submit(work).result()
        finally:
            with self.lock:
                self.length -= 1


# 32 logins beside 4 readers on two cores, in % of the rate that each has alone (measured): with niceness 3
# readers 65 and logins 48, with 7 readers 78 and logins 40, with 10 readers 84 and logins 36.
NICENESS = 7


def _give_way() -> None:
    with suppress(OSError, AttributeError):  # only Linux has priorities for threads
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)


def zxcvbn_strength(password: str, known_words: Sequence[str]) -> tuple[int, str]:
    from zxcvbn_rs_py import zxcvbn  # imported when first needed: its dictionaries are large

    parts = [part for word in known_words for part in (word, *word.split("@"))]
    known = [piece for part in parts for piece in (part, part[:RATED_CHARACTERS], part[-RATED_CHARACTERS:])]
    beginning = zxcvbn(password[:RATED_CHARACTERS], known)
    score = int(beginning.score)
    if score < WEAKEST_SCORE and len(password) > RATED_CHARACTERS:
        score = max(score, int(zxcvbn(password[-RATED_CHARACTERS:], known).score))
    warning = beginning.feedback and beginning.feedback.warning
    return score, str(warning or "")
