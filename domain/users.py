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
        """The domain of the address: administrators search for its beginning."""
        return self.email_key.rpartition("@")[2]

    @property
    def email_verified(self) -> bool:
        return self.email_verified_at is not None


class UserStore(PersonalStore, Protocol):
    def add(self, user: User) -> None:
        """Store a user without roles. Raise EmailTaken or UsernameTaken."""

    def get(self, id: UUID) -> User | None: ...

    def lock(self, id: UUID) -> User | None:
        """The user as stored now. No other unit of work changes it until this one ends."""

    def by_email(self, email: str) -> User | None:
        """The user whose address has the same key, or None. Mail goes to the user's own spelling of it."""

    def save(self, user: User) -> None:
        """Store all fields but the roles. Raise Stale, EmailTaken or UsernameTaken."""

    def grant(self, user_id: UUID, role: Role) -> None:
        """Raise Stale when the user has the role already, or is gone."""

    def revoke(self, user_id: UUID, role: Role) -> bool:
        """False when the user does not have the role."""

    def holders(self, role: Role) -> set[UUID]:
        """The users with this role. No other unit of work can revoke it until this one ends."""

    def page(self, search: str, after: UUID | None, limit: int, domain: str = "") -> Page[User]:
        """Newest first; only users whose key of email or username contains `search`, or `domain` if given."""

    def forget(self, user_id: UUID) -> None:
        """Delete the user. Sessions, roles and memberships go, too."""


def normal_email(unsafe_email: str, syntax: EmailSyntax) -> str:
    """The form in which an address is stored, shown and mailed: as typed, but trimmed, in NFC, its domain in
    lower-case ASCII. Raise Invalid when it is not an address."""
    local, domain = syntax(unicodedata.normalize("NFC", unsafe_email.strip()))
    email = f"{local}@{domain}"
    # In bytes of UTF-8. A key has at most as many characters, so it fits, too.
    if len(email.encode()) > LONGEST_EMAIL:
        raise Invalid("email", f"Use an email address of at most {LONGEST_EMAIL} characters.")
    return email


def key_of(email: str) -> str:
    """Two addresses in normal form belong to the same account when their keys are equal.

    Letters are folded before the @: Ada@ and ada@, straße@ and strasse@ are the same account. RFC 5321 allows
    a host to tell them apart, so that mail goes to the address as typed. Accents count: jose@ is not josé@.
    The domain stays: fass.de and faß.de are two domains, with two forms in IDNA.
    """
    local, at, domain = email.rpartition("@")
    return folded(local) + at + domain


def folded(text: str) -> str:
    """The canonical caseless form of the Unicode Standard (D145), in NFC. Folding twice gives the same."""
    decomposed = unicodedata.normalize("NFD", unicodedata.normalize("NFD", text).casefold())
    return unicodedata.normalize("NFC", decomposed)


def search_keys(unsafe_search: str, syntax: EmailSyntax) -> tuple[str, str]:
    """A search term in the spelling of keys: as a part of any key, and with its domain in ASCII (IDNA).

    Of a domain in another alphabet, whole labels are found: IDNA encodes each as a whole.
    """
    # A lone surrogate or a NUL is in no key, and no database takes it.
    text = re.sub("[\0\ud800-\udfff]", "\ufffd", unsafe_search.strip())
    local, at, domain = unicodedata.normalize("NFC", text).rpartition("@")
    try:
        _, in_ascii = syntax(f"a@{domain}.example")
    except Invalid:
        return folded(text), ""
    return folded(text), folded(local) + at + in_ascii.removesuffix(".example")


def acceptable_username(unsafe_username: str) -> str:
    """The username as it was typed. Raise Invalid unless it follows the rules."""
    if not re.fullmatch(rf"[A-Za-z][A-Za-z0-9_]{{0,{LONGEST_USERNAME - 1}}}", unsafe_username):
        raise Invalid("username", f"Use {USERNAME_RULES}")
    if unsafe_username.lower() in RESERVED_USERNAMES:
        raise Invalid("username", "This username isn't available. Please choose another.")
    return unsafe_username
