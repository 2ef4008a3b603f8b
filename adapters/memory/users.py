from dataclasses import replace
from typing import Any
from uuid import UUID

from adapters.memory.rows import MemoryStore, newest, number_of
from domain.errors import Stale
from domain.paging import Page
from domain.personal import exported
from domain.users import Role, User, UserSearch, UserStore, key_of


class MemoryUsers(MemoryStore, UserStore):
    table = "users"

    def add(self, user: User) -> None:
        self.rows.add(replace(user, roles=frozenset()))

    def lock(self, id: UUID) -> User | None:
        found: User | None = self.rows.get(id)
        return found

    def by_email(self, email: str) -> User | None:
        return next(iter(self.rows.where(email_key=key_of(email))), None)

    def save(self, user: User) -> None:
        stored = self.get(user.id)
        self.rows.save(user)
        if stored:
            self.rows.put(replace(user, roles=stored.roles))

    def grant(self, user_id: UUID, role: Role) -> None:
        user = self.get(user_id)
        if user is None or role in user.roles:
            raise Stale
        self.rows.put(replace(user, roles=user.roles | {role}))

    def revoke(self, user_id: UUID, role: Role) -> bool:
        user = self.get(user_id)
        if user is None or role not in user.roles:
            return False
        self.rows.put(replace(user, roles=user.roles - {role}))
        return True

    def holders(self, role: Role) -> set[UUID]:
        return {user.id for user in self.rows.where() if role in user.roles and not user.disabled}

    def page(self, search: UserSearch | None, after: UUID | None, limit: int) -> Page[User]:
        if search is None:
            return newest(self.rows.where(), after, limit)
        found = self._found(search)
        found.sort(key=lambda user: (search.place(user), user.id))
        if after is not None:
            ids = [user.id for user in found]
            found = found[ids.index(after) + 1 :] if after in ids else []
        return Page(found[:limit], found[limit - 1].id if len(found) > limit else None)

    def count(self, search: UserSearch | None) -> int:
        return number_of(self.rows.where() if search is None else self._found(search))

    def exported(self, user_id: UUID, after: UUID | None) -> Page[dict[str, Any]]:
        return Page([exported(user) for user in self.rows.where(id=user_id)], None)

    def forget(self, user_id: UUID) -> None:
        self.rows.delete_all(self.rows.where(id=user_id))

    def _found(self, search: UserSearch) -> list[User]:
        return [user for user in self.rows.where() if search.place(user)]
