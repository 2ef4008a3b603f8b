"""Disabled users, a key for the domain of an address, sessions that act as a user, teams in events."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from adapters.sql.types import Id, Key, Utc

revision: str = "0006"
down_revision: str | None = "0005"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

ACTING_AS = "fk_sessions_acting_as_id_users"


def upgrade() -> None:
    op.add_column("users", sa.Column("disabled_at", Utc(), nullable=True))
    add_text("users", "email_domain_key", Key(254))
    # An address has one @: the syntax refuses a quoted local part.
    users = sa.table("users", sa.column("email_key"), sa.column("email_domain_key"))
    place = sa.func.strpos if dialect() == "postgresql" else sa.func.instr
    domain = sa.func.substr(users.c.email_key, place(users.c.email_key, "@") + 1)
    op.execute(users.update().where(users.c.email_domain_key == "").values(email_domain_key=domain))
    op.create_index("ix_users_email_domain_key_id", "users", ["email_domain_key", "id"])

    with op.batch_alter_table("sessions") as sessions:
        sessions.add_column(sa.Column("acting_as_id", Id(), nullable=True))
        sessions.add_column(sa.Column("acting_until", Utc(), nullable=True))
    op.create_index("ix_sessions_acting_as_id", "sessions", ["acting_as_id"])
    with op.batch_alter_table("sessions") as sessions:
        sessions.create_foreign_key(ACTING_AS, "users", ["acting_as_id"], ["id"], ondelete="SET NULL")

    op.add_column("events", sa.Column("team_id", Id(), nullable=True))
    add_text("events", "operator", sa.String(50))
    op.create_index("ix_events_team_id_id", "events", ["team_id", "id"])
    op.create_index("ix_events_tag_id", "events", ["tag", "id"])


def downgrade() -> None:
    op.drop_index("ix_events_tag_id", "events")
    op.drop_index("ix_events_team_id_id", "events")
    for name in ("operator", "team_id"):
        op.drop_column("events", name)
    with op.batch_alter_table("sessions") as sessions:
        sessions.drop_constraint(ACTING_AS, type_="foreignkey")
    op.drop_index("ix_sessions_acting_as_id", "sessions")
    for name in ("acting_until", "acting_as_id"):
        op.drop_column("sessions", name)
    op.drop_index("ix_users_email_domain_key_id", "users")
    for name in ("email_domain_key", "disabled_at"):
        op.drop_column("users", name)


def add_text(table: str, name: str, kind: sa.String) -> None:
    """Add a column that is never NULL, empty at first.

    On SQLite the default stays. Without it the table would be copied, with its constraints in another order.
    """
    op.add_column(table, sa.Column(name, kind, nullable=False, server_default=""))
    if dialect() != "sqlite":
        op.alter_column(table, name, existing_type=kind, existing_nullable=False, server_default=None)


def dialect() -> str:
    return op.get_context().dialect.name
