"""What belongs to a user: exported on request, forgotten with the account (GDPR, articles 15 and 17)."""

from typing import Any, ClassVar, Protocol, runtime_checkable
from uuid import UUID

from domain.paging import Page

# Rows of an export that are read, and in memory, at once.
EXPORTED_AT_ONCE = 500


class Exportable(Protocol):
    """Its owner may read the attributes that EXPORTED names. Hashes and tokens are never among them."""

    EXPORTED: ClassVar[str]


@runtime_checkable
class PersonalStore(Protocol):
    """A store with rows that belong to users."""

    def exported(self, user_id: UUID, after: UUID | None) -> Page[dict[str, Any]]:
        """All that is stored about the user, a page at a time. One page, where it cannot be long."""

    def forget(self, user_id: UUID) -> None:
        """Delete what belongs to the user. Rows that must stay lose every trace of the person."""


def exported(entity: Exportable) -> dict[str, Any]:
    """The entity as its owner reads it in an export."""
    found = {name: getattr(entity, name) for name in entity.EXPORTED.split()}
    return {name: sorted(value) if isinstance(value, frozenset) else value for name, value in found.items()}
