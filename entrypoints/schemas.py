"""The wire format, shared by every HTTP entrypoint: shapes here, rules in the domain."""

import json
from typing import Annotated, Any, NoReturn, TypeVar
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

from application.accounts import Everything
from domain.audit import Event
from domain.mail import Mail
from domain.passwords import LONGEST_PASSWORD
from domain.sessions import Session
from domain.teams import Membership, Team
from domain.users import LONGEST_EMAIL, LONGEST_USERNAME, User
from entrypoints.problems import NotJson

M = TypeVar("M", bound=BaseModel)
# Levels of a body. Python's own limit is about 1,000 in 3.11, over 5,000 in 3.13 and over 20,000 in 3.14.
DEEPEST = 500


def _without_nul(text: str) -> str:
    if "\0" in text:
        raise PydanticCustomError("nul", "Remove the invalid character.")
    return text


Text = Annotated[str, AfterValidator(_without_nul)]
Email = Annotated[Text, Field(max_length=LONGEST_EMAIL)]
Password = Annotated[Text, Field(max_length=LONGEST_PASSWORD)]
Username = Annotated[Text, Field(max_length=LONGEST_USERNAME)]
Token = Text  # of any length: whatever is no token is a link that is not good


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True)


class Register(Body):
    username: Username
    email: Email
    password: Password


class Login(Body):
    email: Email
    password: Password
    remember: bool = False


class ChangeEmail(Body):
    email: Email
    current_password: Password = ""


class UseLink(Body):
    token: Token


class ChangePassword(Body):
    current_password: Password = ""
    new_password: Password


class ForgotPassword(Body):
    email: Email


class ResetPassword(Body):
    token: Token
    new_password: Password


class RenameUser(Body):
    username: Username


class DeleteUser(Body):
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
    if not isinstance(found, dict) or _depth(found) > DEEPEST:
        raise NotJson
    return model.model_validate_json(body)


def _depth(found: Any) -> int:
    depth, level = 0, [found]
    while level := [value for value in level if isinstance(value, dict | list)]:
        depth += 1
        level = [inner for value in level for inner in (value.values() if isinstance(value, dict) else value)]
    return depth


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice")
    return found


def _no_json(constant: str) -> NoReturn:
    raise ValueError("NaN and Infinity are not JSON")


# What is shown is written by orjson, which knows moments and ids.


def show_user(user: User) -> dict[str, Any]:
    return {
        "id": user.id,
        "username": user.username,
        "email": user.email,
        "email_verified": user.email_verified_at is not None,
        "roles": sorted(user.roles),
        "created_at": user.created_at,
    }


def show_team(team: Team, membership: Membership) -> dict[str, Any]:
    return {
        "id": team.id,
        "name": team.name,
        "personal": team.personal,
        "role": membership.role,
        "created_at": team.created_at,
    }


def show_session(session: Session, current_id: UUID) -> dict[str, Any]:
    return {
        "id": session.id,
        "created_at": session.created_at,
        "last_seen_at": session.last_seen_at,
        "expires_at": session.expires_at,
        "ip": session.ip,
        "user_agent": session.user_agent,
        "device": session.device,
        "remembered": session.remembered,
        "current": session.id == current_id,
    }


def show_event(event: Event) -> dict[str, Any]:
    return {
        "id": event.id,
        "tag": event.tag,
        "sentence": event.sentence,
        "created_at": event.created_at,
        "ip": event.ip,
        "user_agent": event.user_agent,
        "device": event.device,
    }


def show_everything(everything: Everything, current_id: UUID) -> dict[str, Any]:
    """All but the hashes of passwords, sessions and links, and the tokens in mails that still wait."""
    return {
        "user": show_user(everything.user),
        "sessions": [show_session(session, current_id) for session in everything.sessions],
        "teams": [show_team(*team) for team in everything.teams],
        "events": [show_event(event) for event in everything.events],
        "links": [
            {
                "purpose": link.purpose,
                "email": link.email,
                "created_at": link.created_at,
                "expires_at": link.expires_at,
            }
            for link in everything.links
        ],
        "mails": [show_mail(mail) for mail in everything.mails],
    }


def show_mail(mail: Mail) -> dict[str, Any]:
    """Without its facts: they may hold the token of a link."""
    return {
        "id": mail.id,
        "letter": mail.letter,
        "recipient": mail.recipient,
        "created_at": mail.created_at,
        "next_try_at": mail.next_try_at,
        "attempts": mail.attempts,
        "parked_at": mail.parked_at,
        "last_error": mail.last_error,
    }
