"""Users: what an account consists of, and what its address and username may be."""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar, Protocol
from uuid import UUID

from domain.errors import Conflict, Invalid
from domain.paging import Page
from domain.personal import PersonalStore

LONGEST_EMAIL = 254  # RFC 5321, 4.5.3.1.3, less the angle brackets (erratum 1690)
LONGEST_USERNAME = 30
USERNAME_RULES = "1 to 30 letters, numbers and underscores, starting with a letter."

# Names that could be taken for the site itself, for a part of it, or for no user at all.
RESERVED_USERNAMES = frozenset(
    """about abuse account accounts admin administrator anonymous api app auth billing blog contact
    dashboard email everyone false guest health help hexstart hostmaster info invitation login logout
    mail me moderator nobody noreply null official operator owner password postmaster privacy register
    root security sessions settings signin signup site staff static status superuser support sysadmin
    system team teams terms true undefined unknown user users webmaster www""".split()
)

# Takes an address apart and raises Invalid("email", ...) when the standards do not allow it;
# returns the local part and the domain, the latter in lower-case ASCII (IDNA).
EmailSyntax = Callable[[str], tuple[str, str]]


class Role(StrEnum):
    """A role on the whole site. A new user has none."""

    ADMIN = "admin"


class EmailTaken(Conflict):
    code = 40902
    message = "There is already an account associated with this email address."


class UsernameTaken(Conflict):
    code = 40903
    message = "This username is already taken."


@dataclass(slots=True, kw_only=True)
class User:
    EXPORTED: ClassVar = "id username email email_verified roles created_at"

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
        """Two usernames are the same when their keys are equal."""
        return self.username.lower()

    @property
    def email_verified(self) -> bool:
        return self.email_verified_at is not None


class UserStore(PersonalStore, Protocol):
    def add(self, user: User) -> None:
        """Store a user without roles. Raise EmailTaken or UsernameTaken."""

    def get(self, id: UUID) -> User | None: ...

    def by_email(self, email: str) -> User | None:
        """The user with this address in normal form, or None."""

    def save(self, user: User) -> None:
        """Store all fields but the roles. Raise Stale, EmailTaken or UsernameTaken."""

    def grant(self, user_id: UUID, role: Role) -> None:
        """Raise Stale when the user has the role already, or is gone."""

    def revoke(self, user_id: UUID, role: Role) -> bool:
        """False when the user does not have the role."""

    def holders(self, role: Role) -> set[UUID]:
        """The users with this role. No other unit of work can revoke it until this one ends."""

    def page(self, search: str, after: UUID | None, limit: int) -> Page[User]:
        """Newest first; only users whose email or username contains `search`, in any case."""

    def forget(self, user_id: UUID) -> None:
        """Delete the user. Sessions, roles and memberships go, too."""


def normal_email(unsafe_email: str, syntax: EmailSyntax) -> str:
    """The one form in which addresses are compared, stored and written to.

    RFC 5321 allows a host to tell `Ada` from `ada`. No host of any size does, and users forget which one
    they typed. Raise Invalid when it is not an address.
    """
    unsafe_local, at, unsafe_domain = unsafe_email.strip().rpartition("@")
    # The canonical caseless form of the Unicode Standard (D145): folding twice gives the same as once. The
    # domain has a form of its own (IDNA): fass.de and faß.de are two domains.
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
        raise Invalid("username", "This username isn't available. Please choose another.")
    return unsafe_username
