"""Lists by the page, for every store."""

from dataclasses import dataclass
from typing import Generic, TypeVar
from uuid import UUID

T = TypeVar("T")

LARGEST_PAGE = 100


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """A part of a list. `next` is the cursor of the following page (`after`), None at the end."""

    items: list[T]
    next: UUID | None


def page_size(limit: int) -> int:
    """The limit, cut to 1 to LARGEST_PAGE."""
    return max(1, min(limit, LARGEST_PAGE))
