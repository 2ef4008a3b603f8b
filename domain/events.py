"""Events: what happened to an account, when, and from where. Events are added and never deleted."""

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar, Protocol
from uuid import UUID

from domain.devices import device_of
from domain.paging import Page
from domain.personal import PersonalStore

# Longer ones are cut: an account of an operating system has at most 32.
LONGEST_OPERATOR = 50


class Tag(StrEnum):
    """A kind of event: the stored word, and the sentence that users read."""

    sentence: str

    def __new__(cls, word: str, sentence: str) -> "Tag":
        tag = str.__new__(cls, word)
        tag._value_, tag.sentence = word, sentence
        return tag

    REGISTERED = "registered", "Account created"
    LOGGED_IN = "logged_in", "Logged in"
    LOGIN_FAILED = "login_failed", "Login failed: wrong password"
    LOGGED_OUT = "logged_out", "Logged out"
    SESSION_ENDED = "session_ended", "Session ended"
    SESSIONS_ENDED = "sessions_ended", "All other sessions ended"
    ALL_SESSIONS_ENDED = "all_sessions_ended", "All sessions ended"
    EMAIL_CHANGE_ASKED = "email_change_asked", "Email address change requested"
    EMAIL_CHANGED = "email_changed", "Email address changed"
    VERIFICATION_SENT = "verification_sent", "Verification link sent"
    EMAIL_VERIFIED = "email_verified", "Email address verified"
    USERNAME_CHANGED = "username_changed", "Username changed"
    PASSWORD_CHANGED = "password_changed", "Password changed"
    PASSWORD_RESET_ASKED = "password_reset_asked", "Password reset requested"
    PASSWORD_RESET = "password_reset", "Password reset by email link"
    PASSWORD_REFUSED = "password_refused", "Wrong current password entered"
    EXPORTED = "exported", "Data exported"
    DELETED = "deleted", "Account deleted"
    LOGIN_REFUSED = "login_refused", "Login refused: the account is disabled"
    DISABLED = "disabled", "Account disabled"
    ENABLED = "enabled", "Account enabled"
    ROLE_GRANTED = "role_granted", "Role granted"
    ROLE_REVOKED = "role_revoked", "Role revoked"
    ACTING_BEGAN = "acting_began", "Support access started"
    ACTING_ENDED = "acting_ended", "Support access ended"
    TEAM_CREATED = "team_created", "Team created"
    TEAM_RENAMED = "team_renamed", "Team renamed"
    TEAM_DELETED = "team_deleted", "Team deleted"
    INVITED = "invited", "Invitation to a team sent"
    INVITATION_REVOKED = "invitation_revoked", "Invitation to a team revoked"
    TEAM_JOINED = "team_joined", "Team joined"
    TEAM_LEFT = "team_left", "Team left"
    TEAM_ROLE_CHANGED = "team_role_changed", "Role in a team changed"
    TWO_FACTOR_ON = "two_factor_on", "Two-factor authentication switched on"
    TWO_FACTOR_OFF = "two_factor_off", "Two-factor authentication switched off"
    RECOVERY_CODES_RENEWED = "recovery_codes_renewed", "New recovery codes generated"
    RECOVERY_CODE_USED = "recovery_code_used", "Recovery code used"
    CODE_REFUSED = "code_refused", "Wrong two-factor code entered"
    TEAM_TWO_FACTOR = "team_two_factor", "Two-factor requirement of a team changed"
    TOKEN_CREATED = "token_created", "API token created"
    TOKEN_REVOKED = "token_revoked", "API token revoked"
    MEMBER_REMOVED = "member_removed", "Removed from a team"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """`user_id` is the account that the event is about, None without one. `detail` never holds a secret.

    `actor_id` is the account that acted. For support this is the administrator. It is None for an operator,
    and for a client without a session. `operator` is the name of the operator.

    `username`, `actor` and `team` are the names as stored now, None after a deletion. They are read with the
    event, and never written.
    """

    EXPORTED: ClassVar = "id tag sentence by created_at ip user_agent device"

    id: UUID
    tag: Tag
    user_id: UUID | None
    actor_id: UUID | None
    ip: str
    user_agent: str
    detail: str
    created_at: datetime
    team_id: UUID | None = None
    operator: str = ""
    username: str | None = field(default=None, compare=False)
    actor: str | None = field(default=None, compare=False)
    team: str | None = field(default=None, compare=False)

    @property
    def sentence(self) -> str:
        return f"{self.tag.sentence}{f' ({self.detail})' if self.detail else ''}."

    @property
    def device(self) -> str:
        return device_of(self.user_agent)

    @property
    def by(self) -> str:
        """Who acted, as users read it. Empty for the user, and for a client without a session."""
        if self.operator:
            return "an operator"
        if self.actor_id in {None, self.user_id}:
            return ""
        return self.actor or "a deleted user"

    def for_user(self) -> "Event":
        """The event as its user sees it: without address and user agent of another person."""
        return replace(self, ip="", user_agent="") if self.by else self


@dataclass(frozen=True, slots=True, kw_only=True)
class EventFilter:
    """A field that is None does not filter. `since` is inclusive, `until` is exclusive."""

    user_id: UUID | None = None
    team_id: UUID | None = None
    tag: Tag | None = None
    since: datetime | None = None
    until: datetime | None = None

    def values(self) -> dict[str, Any]:
        """The fields that filter. A moment becomes the lowest id of its time: ids are ordered by time."""
        found = {
            "user_id": self.user_id,
            "team_id": self.team_id,
            "tag": self.tag,
            "since": self.since and first_id(self.since),
            "until": self.until and first_id(self.until),
        }
        return {name: value for name, value in found.items() if value is not None}


def first_id(moment: datetime) -> UUID:
    """The lowest UUIDv7 of this millisecond (RFC 9562, 5.7)."""
    milliseconds = max(0, int(moment.timestamp() * 1000))
    return UUID(int=milliseconds << 80 | 0x7 << 76 | 0b10 << 62)


class EventStore(PersonalStore, Protocol):
    """Events stay: `forget` blanks them and deletes none."""

    def add(self, event: Event) -> None: ...

    def about(self, user_id: UUID, after: UUID | None, limit: int) -> Page[Event]:
        """The events of the user's account, newest first."""

    def page(self, filter: EventFilter, after: UUID | None, limit: int) -> Page[Event]:
        """The events that the filter asks for, newest first."""

    def count(self, filter: EventFilter) -> int:
        """The number of events that the filter asks for: at most MOST_COUNTED + 1."""

    def following(self, user_ids: Collection[UUID], after: UUID, limit: int) -> list[Event]:
        """The first `limit` events of these users' accounts with a greater id, oldest first."""

    def forget(self, user_id: UUID) -> None:
        """Blank the address and user agent of all events of the user."""

    def forget_some(self, user_id: UUID, limit: int) -> bool:
        """Blank the `limit` oldest events that are not blank. Return True.

        When no more than `limit` are left, do nothing and return False.
        """
