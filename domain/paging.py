"""Pages of lists, for every store."""

from dataclasses import dataclass
from typing import Generic, TypeVar
from uuid import UUID

T = TypeVar("T")

LARGEST_PAGE = 100

# A longer list is not counted to its end. So a million rows are counted as fast as a thousand.
MOST_COUNTED = 1000


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """A part of a list. `next` is the `after` of the following page, None on the last page."""

    items: list[T]
    next: UUID | None


def page_size(limit: int) -> int:
    """The limit, raised to 1 or cut to LARGEST_PAGE."""
    return max(1, min(limit, LARGEST_PAGE))
