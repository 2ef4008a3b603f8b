"""Attempts that race each other."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar

R = TypeVar("R")


def racing(attempt: Callable[[int], R], times: int = 8) -> list[R]:
    """The results of several attempts that start at the same moment."""
    together = Barrier(times)

    def run(number: int) -> R:
        together.wait(timeout=10)
        return attempt(number)

    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(run, range(times)))
