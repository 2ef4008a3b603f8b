"""A user as the API shows it."""

from datetime import datetime
from typing import TypedDict
from uuid import UUID

from domain.users import User


class UserShape(TypedDict):
    id: UUID
    username: str
    email: str
    email_verified: bool
    roles: list[str]
    created_at: datetime


def show_user(user: User) -> UserShape:
    return {
        "id": user.id,
        "username": user.username,
        "email": user.email,
        "email_verified": user.email_verified,
        "roles": sorted(user.roles),
        "created_at": user.created_at,
    }
