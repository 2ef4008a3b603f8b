from datetime import datetime

from sqlalchemy import bindparam, select

from adapters.sql.mapping import Execute, Rows
from adapters.sql.tables import sessions, users
from adapters.sql.users import USERS
from application.ports import Sessions
from domain.sessions import Session
from domain.users import User

SESSIONS = Rows(Session, sessions)
HASH = sessions.c.secret_hash == bindparam("its_secret_hash")

# The one statement of an authenticated request.
FIND = (
    select(*SESSIONS.columns, *USERS.columns)
    .join_from(sessions, users, users.c.id == sessions.c.user_id)
    .where(HASH, sessions.c.expires_at > bindparam("now"))
)
TOUCH = (
    sessions.update()
    .where(HASH)
    .values({name: bindparam(name) for name in ("last_seen_at", "expires_at", "ip")})
)
END = sessions.delete().where(HASH)
WIDTH = len(SESSIONS.columns)


class SqlSessions(Sessions):
    def __init__(self, execute: Execute) -> None:
        self.execute = execute

    def add(self, session: Session) -> None:
        self.execute(SESSIONS.insert, SESSIONS.write(session))

    def find(self, secret_hash: str, now: datetime) -> tuple[Session, User] | None:
        row = self.execute(FIND, {"its_secret_hash": secret_hash, "now": now}).first()
        return (SESSIONS.read(row[:WIDTH]), USERS.read(row[WIDTH:])) if row else None

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
