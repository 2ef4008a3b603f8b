"""Users get a unique `email_key`. `email` is not unique any more: it keeps upper and lower case as typed.

MariaDB and MySQL commit each statement. After an interruption the next run skips the statements done.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from adapters.sql.types import Key

revision: str = "0004"
down_revision: str | None = "0003"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    found = present()
    if "email_key" not in found:
        op.add_column("users", sa.Column("email_key", Key(254), nullable=True))
    # Before this revision `email` held the key.
    op.execute("UPDATE users SET email_key = email WHERE email_key IS NULL")
    if dialect() == "sqlite":
        with op.batch_alter_table("users") as users:
            users.alter_column("email_key", existing_type=sa.String(254), nullable=False)
            for name in ("email", "username_key"):
                users.drop_constraint(f"uq_users_{name}", type_="unique")
            for name in ("username_key", "email_key"):
                users.create_unique_constraint(f"uq_users_{name}", [name])
        return
    op.alter_column("users", "email_key", existing_type=Key(254), nullable=False)
    if dialect() == "postgresql":
        op.alter_column("users", "username_key", existing_type=sa.String(30), type_=Key(30))
    replace_unique("email", "email_key", found)


def downgrade() -> None:
    found = present()
    if dialect() == "sqlite":
        op.execute("UPDATE users SET email = email_key")
        with op.batch_alter_table("users") as users:
            for name in ("email_key", "username_key"):
                users.drop_constraint(f"uq_users_{name}", type_="unique")
            for name in ("username_key", "email"):
                users.create_unique_constraint(f"uq_users_{name}", [name])
            users.drop_column("email_key")
        return
    remaining = not found or "email_key" in found
    if remaining:
        op.execute("UPDATE users SET email = email_key")
    replace_unique("email_key", "email", found)
    if dialect() == "postgresql":
        op.alter_column("users", "username_key", existing_type=Key(30), type_=sa.String(30))
    if remaining:
        op.drop_column("users", "email_key")


def replace_unique(old: str, new: str, found: set[str]) -> None:
    """The constraint of usernames is made again, so that it is newer than the one of addresses.

    When both are taken, these databases report the older constraint (SQLite the newer one): the address.
    """
    begun = f"uq_users_{new}" in found
    if not begun:
        op.execute(
            f"ALTER TABLE users DROP CONSTRAINT uq_users_{old}, DROP CONSTRAINT uq_users_username_key, "
            f"ADD CONSTRAINT uq_users_{new} UNIQUE ({new})"
        )
    if not begun or "uq_users_username_key" not in found:
        op.create_unique_constraint("uq_users_username_key", "users", ["username_key"])


def present() -> set[str]:
    """The names of the columns and unique constraints of users. Empty for --sql."""
    if op.get_context().as_sql:
        return set()
    inspector = sa.inspect(op.get_bind())
    rules = inspector.get_columns("users") + inspector.get_unique_constraints("users")
    return {str(rule["name"]) for rule in rules}


def dialect() -> str:
    return op.get_context().dialect.name
