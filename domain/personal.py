"""Personal data: users can export it, and it is deleted with the account (GDPR, articles 15 and 17)."""

from typing import Any, ClassVar, Protocol, runtime_checkable
from uuid import UUID

from domain.paging import Page

# An export reads this many rows at a time.
EXPORT_BATCH = 500


class Exportable(Protocol):
    """EXPORTED names the attributes that the owner may read. It never names a hash or a token."""

    EXPORTED: ClassVar[str]


@runtime_checkable
class PersonalStore(Protocol):
    """A store with rows that belong to users."""

    def exported(self, user_id: UUID, after: UUID | None) -> Page[dict[str, Any]]:
        """The user's rows, a page at a time. A store with few rows for each user has one page."""

    def forget(self, user_id: UUID) -> None:
        """Delete the user's rows. Rows that must stay lose all personal data."""


def exported(entity: Exportable) -> dict[str, Any]:
    """The entity as its owner reads it, in an export and in the API."""
    found = {name: getattr(entity, name) for name in entity.EXPORTED.split()}
    return {name: sorted(value) if isinstance(value, frozenset) else value for name, value in found.items()}
