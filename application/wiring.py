"""Wiring by name: each field of a service gets the part with its name."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, Protocol, TypeVar

T = TypeVar("T")


class Wire(Protocol):
    """Builds the views of a word."""

    def __call__(self, kind: type[T], /) -> T: ...


def parts_of(kind: type[Any], parts: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments for the dataclass `kind`. Raise KeyError with the name of a field that has no part."""
    return {field.name: parts[field.name] for field in fields(kind)}
