"""The metadata and the columns that tables share. Each table is in the file of its word."""

from typing import Any

from sqlalchemy import Column, ForeignKey, MetaData

from adapters.sql.types import Id

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)


def user_id(**options: Any) -> Column[Any]:
    """The column for the owner of a row. The row is deleted with the user."""
    return Column("user_id", Id, ForeignKey("users.id", ondelete="CASCADE"), nullable=False, **options)
