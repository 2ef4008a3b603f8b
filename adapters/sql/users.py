import re
from uuid import UUID

from sqlalchemy import bindparam, or_, select, type_coerce

from adapters.sql.mapping import Execute, Newest, Rows
from adapters.sql.tables import user_roles, users
from adapters.sql.types import Words, gathered
from application.ports import Page, Users
from domain.users import Role, User

# Gathered in the same statement, so that a user is one row however many roles they have.
ROLES = type_coerce(
    select(gathered(user_roles.c.role)).where(user_roles.c.user_id == users.c.id).scalar_subquery(),
    Words(Role),
)
USERS = Rows(User, users, roles=ROLES)
BY_EMAIL = USERS.select.where(users.c.email == bindparam("email"))
GRANT = user_roles.insert()
REVOKE = user_roles.delete().where(
    user_roles.c.user_id == bindparam("user_id"), user_roles.c.role == bindparam("role")
)
HOLDERS = select(user_roles.c.user_id).where(user_roles.c.role == bindparam("role")).with_for_update()
DELETE = users.delete().where(users.c.id == bindparam("its_id"))
ALL = Newest(USERS)
FOUND = Newest(
    USERS,
    or_(*(column.like(bindparam("search"), escape="/") for column in (users.c.email, users.c.username_key))),
)


class SqlUsers(Users):
    def __init__(self, execute: Execute) -> None:
        self.execute = execute

    def add(self, user: User) -> None:
        self.execute(USERS.insert, USERS.write(user))

    def get(self, id: UUID) -> User | None:
        return USERS.one(self.execute(USERS.by_id, {"id": id}))

    def by_email(self, email: str) -> User | None:
        return USERS.one(self.execute(BY_EMAIL, {"email": email}))

    def save(self, user: User) -> None:
        USERS.save(self.execute, user)

    def grant(self, user_id: UUID, role: Role) -> None:
        self.execute(GRANT, {"user_id": user_id, "role": role})

    def revoke(self, user_id: UUID, role: Role) -> bool:
        return self.execute(REVOKE, {"user_id": user_id, "role": role}).rowcount == 1

    def holders(self, role: Role) -> set[UUID]:
        return set(self.execute(HOLDERS, {"role": role}).scalars())

    def page(self, search: str, after: UUID | None, limit: int) -> Page[User]:
        if not search:
            return ALL.page(self.execute, after, limit)
        # What is typed is looked for as it stands: % and _ are letters like any other.
        literal = re.sub("[%_/]", r"/\g<0>", search.casefold())
        return FOUND.page(self.execute, after, limit, search=f"%{literal}%")

    def delete(self, user_id: UUID) -> bool:
        return self.execute(DELETE, {"its_id": user_id}).rowcount == 1
