from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    String,
    Table,
    UniqueConstraint,
    and_,
    bindparam,
    case,
    func,
    or_,
    select,
)

from adapters.sql.mapping import Execute, Newest, PersonalRows, Purge, Rows
from adapters.sql.prebuilt import Cursors, Prebuilt
from adapters.sql.tables import metadata, user_id
from adapters.sql.types import Id, Utc
from adapters.sql.users import USERS, users
from domain.paging import Page
from domain.sessions import LONGEST_USER_AGENT, Session, SessionStore
from domain.users import User

sessions = Table(
    "sessions",
    metadata,
    Column("id", Id, primary_key=True),
    user_id(index=True),
    Column("secret_hash", String(64), nullable=False),
    Column("remembered", Boolean(create_constraint=False), nullable=False),
    Column("ip", String(45), nullable=False),
    Column("user_agent", String(LONGEST_USER_AGENT), nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("last_seen_at", Utc, nullable=False),
    Column("expires_at", Utc, nullable=False, index=True),
    Column("acting_as_id", Id, ForeignKey("users.id", ondelete="SET NULL"), index=True),
    Column("acting_until", Utc),
    Column("proven_at", Utc),
    UniqueConstraint("secret_hash"),
)

SESSIONS = Rows(Session, sessions)
HASH = sessions.c.secret_hash == bindparam("its_secret_hash")

ACTING_AS = case((sessions.c.acting_until > bindparam("now"), sessions.c.acting_as_id))
# The only statement that each authenticated request needs.
FIND = Prebuilt(
    select(*SESSIONS.columns, *USERS.columns)
    .join_from(sessions, users, users.c.id == func.coalesce(ACTING_AS, sessions.c.user_id))
    .where(HASH, sessions.c.expires_at > bindparam("now"))
)
USERS_OF = select(sessions.c.id, func.coalesce(ACTING_AS, sessions.c.user_id).label("user_id")).where(
    sessions.c.id.in_(bindparam("ids", expanding=True)), sessions.c.expires_at > bindparam("now")
)
TOUCH = (
    sessions.update()
    .where(HASH)
    .values({name: bindparam(name) for name in ("last_seen_at", "expires_at", "ip")})
    # While another process has SQLite's write lock, the request goes on without this.
    .execution_options(lock_seconds=0.2)
)
ACT_AS = (
    sessions.update()
    .where(sessions.c.id == bindparam("its_id"))
    .values(acting_as_id=bindparam("acting_as_id"), acting_until=bindparam("acting_until"))
)
PROVE = sessions.update().where(sessions.c.id == bindparam("its_id")).values(proven_at=bindparam("proven_at"))
END_ACTING = (
    sessions.update()
    .where(
        or_(
            sessions.c.acting_as_id == bindparam("its_user_id"),
            and_(sessions.c.user_id == bindparam("its_user_id"), sessions.c.acting_as_id.is_not(None)),
        )
    )
    .values(acting_as_id=None, acting_until=None)
)
END = sessions.delete().where(HASH)
ALIVE = Newest(
    SESSIONS, sessions.c.user_id == bindparam("its_user_id"), sessions.c.expires_at > bindparam("now")
)
# In one statement with the DELETE, MariaDB would read all sessions of all users.
OLDEST = (
    select(sessions.c.id)
    .where(sessions.c.user_id == bindparam("user_id"))
    .order_by(sessions.c.last_seen_at.desc(), sessions.c.id.desc())
    .offset(bindparam("kept"))
    .limit(bindparam("limit"))
)
END_THESE = sessions.delete().where(sessions.c.id.in_(bindparam("ids", expanding=True)))
END_OF = sessions.delete().where(
    sessions.c.user_id == bindparam("its_user_id"), sessions.c.id == bindparam("its_id")
)
END_OTHERS = sessions.delete().where(
    sessions.c.user_id == bindparam("its_user_id"), sessions.c.id != bindparam("its_id")
)
PURGE = Purge(sessions.c.expires_at)
WIDTH = len(SESSIONS.columns)


class SqlSessions(PersonalRows, SessionStore):
    """With `cursors`, `find` uses the prebuilt statement."""

    rows = SESSIONS

    def __init__(self, execute: Execute, cursors: Cursors | None = None) -> None:
        self.execute, self.cursors = execute, cursors

    def find(self, secret_hash: str, now: datetime) -> tuple[Session, User] | None:
        row = FIND.first(self.execute, self.cursors, {"its_secret_hash": secret_hash, "now": now})
        return (SESSIONS.read(row[:WIDTH]), USERS.read(row[WIDTH:])) if row else None

    def users(self, session_ids: Collection[UUID], now: datetime) -> dict[UUID, UUID]:
        rows = self.execute(USERS_OF, {"ids": list(session_ids), "now": now})
        return {found["id"]: found["user_id"] for found in rows.mappings()}

    def act_as(self, session_id: UUID, user_id: UUID | None, until: datetime | None) -> None:
        self.execute(ACT_AS, {"its_id": session_id, "acting_as_id": user_id, "acting_until": until})

    def prove(self, session_id: UUID, at: datetime) -> None:
        self.execute(PROVE, {"its_id": session_id, "proven_at": at})

    def end_acting(self, user_id: UUID) -> None:
        self.execute(END_ACTING, {"its_user_id": user_id})

    def touch(self, session: Session) -> None:
        self.execute(
            TOUCH,
            {
                "its_secret_hash": session.secret_hash,
                "last_seen_at": session.last_seen_at,
                "expires_at": session.expires_at,
                "ip": session.ip,
            },
        )

    def end(self, secret_hash: str) -> bool:
        return self.execute(END, {"its_secret_hash": secret_hash}).rowcount == 1

    def of(self, user_id: UUID, now: datetime, after: UUID | None, limit: int) -> Page[Session]:
        return ALIVE.page(self.execute, after, limit, its_user_id=user_id, now=now)

    def end_of(self, user_id: UUID, session_id: UUID) -> bool:
        return self.execute(END_OF, {"its_user_id": user_id, "its_id": session_id}).rowcount == 1

    def end_others(self, user_id: UUID, kept: UUID) -> int:
        return self.execute(END_OTHERS, {"its_user_id": user_id, "its_id": kept}).rowcount

    def end_oldest(self, user_id: UUID, kept: int, limit: int) -> None:
        values = {"user_id": user_id, "kept": kept, "limit": limit}
        ids = list(self.execute(OLDEST, values).scalars())
        if ids:
            self.execute(END_THESE, {"ids": ids})

    def purge(self, now: datetime, limit: int) -> int:
        return PURGE.rows(self.execute, now, limit)
