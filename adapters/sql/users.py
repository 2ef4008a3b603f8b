from typing import Any
from uuid import UUID

from sqlalchemy import (
    Column,
    ColumnElement,
    Index,
    Integer,
    Select,
    String,
    Table,
    UniqueConstraint,
    and_,
    bindparam,
    not_,
    select,
    type_coerce,
)

from adapters.sql.mapping import Newest, Rows, SqlStore, counting
from adapters.sql.tables import metadata, user_id
from adapters.sql.types import Id, Key, Utc, Word, Words, gathered
from domain.paging import MOST_COUNTED, Page
from domain.personal import exported
from domain.users import (
    LONGEST_EMAIL,
    LONGEST_USERNAME,
    EmailTaken,
    Role,
    User,
    UsernameTaken,
    UserSearch,
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
# A statement of its own: it sees what the unit of work changed that held the lock before.
ENABLED = select(users.c.id).where(
    users.c.id.in_(bindparam("ids", expanding=True)), users.c.disabled_at.is_(None)
)
FORGET = users.delete().where(users.c.id == bindparam("its_id"))
ALL = Newest(USERS)
# The last code point: no key has it, so all keys with a beginning are less than the beginning with it.
LAST = "\U0010ffff"


def begins(name: str) -> tuple[ColumnElement[bool], ...]:
    """A range of the index. LIKE with a parameter would read the whole table on PostgreSQL and SQLite."""
    return users.c[name] >= bindparam(name), users.c[name] < bindparam(f"{name}_end")


def found_by(
    index: str, order: str, *where: ColumnElement[bool], without: tuple[str, ...] = ()
) -> Select[Any]:
    """Users in the order of a column, without those that a key of `without` finds.

    MariaDB must be told the index, or it reads and sorts the whole table for a common beginning.
    """
    found = USERS.select.where(*where, *(not_(and_(*begins(name))) for name in without))
    found = found.order_by(users.c[order]).limit(bindparam("limit"))
    return found.with_hint(users, f"FORCE INDEX ({index})", "mysql")


BY_USERNAME = found_by("uq_users_username_key", "username_key", *begins("username_key"))
BY_ADDRESS = found_by("uq_users_email_key", "email_key", *begins("email_key"), without=("username_key",))
OTHER_KEYS = ("username_key", "email_key")
DOMAINS = "ix_users_email_domain_key_id"
BY_DOMAIN = found_by(DOMAINS, "email_domain_key", *begins("email_domain_key"), without=OTHER_KEYS).order_by(
    users.c.id
)
# The rest of a part, after the last user of the page before.
USERNAMES_ONWARD = BY_USERNAME.where(users.c.username_key > bindparam("after"))
ADDRESSES_ONWARD = BY_ADDRESS.where(users.c.email_key > bindparam("after"))
DOMAINS_ONWARD = BY_DOMAIN.where(users.c.email_domain_key > bindparam("after"))
SAME_DOMAIN = found_by(
    DOMAINS,
    "id",
    users.c.email_domain_key == bindparam("after"),
    users.c.id > bindparam("after_id"),
    without=OTHER_KEYS,
)
PARTS = (BY_USERNAME, BY_ADDRESS, BY_DOMAIN)
COUNTS = tuple(map(counting, PARTS))
REST = ((USERNAMES_ONWARD,), (ADDRESSES_ONWARD,), (SAME_DOMAIN, DOMAINS_ONWARD))


def beginnings(search: UserSearch) -> dict[str, Any]:
    """The values of all parts of a search."""
    values: dict[str, Any] = {}
    for name, beginning in (
        ("username_key", search.username),
        ("email_key", search.email),
        ("email_domain_key", search.domain),
    ):
        values |= {name: beginning, f"{name}_end": beginning + LAST}
    return values


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
        ids = list(self.execute(HOLDERS, {"role": role}).scalars())
        return set(self.execute(ENABLED, {"ids": ids}).scalars())

    def page(self, search: UserSearch | None, after: UUID | None, limit: int) -> Page[User]:
        if search is None:
            return ALL.page(self.execute, after, limit)
        values = beginnings(search) | {"limit": limit + 1}  # one more tells whether there is another page
        statements = list(PARTS)
        if after is not None:
            last = self.get(after)
            place = last and search.place(last)
            if not place:
                return Page([], None)
            part, key = place
            statements = [*REST[part], *PARTS[part + 1 :]]
            values |= {"after": key, "after_id": after}
        if not search.domain:
            statements = [statement for statement in statements if statement is not BY_DOMAIN]
        found: list[User] = []
        for statement in statements:
            if len(found) <= limit:
                found += [USERS.read(row) for row in self.execute(statement, values)]
        return Page(found[:limit], found[limit - 1].id if len(found) > limit else None)

    def count(self, search: UserSearch | None) -> int:
        if search is None:
            return ALL.count(self.execute)
        found, values = 0, beginnings(search)
        for statement in COUNTS if search.domain else COUNTS[:-1]:
            if found <= MOST_COUNTED:
                found += self.execute(statement, values).scalar_one()
        return min(found, MOST_COUNTED + 1)

    def exported(self, user_id: UUID, after: UUID | None) -> Page[dict[str, Any]]:
        user = self.get(user_id)
        return Page([exported(user)] if user else [], None)

    def forget(self, user_id: UUID) -> None:
        self.execute(FORGET, {"its_id": user_id})
