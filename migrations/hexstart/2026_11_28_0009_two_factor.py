"""The second factor: factors, recovery codes, logins that wait for a code, teams that need a factor."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from adapters.sql.types import Id, Utc

revision: str = "0009"
down_revision: str | None = "0008"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

MYSQL = {"mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_bin", "mysql_engine": "InnoDB"}


def upgrade() -> None:
    op.create_table(
        "two_factors",
        sa.Column("user_id", Id(), nullable=False),
        sa.Column("secret", sa.String(64), nullable=False),
        sa.Column("created_at", Utc(), nullable=False),
        sa.Column("confirmed_at", Utc()),
        sa.Column("last_step", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_two_factors_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_two_factors")),
        **MYSQL,
    )
    op.create_table(
        "recovery_codes",
        sa.Column("user_id", Id(), nullable=False),
        sa.Column("code_hash", sa.String(64), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["two_factors.user_id"],
            name=op.f("fk_recovery_codes_user_id_two_factors"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("user_id", "code_hash", name=op.f("pk_recovery_codes")),
        **MYSQL,
    )
    op.create_table(
        "logins",
        sa.Column("id", Id(), nullable=False),
        sa.Column("user_id", Id(), nullable=False),
        sa.Column("secret_hash", sa.String(64), nullable=False),
        sa.Column("remembered", sa.Boolean(create_constraint=False), nullable=False),
        sa.Column("created_at", Utc(), nullable=False),
        sa.Column("expires_at", Utc(), nullable=False),
        sa.Column("wrong_codes", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_logins_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_logins")),
        sa.UniqueConstraint("secret_hash", name=op.f("uq_logins_secret_hash")),
        **MYSQL,
    )
    for name in ("user_id", "expires_at"):
        op.create_index(op.f(f"ix_logins_{name}"), "logins", [name])

    # The default stays: processes of the release before go on while this one is deployed.
    kind = sa.Boolean(create_constraint=False)
    op.add_column("teams", sa.Column("needs_two_factor", kind, nullable=False, server_default=sa.false()))


def downgrade() -> None:
    op.drop_column("teams", "needs_two_factor")
    for table in ("logins", "recovery_codes", "two_factors"):
        op.drop_table(table)
