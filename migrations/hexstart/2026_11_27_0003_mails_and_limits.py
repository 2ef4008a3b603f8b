"""The table `outbox` becomes `mails`, and `counters` becomes `limits`."""

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
    # On MariaDB an interrupted run may have renamed it already. For --sql there is no database to ask.
    if op.get_context().as_sql or has_column(sa.inspect(op.get_bind()), "mails", old):
        op.execute(f"ALTER TABLE mails RENAME COLUMN {old} TO {new}")


def rename(old: str, new: str, indexed: Sequence[str]) -> None:
    """Rename a table, its key and its indexes, which have the name of the table in theirs."""
    for column in indexed:
        op.drop_index(f"ix_{old}_{column}", table_name=old)
    op.rename_table(old, new)
    if op.get_context().dialect.name == "postgresql":  # the other databases do not report the name of the key
        op.execute(f"ALTER TABLE {new} RENAME CONSTRAINT pk_{old} TO pk_{new}")
    for column in indexed:
        op.create_index(op.f(f"ix_{new}_{column}"), new, [column], unique=False)
