"""API tokens, and the moment of the last proof of a session."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from adapters.sql.types import Id, Utc

revision: str = "0008"
down_revision: str | None = "0007"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "tokens",
        sa.Column("id", Id(), nullable=False),
        sa.Column("user_id", Id(), nullable=False),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("scope", sa.String(30), nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("created_at", Utc(), nullable=False),
        sa.Column("expires_at", Utc()),
        sa.Column("last_used_at", Utc()),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_tokens_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tokens")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_tokens_token_hash")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    for name in ("user_id", "expires_at"):
        op.create_index(op.f(f"ix_tokens_{name}"), "tokens", [name])
    op.add_column("sessions", sa.Column("proven_at", Utc()))


def downgrade() -> None:
    op.drop_column("sessions", "proven_at")
    op.drop_table("tokens")
