"""Every table. A column is named after the field it stores."""

from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    UniqueConstraint,
)

from adapters.sql.types import Id, Utc, Word
from domain.audit import Tag
from domain.links import Purpose
from domain.mail import Letter
from domain.sessions import LONGEST_USER_AGENT
from domain.teams import LONGEST_TEAM_NAME, TeamRole
from domain.users import LONGEST_EMAIL, LONGEST_USERNAME, Role

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
    return Column("user_id", Id, ForeignKey("users.id", ondelete="CASCADE"), nullable=False, **options)


users = Table(
    "users",
    metadata,
    Column("id", Id, primary_key=True),
    Column("username", String(LONGEST_USERNAME), nullable=False),
    Column("username_key", String(LONGEST_USERNAME), nullable=False, unique=True),
    Column("email", String(LONGEST_EMAIL), nullable=False, unique=True),
    Column("password_hash", String(255), nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("email_verified_at", Utc),
    Column("version", Integer, nullable=False),
)

user_roles = Table(
    "user_roles",
    metadata,
    user_id(primary_key=True),
    Column("role", Word(Role), primary_key=True, index=True),
)

sessions = Table(
    "sessions",
    metadata,
    Column("id", Id, primary_key=True),
    user_id(index=True),
    Column("secret_hash", String(64), nullable=False, unique=True),
    Column("remembered", Boolean(create_constraint=False), nullable=False),
    Column("ip", String(45), nullable=False),
    Column("user_agent", String(LONGEST_USER_AGENT), nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("last_seen_at", Utc, nullable=False),
    Column("expires_at", Utc, nullable=False, index=True),
)

teams = Table(
    "teams",
    metadata,
    Column("id", Id, primary_key=True),
    Column("name", String(LONGEST_TEAM_NAME), nullable=False),
    Column("personal", Boolean(create_constraint=False), nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("version", Integer, nullable=False),
)

memberships = Table(
    "memberships",
    metadata,
    Column("team_id", Id, ForeignKey("teams.id", ondelete="CASCADE"), primary_key=True),
    user_id(primary_key=True, index=True),
    Column("role", Word(TeamRole), nullable=False),
    Column("joined_at", Utc, nullable=False),
)

# No foreign keys: what happened stays true when the people in it are gone.
events = Table(
    "events",
    metadata,
    Column("id", Id, primary_key=True),
    Column("tag", Word(Tag), nullable=False),
    Column("user_id", Id),
    Column("actor_id", Id),
    Column("ip", String(45), nullable=False),
    Column("user_agent", String(LONGEST_USER_AGENT), nullable=False),
    Column("detail", String(255), nullable=False),
    Column("created_at", Utc, nullable=False),
    Index(None, "user_id", "id"),
)

# No foreign key: a link to nobody is stored for an address that nobody has, so that both take the same time.
links = Table(
    "links",
    metadata,
    Column("id", Id, primary_key=True),
    Column("user_id", Id, nullable=False),
    Column("purpose", Word(Purpose), nullable=False),
    Column("token_hash", String(64), nullable=False, unique=True),
    Column("email", String(LONGEST_EMAIL), nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("expires_at", Utc, nullable=False, index=True),
    UniqueConstraint("user_id", "purpose"),
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", Id, primary_key=True),
    Column("letter", Word(Letter), nullable=False),
    Column("user_id", Id, index=True),
    Column("recipient", String(LONGEST_EMAIL), nullable=False),
    Column("facts", JSON, nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("next_try_at", Utc, index=True),
    Column("attempts", Integer, nullable=False),
    Column("delivered_at", Utc, index=True),
    Column("parked_at", Utc),
    Column("last_error", String(255), nullable=False),
)

counters = Table(
    "counters",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("count", Integer, nullable=False),
    Column("expires_at", Utc, nullable=False, index=True),
)
