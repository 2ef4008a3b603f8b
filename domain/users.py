"""Who has an account, and what an account may look like."""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from domain.errors import Conflict, Invalid

LONGEST_EMAIL = 254  # RFC 5321, 4.5.3.1.3, less the angle brackets (erratum 1690)
LONGEST_USERNAME = 30
USERNAME_RULES = "1 to 30 letters, digits and underscores, beginning with a letter."

# Names that would pass for the site itself, for a part of it, or for nothing at all.
RESERVED_USERNAMES = frozenset(
    [
        "about",
        "abuse",
        "account",
        "accounts",
        "admin",
        "administrator",
        "anonymous",
        "api",
        "app",
        "auth",
        "billing",
        "blog",
        "contact",
        "dashboard",
        "email",
        "everyone",
        "false",
        "guest",
        "health",
        "help",
        "hexstart",
        "hostmaster",
        "info",
        "invitation",
        "login",
        "logout",
        "mail",
        "me",
        "moderator",
        "nobody",
        "noreply",
        "null",
        "official",
        "operator",
        "owner",
        "password",
        "postmaster",
        "privacy",
        "register",
        "root",
        "security",
        "sessions",
        "settings",
        "signin",
        "signup",
        "site",
        "staff",
        "static",
        "status",
        "superuser",
        "support",
        "sysadmin",
        "system",
        "team",
        "teams",
        "terms",
        "true",
        "undefined",
        "unknown",
        "user",
        "users",
        "webmaster",
        "www",
    ]
)

# Takes an address apart and raises Invalid("email", ...) when the standards do not allow it;
# returns the local part and the domain, the latter in lower-case ASCII (IDNA).
EmailSyntax = Callable[[str], tuple[str, str]]


class Role(StrEnum):
    """What somebody is on the whole site. Who registers has no role."""

    ADMIN = "admin"


class EmailTaken(Conflict):
    code = 40902
    message = "There is already an account associated with this email address."


class UsernameTaken(Conflict):
    code = 40903
    message = "This username is already taken."


@dataclass(slots=True, kw_only=True)
class User:
    id: UUID
    username: str
    email: str
    password_hash: str
    created_at: datetime
    email_verified_at: datetime | None = None
    roles: frozenset[Role] = frozenset()
    version: int = 1

    @property
    def username_key(self) -> str:
        """What decides whether two usernames are the same."""
        return self.username.lower()


def normal_email(unsafe_email: str, syntax: EmailSyntax) -> str:
    """The one form in which addresses are compared, stored and written to.

    RFC 5321 lets the receiving host tell `Ada` from `ada`; no host of any size does, and people
    forget which they typed. Raise Invalid when it is not an address.
    """
    unsafe_local, at, unsafe_domain = unsafe_email.strip().rpartition("@")
    # The canonical caseless form of the Unicode Standard (D145), so that folding twice is folding once. Not
    # for the domain, which has a form of its own (IDNA): fass.de and faß.de are two.
    folded = unicodedata.normalize("NFD", unicodedata.normalize("NFD", unsafe_local).casefold())
    local, domain = syntax(unicodedata.normalize("NFC", folded) + at + unsafe_domain)
    email = f"{local}@{domain}"
    if len(email.encode()) > LONGEST_EMAIL:
        raise Invalid("email", f"Use an email address of at most {LONGEST_EMAIL} characters.")
    return email


def acceptable_username(unsafe_username: str) -> str:
    """The username as it was typed. Raise Invalid unless it follows the rules."""
    if not re.fullmatch(rf"[A-Za-z][A-Za-z0-9_]{{0,{LONGEST_USERNAME - 1}}}", unsafe_username):
        raise Invalid("username", f"Use {USERNAME_RULES}")
    if unsafe_username.lower() in RESERVED_USERNAMES:
        raise Invalid("username", "This username is reserved. Please choose another.")
    return unsafe_username
