"""The wire format, shared by every HTTP entrypoint: shapes here, rules in the domain."""

import json
from typing import Annotated, Any, NoReturn, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

from domain.passwords import LONGEST_PASSWORD
from domain.teams import Membership, Team
from domain.users import LONGEST_EMAIL, User
from entrypoints.problems import NotJson

M = TypeVar("M", bound=BaseModel)


def _without_nul(text: str) -> str:
    if "\0" in text:
        raise PydanticCustomError("nul", "Remove the invalid character.")
    return text


Text = Annotated[str, AfterValidator(_without_nul)]
Email = Annotated[Text, Field(max_length=LONGEST_EMAIL)]
Password = Annotated[Text, Field(max_length=LONGEST_PASSWORD)]


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True)


class Register(Body):
    username: Annotated[Text, Field(max_length=100)]
    email: Email
    password: Password


class Login(Body):
    email: Email
    password: Password
    remember: bool = False


class ChangeEmail(Body):
    email: Email
    current_password: Password = ""


class RenameTeam(Body):
    # Room for markup that will be taken out: the domain counts what is left.
    name: Annotated[Text, Field(max_length=500)]


def parse(model: type[M], body: bytes) -> M:
    """Raise NotJson unless it is one JSON object in UTF-8, pydantic's error unless it has the right shape."""
    try:
        # pydantic's own parser lets NaN and duplicate keys pass; this one knows nothing of shapes.
        found = json.loads(body.decode(), object_pairs_hook=_distinct, parse_constant=_no_json)
    except (ValueError, RecursionError):
        raise NotJson from None
    if not isinstance(found, dict):
        raise NotJson
    return model.model_validate_json(body)


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice")
    return found


def _no_json(constant: str) -> NoReturn:
    raise ValueError("NaN and Infinity are not JSON")


def show_user(user: User) -> dict[str, Any]:
    return {
        "id": str(user.id),
        "username": user.username,
        "email": user.email,
        "email_verified": user.email_verified_at is not None,
        "roles": sorted(user.roles),
        "created_at": user.created_at.isoformat(),
    }


def show_team(team: Team, membership: Membership) -> dict[str, Any]:
    return {
        "id": str(team.id),
        "name": team.name,
        "personal": team.personal,
        "role": membership.role,
        "created_at": team.created_at.isoformat(),
    }
