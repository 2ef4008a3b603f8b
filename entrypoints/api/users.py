"""A user as the API shows it."""

from datetime import datetime
from typing import TypedDict, cast
from uuid import UUID

from domain.personal import exported
from domain.users import User


class UserShape(TypedDict):
    id: UUID
    username: str
    email: str
    email_verified: bool
    roles: list[str]
    created_at: datetime


def show_user(user: User) -> UserShape:
    return cast(UserShape, exported(user))
