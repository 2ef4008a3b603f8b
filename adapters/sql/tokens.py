from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Column, String, Table, UniqueConstraint, bindparam, func, or_, select

from adapters.sql.mapping import Execute, Newest, PersonalRows, Purge, Rows
from adapters.sql.prebuilt import Cursors, Prebuilt
from adapters.sql.tables import metadata, user_id
from adapters.sql.types import Id, Utc, Word
from adapters.sql.users import USERS, users
from domain.paging import Page
from domain.tokens import LONGEST_TOKEN_NAME, TOKEN_TOUCH_INTERVAL, Scope, Token, TokenStore
from domain.users import User

tokens = Table(
    "tokens",
    metadata,
    Column("id", Id, primary_key=True),
    user_id(index=True),
    Column("name", String(LONGEST_TOKEN_NAME), nullable=False),
    Column("scope", Word(Scope), nullable=False),
    Column("token_hash", String(64), nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("expires_at", Utc, index=True),
    Column("last_used_at", Utc),
    UniqueConstraint("token_hash"),
)

TOKENS = Rows(Token, tokens)
VALID = or_(tokens.c.expires_at.is_(None), tokens.c.expires_at > bindparam("now"))
# The only statement that a request with a token needs.
FIND = Prebuilt(
    select(*TOKENS.columns, *USERS.columns)
    .join_from(tokens, users, users.c.id == tokens.c.user_id)
    .where(tokens.c.token_hash == bindparam("its_token_hash"), VALID)
)
TOUCH = (
    tokens.update()
    # Of many requests at once, one writes. The difference is absolute, as in `Token.due`.
    .where(
        tokens.c.id == bindparam("its_id"),
        or_(
            tokens.c.last_used_at.is_(None),
            ~tokens.c.last_used_at.between(bindparam("after"), bindparam("before")),
        ),
    )
    .values(last_used_at=bindparam("now"))
    # While another process has SQLite's write lock, the request goes on without this.
    .execution_options(lock_seconds=0.2)
)
OF_USER = Newest(TOKENS, tokens.c.user_id == bindparam("its_user_id"), VALID)
COUNT = select(func.count()).where(tokens.c.user_id == bindparam("its_user_id"), VALID)
REVOKE = tokens.delete().where(
    tokens.c.user_id == bindparam("its_user_id"), tokens.c.id == bindparam("its_id")
)
PURGE = Purge(tokens.c.expires_at)
WIDTH = len(TOKENS.columns)


class SqlTokens(PersonalRows, TokenStore):
    """With `cursors`, `find` uses the prebuilt statement."""

    rows = TOKENS

    def __init__(self, execute: Execute, cursors: Cursors | None = None) -> None:
        self.execute, self.cursors = execute, cursors

    def find(self, token_hash: str, now: datetime) -> tuple[Token, User] | None:
        row = FIND.first(self.execute, self.cursors, {"its_token_hash": token_hash, "now": now})
        return (TOKENS.read(row[:WIDTH]), USERS.read(row[WIDTH:])) if row else None

    def touch(self, token_id: UUID, now: datetime) -> None:
        # The bounds belong to the next write, so a microsecond is added.
        margin = TOKEN_TOUCH_INTERVAL - timedelta(microseconds=1)
        values = {"its_id": token_id, "now": now, "after": now - margin, "before": now + margin}
        self.execute(TOUCH, values)

    def of(self, user_id: UUID, now: datetime, after: UUID | None, limit: int) -> Page[Token]:
        return OF_USER.page(self.execute, after, limit, its_user_id=user_id, now=now)

    def count(self, user_id: UUID, now: datetime) -> int:
        found: int = self.execute(COUNT, {"its_user_id": user_id, "now": now}).scalar_one()
        return found

    def revoke(self, user_id: UUID, token_id: UUID) -> bool:
        return self.execute(REVOKE, {"its_user_id": user_id, "its_id": token_id}).rowcount == 1

    def purge(self, now: datetime, limit: int) -> int:
        return PURGE.rows(self.execute, now, limit)
