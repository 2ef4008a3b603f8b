"""Users: the account, and the rules for its email address and username."""

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

# A user with such a name could be taken for the site, for a part of it, or for no user.
RESERVED_USERNAMES = frozenset(
    """about abuse account accounts admin administrator anonymous api app auth billing blog contact
    dashboard email everyone false guest health help hexstart hostmaster info invitation login logout
    mail me moderator nobody noreply null official operator owner password postmaster privacy register
    root security sessions settings signin signup site staff static status superuser support sysadmin
    system team teams terms true undefined unknown user users webmaster www""".split()
)

# Takes an address. Returns its local part and its domain, the domain in lower-case ASCII (IDNA).
# Raises Invalid("email", ...) when the standards do not allow the address.
EmailSyntax = Callable[[str], tuple[str, str]]


class Role(StrEnum):
    """A role on the whole site. New users have no role."""

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
    disabled_at: datetime | None = None
    roles: frozenset[Role] = frozenset()
    version: int = 1

    @property
    def username_key(self) -> str:
        """Two usernames are the same when their keys are equal."""
        return self.username.lower()

    @property
    def email_key(self) -> str:
        return key_of(self.email)

    @property
    def email_domain_key(self) -> str:
        """The domain of the address. Administrators search by its beginning."""
        return self.email_key.rpartition("@")[2]

    @property
    def disabled(self) -> bool:
        return self.disabled_at is not None

    @property
    def email_verified(self) -> bool:
        return self.email_verified_at is not None


@dataclass(frozen=True, slots=True)
class UserSearch:
    """The beginning of a username key, of an email key, or of its domain. An empty domain is not searched."""

    username: str
    email: str
    domain: str

    def place(self, user: User) -> tuple[int, str] | None:
        """The place of the user in the results, None for a user that is not found.

        First the usernames, then the addresses, then the domains, each in the order of their keys.
        """
        if user.username_key.startswith(self.username):
            return 0, user.username_key
        if user.email_key.startswith(self.email):
            return 1, user.email_key
        if self.domain and user.email_domain_key.startswith(self.domain):
            return 2, user.email_domain_key
        return None


class UserStore(PersonalStore, Protocol):
    def add(self, user: User) -> None:
        """Store a user without roles. Raise EmailTaken or UsernameTaken."""

    def get(self, id: UUID) -> User | None: ...

    def lock(self, id: UUID) -> User | None:
        """The user as stored now. Other units of work cannot change it until this one ends."""

    def by_email(self, email: str) -> User | None:
        """The user whose address has the same key, or None. Send mail to `user.email`, not to `email`."""

    def save(self, user: User) -> None:
        """Store all fields except the roles. Raise Stale, EmailTaken or UsernameTaken."""

    def grant(self, user_id: UUID, role: Role) -> None:
        """Raise Stale when the user has the role already, or is deleted."""

    def revoke(self, user_id: UUID, role: Role) -> bool:
        """False when the user does not have the role."""

    def holders(self, role: Role) -> set[UUID]:
        """The users with this role that are not disabled. They stay so until this unit of work ends."""

    def page(self, search: UserSearch | None, after: UUID | None, limit: int) -> Page[User]:
        """Newest first, or the results of the search by their place. Users of one domain are oldest first.

        Empty after a user that is deleted, or no longer found: its place is unknown.
        """

    def count(self, search: UserSearch | None) -> int:
        """The number of users, or of the results of the search: at most MOST_COUNTED + 1."""

    def forget(self, user_id: UUID) -> None:
        """Delete the user, with sessions, roles, devices and memberships."""


def normal_email(unsafe_email: str, syntax: EmailSyntax) -> str:
    """The address as stored, shown and mailed: trimmed, NFC, domain in lower-case ASCII. Raise Invalid."""
    local, domain = syntax(unicodedata.normalize("NFC", unsafe_email.strip()))
    email = f"{local}@{domain}"
    # Counted in bytes of UTF-8. The key has no more characters than that, so it fits its column.
    if len(email.encode()) > LONGEST_EMAIL:
        raise Invalid("email", f"Use an email address of at most {LONGEST_EMAIL} characters.")
    return email


def key_of(email: str) -> str:
    """The key of an address in normal form. Two addresses with one key belong to one account.

    The part before the @ is case-folded: Ada@ and ada@ have one key, straße@ and strasse@ too. Accents stay:
    jose@ and josé@ have two keys. The domain stays: fass.de and faß.de are two domains.
    Mail goes to the address as typed, because RFC 5321 lets a host distinguish upper and lower case.
    """
    local, at, domain = email.rpartition("@")
    return folded(local) + at + domain


def folded(text: str) -> str:
    """The canonical caseless form of the Unicode Standard (D145), in NFC."""
    decomposed = unicodedata.normalize("NFD", unicodedata.normalize("NFD", text).casefold())
    return unicodedata.normalize("NFC", decomposed)


def user_search(unsafe_search: str, syntax: EmailSyntax) -> UserSearch | None:
    """The search term in the spelling of keys. None without a term.

    Of a domain in another alphabet, whole labels are found: IDNA encodes each label as a whole.
    """
    # No key has a lone surrogate or a NUL, and no database takes them.
    text = re.sub("[\0\ud800-\udfff]", "\ufffd", unsafe_search.strip())
    local, at, domain = unicodedata.normalize("NFC", text).rpartition("@")
    try:
        domain = syntax(f"a@{domain}.example")[1].removesuffix(".example")
    except Invalid:
        domain = domain.lower()
    text = folded(text)
    if not text:
        return None
    return UserSearch(text, folded(local) + at + domain if at else text, "" if local else domain)


def acceptable_username(unsafe_username: str) -> str:
    """The username as typed. Raise Invalid when it breaks the rules or is reserved."""
    if not re.fullmatch(rf"[A-Za-z][A-Za-z0-9_]{{0,{LONGEST_USERNAME - 1}}}", unsafe_username):
        raise Invalid("username", f"Use {USERNAME_RULES}")
    if unsafe_username.lower() in RESERVED_USERNAMES:
        raise Invalid("username", "This username isn't available. Please choose another.")
    return unsafe_username
