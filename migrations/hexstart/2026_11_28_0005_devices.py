"""The devices that users have logged in with. The first rows come from the events."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

import adapters.sql.types
from domain.devices import BROWSERS, SYSTEMS

revision: str = "0005"
down_revision: str | None = "0004"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.drop_table("devices", if_exists=True)  # MariaDB keeps the table of an interrupted upgrade
    devices = op.create_table(
        "devices",
        sa.Column("user_id", adapters.sql.types.Id(), nullable=False),
        sa.Column("name", sa.String(length=50), nullable=False),
        sa.Column("first_seen_at", adapters.sql.types.Utc(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_devices_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", "name", name=op.f("pk_devices")),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mysql_engine="InnoDB",
    )
    # In SQL: there may be millions of events, and `--sql` has to print it.
    op.execute(devices.insert().from_select(["user_id", "name", "first_seen_at"], known_devices()))


def known_devices() -> sa.Select[tuple[object, ...]]:
    """The devices of registrations and logins by the users themselves."""
    events = sa.table("events", *map(sa.column, ("user_id", "actor_id", "tag", "user_agent", "created_at")))
    users = sa.table("users", sa.column("id"))
    seen = (
        sa.select(events.c.user_id, device(events.c.user_agent).label("name"), events.c.created_at)
        .join_from(events, users, users.c.id == events.c.user_id)
        .where(events.c.tag.in_(["registered", "logged_in"]), events.c.actor_id == events.c.user_id)
        .subquery()
    )
    first = sa.func.min(seen.c.created_at)
    return sa.select(seen.c.user_id, seen.c.name, first).group_by(seen.c.user_id, seen.c.name)


def device(user_agent: sa.ColumnElement[str]) -> sa.ColumnElement[str]:
    """`device_of` of domain/devices.py in SQL. It uses today's names, which `device_of` is compared with."""
    place = sa.func.strpos if op.get_context().dialect.name == "postgresql" else sa.func.instr
    browser, system = (
        sa.case(*((place(user_agent, mark) > 0, name) for mark, name in names), else_="")
        for names in (BROWSERS, SYSTEMS)
    )
    return sa.case(
        (sa.and_(browser != "", system != ""), browser + " on " + system),
        (browser != "", browser),
        (system != "", system),
        else_="Unknown device",
    )


def downgrade() -> None:
    op.drop_table("devices")
