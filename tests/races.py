"""Many at once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar

R = TypeVar("R")


def racing(attempt: Callable[[int], R], times: int = 8) -> list[R]:
    """What each of several attempts at the same moment returned."""
    together = Barrier(times)

    def run(number: int) -> R:
        together.wait(timeout=10)
        return attempt(number)

    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(run, range(times)))
