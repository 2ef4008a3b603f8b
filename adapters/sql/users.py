import re
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Column,
    Index,
    Integer,
    String,
    Table,
    UniqueConstraint,
    bindparam,
    or_,
    select,
    type_coerce,
)

from adapters.sql.mapping import Newest, Rows, SqlStore
from adapters.sql.tables import metadata, user_id
from adapters.sql.types import Id, Key, Utc, Word, Words, gathered
from domain.paging import Page
from domain.personal import exported
from domain.users import (
    LONGEST_EMAIL,
    LONGEST_USERNAME,
    EmailTaken,
    Role,
    User,
    UsernameTaken,
    UserStore,
    key_of,
)

users = Table(
    "users",
    metadata,
    Column("id", Id, primary_key=True),
    Column("username", String(LONGEST_USERNAME), nullable=False),
    Column("username_key", Key(LONGEST_USERNAME), nullable=False),
    Column("email", String(LONGEST_EMAIL), nullable=False),
    Column("email_key", Key(LONGEST_EMAIL), nullable=False),
    Column("email_domain_key", Key(LONGEST_EMAIL), nullable=False),
    Column("password_hash", String(255), nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("email_verified_at", Utc),
    Column("disabled_at", Utc),
    Column("version", Integer, nullable=False),
    UniqueConstraint("email_key", info={"raises": EmailTaken}),
    UniqueConstraint("username_key", info={"raises": UsernameTaken}),
    Index(None, "email_domain_key", "id"),
)
user_roles = Table(
    "user_roles",
    metadata,
    user_id(primary_key=True),
    Column("role", Word(Role), primary_key=True, index=True),
)

# All roles of a user in one column, so that a user is one row.
ROLES = type_coerce(
    select(gathered(user_roles.c.role)).where(user_roles.c.user_id == users.c.id).scalar_subquery(),
    Words(Role),
)
USERS = Rows(User, users, roles=ROLES)
LOCK = USERS.by_id.with_for_update()
BY_EMAIL = USERS.select.where(users.c.email_key == bindparam("email_key"))
GRANT = user_roles.insert()
REVOKE = user_roles.delete().where(
    user_roles.c.user_id == bindparam("user_id"), user_roles.c.role == bindparam("role")
)
HOLDERS = select(user_roles.c.user_id).where(user_roles.c.role == bindparam("role")).with_for_update()
FORGET = users.delete().where(users.c.id == bindparam("its_id"))
ALL = Newest(USERS)
FOUND = Newest(
    USERS,
    or_(
        users.c.email_key.like(bindparam("search"), escape="/"),
        users.c.email_key.like(bindparam("domain"), escape="/"),
        users.c.username_key.like(bindparam("search"), escape="/"),
    ),
)


class SqlUsers(SqlStore, UserStore):
    rows = USERS

    def lock(self, id: UUID) -> User | None:
        return USERS.one(self.execute(LOCK, {"id": id}))

    def by_email(self, email: str) -> User | None:
        return USERS.one(self.execute(BY_EMAIL, {"email_key": key_of(email)}))

    def grant(self, user_id: UUID, role: Role) -> None:
        self.execute(GRANT, {"user_id": user_id, "role": role})

    def revoke(self, user_id: UUID, role: Role) -> bool:
        return self.execute(REVOKE, {"user_id": user_id, "role": role}).rowcount == 1

    def holders(self, role: Role) -> set[UUID]:
        return set(self.execute(HOLDERS, {"role": role}).scalars())

    def page(self, search: str, after: UUID | None, limit: int, domain: str = "") -> Page[User]:
        if not search:
            return ALL.page(self.execute, after, limit)
        return FOUND.page(self.execute, after, limit, search=_part(search), domain=_part(domain or search))

    def exported(self, user_id: UUID, after: UUID | None) -> Page[dict[str, Any]]:
        user = self.get(user_id)
        return Page([exported(user)] if user else [], None)

    def forget(self, user_id: UUID) -> None:
        self.execute(FORGET, {"its_id": user_id})


def _part(search: str) -> str:
    """A pattern for LIKE. % and _ in the search have no special meaning."""
    return "%" + re.sub("[%_/]", r"/\g<0>", search) + "%"
