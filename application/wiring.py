"""Wiring by name: a service is built from the parts that its fields name."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, Protocol, TypeVar

T = TypeVar("T")


class Wire(Protocol):
    """Builds a service, or the views of a word."""

    def __call__(self, kind: type[T], /) -> T: ...


def parts_of(kind: type[Any], parts: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments for `kind`, a dataclass. Raise KeyError with the field that no part is named after."""
    return {field.name: parts[field.name] for field in fields(kind)}
