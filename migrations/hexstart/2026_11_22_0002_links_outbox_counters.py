"""Single-use links, the outbox for mail, and the counters of rate limits."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

import adapters.sql.types

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "counters",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("expires_at", adapters.sql.types.Utc(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_counters")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_index(op.f("ix_counters_expires_at"), "counters", ["expires_at"], unique=False)

    op.create_table(
        "links",
        sa.Column("id", adapters.sql.types.Id(), nullable=False),
        sa.Column("user_id", adapters.sql.types.Id(), nullable=False),
        sa.Column("purpose", sa.String(length=30), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("created_at", adapters.sql.types.Utc(), nullable=False),
        sa.Column("expires_at", adapters.sql.types.Utc(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_links")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_links_token_hash")),
        sa.UniqueConstraint("user_id", "purpose", name=op.f("uq_links_user_id_purpose")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_index(op.f("ix_links_expires_at"), "links", ["expires_at"], unique=False)

    op.create_table(
        "outbox",
        sa.Column("id", adapters.sql.types.Id(), nullable=False),
        sa.Column("letter", sa.String(length=30), nullable=False),
        sa.Column("user_id", adapters.sql.types.Id(), nullable=True),
        sa.Column("recipient", sa.String(length=254), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("created_at", adapters.sql.types.Utc(), nullable=False),
        sa.Column("next_try_at", adapters.sql.types.Utc(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("delivered_at", adapters.sql.types.Utc(), nullable=True),
        sa.Column("parked_at", adapters.sql.types.Utc(), nullable=True),
        sa.Column("last_error", sa.String(length=255), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    op.create_index(op.f("ix_outbox_delivered_at"), "outbox", ["delivered_at"], unique=False)
    op.create_index(op.f("ix_outbox_next_try_at"), "outbox", ["next_try_at"], unique=False)
    op.create_index(op.f("ix_outbox_user_id"), "outbox", ["user_id"], unique=False)


def downgrade() -> None:
    for name in ("outbox", "links", "counters"):
        op.drop_table(name)
