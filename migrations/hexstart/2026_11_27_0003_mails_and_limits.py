"""The outbox becomes `mails`, and the counters of the limits `limits`."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from migrations.again import has_column

revision: str = "0003"
down_revision: str | None = "0002"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

INDEXED = ("delivered_at", "next_try_at", "user_id")


def upgrade() -> None:
    rename("outbox", "mails", INDEXED)
    rename_column("letter", "kind")
    rename("counters", "limits", ("expires_at",))


def downgrade() -> None:
    rename("limits", "counters", ("expires_at",))
    rename_column("kind", "letter")
    rename("mails", "outbox", INDEXED)


def rename_column(old: str, new: str) -> None:
    # Read from the database, for MariaDB may have been interrupted just behind it. Nothing is read for --sql.
    if op.get_context().as_sql or has_column(sa.inspect(op.get_bind()), "mails", old):
        op.execute(f"ALTER TABLE mails RENAME COLUMN {old} TO {new}")


def rename(old: str, new: str, indexed: Sequence[str]) -> None:
    """The table with its key and its indexes, whose names begin with the table's."""
    for column in indexed:
        op.drop_index(f"ix_{old}_{column}", table_name=old)
    op.rename_table(old, new)
    if op.get_context().dialect.name == "postgresql":  # the others report a taken key without its name
        op.execute(f"ALTER TABLE {new} RENAME CONSTRAINT pk_{old} TO pk_{new}")
    for column in indexed:
        op.create_index(op.f(f"ix_{new}_{column}"), new, [column], unique=False)
