"""The shapes of a user in the API."""

from datetime import datetime
from typing import cast
from uuid import UUID

from typing_extensions import TypedDict

from domain.personal import exported
from domain.users import Role, User


class UserShape(TypedDict):
    id: UUID
    username: str
    email: str
    email_verified: bool
    roles: list[Role]
    created_at: datetime


class AddressShape(TypedDict):
    email: str


def show_address(user: User) -> AddressShape:
    """The address that a link was for, and nothing else: the client may be logged in to another account."""
    return {"email": user.email}


def show_user(user: User) -> UserShape:
    return cast(UserShape, exported(user))
