"""Valid entities. A test names only the fields that matter to it."""

from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

from domain.access import TeamRole
from domain.devices import Device
from domain.events import Event, Tag
from domain.invitations import Invitation
from domain.links import Link, Purpose
from domain.logins import PendingLogin
from domain.mails import Mail, MailKind
from domain.sessions import Client, Session
from domain.teams import Membership, Team
from domain.tokens import Scope, Token
from domain.two_factor import TwoFactor
from domain.users import User
from tests.fakes import NOON

CLIENT = Client("192.0.2.7", "Test/1.0")
GOOD_PASSWORD = "correct horse battery"


def a_user(email: str = "ada@example.org", **fields: Any) -> User:
    defaults = {
        "id": uuid7(),
        "username": email.partition("@")[0],
        "email": email,
        "password_hash": "hash",
        "created_at": NOON,
    }
    return User(**defaults | fields)


def a_session(user_id: UUID, secret_hash: str = "a" * 64, **fields: Any) -> Session:
    defaults = {
        "id": uuid7(),
        "user_id": user_id,
        "secret_hash": secret_hash,
        "remembered": False,
        "ip": CLIENT.ip,
        "user_agent": CLIENT.user_agent,
        "created_at": NOON,
        "last_seen_at": NOON,
        "expires_at": NOON.replace(hour=20),
    }
    return Session(**defaults | fields)


def a_token(user_id: UUID, token_hash: str = "e" * 64, **fields: Any) -> Token:
    defaults = {
        "id": uuid7(),
        "user_id": user_id,
        "name": "Deploy",
        "scope": Scope.WRITE,
        "token_hash": token_hash,
        "created_at": NOON,
    }
    return Token(**defaults | fields)


def a_pending_login(user_id: UUID, secret_hash: str = "9" * 64, **fields: Any) -> PendingLogin:
    defaults = {
        "id": uuid7(),
        "user_id": user_id,
        "secret_hash": secret_hash,
        "remembered": False,
        "created_at": NOON,
        "expires_at": NOON.replace(minute=5),
    }
    return PendingLogin(**defaults | fields)


def a_factor(user_id: UUID, **fields: Any) -> TwoFactor:
    return TwoFactor(**{"user_id": user_id, "secret": "JBSWY3DPEHPK3PXP", "created_at": NOON} | fields)


def a_device(user_id: UUID, name: str = "Firefox on Linux", **fields: Any) -> Device:
    return Device(**{"user_id": user_id, "name": name, "first_seen_at": NOON} | fields)


def a_team(name: str = "Analysts", **fields: Any) -> Team:
    return Team(**{"id": uuid7(), "name": name, "personal": True, "created_at": NOON} | fields)


def a_membership(team: Team, user: User, **fields: Any) -> Membership:
    defaults = {"team_id": team.id, "user_id": user.id, "role": TeamRole.OWNER, "joined_at": NOON}
    return Membership(**defaults | fields)


def an_invitation(team: Team, inviter: User, email: str = "bob@example.org", **fields: Any) -> Invitation:
    defaults = {
        "id": uuid7(),
        "team_id": team.id,
        "email": email,
        "role": TeamRole.MEMBER,
        "token_hash": "d" * 64,
        "invited_by_id": inviter.id,
        "created_at": NOON,
        "expires_at": NOON.replace(hour=13),
    }
    return Invitation(**defaults | fields)


def an_event(user_id: UUID | None, tag: Tag = Tag.LOGGED_IN, **fields: Any) -> Event:
    defaults = {
        "id": uuid7(),
        "tag": tag,
        "user_id": user_id,
        "actor_id": user_id,
        "ip": CLIENT.ip,
        "user_agent": CLIENT.user_agent,
        "detail": "",
        "created_at": NOON,
    }
    return Event(**defaults | fields)


def a_link(user_id: UUID, **fields: Any) -> Link:
    defaults = {
        "id": uuid7(),
        "user_id": user_id,
        "purpose": Purpose.VERIFY_EMAIL,
        "token_hash": "c" * 64,
        "email": "ada@example.org",
        "created_at": NOON,
        "expires_at": NOON.replace(hour=13),
    }
    return Link(**defaults | fields)


def a_mail(kind: MailKind = MailKind.VERIFY_EMAIL, **fields: Any) -> Mail:
    defaults = {
        "id": uuid7(),
        "kind": kind,
        "user_id": uuid7(),
        "recipient": "ada@example.org",
        "facts": {"username": "ada", "token": "t0k3n"},
        "created_at": NOON,
        "next_try_at": NOON,
    }
    return Mail(**defaults | fields)
