"""The audit log: what happened to whom, when, and from where.

Rows are added and never changed, but that the traces of who leaves are taken out of them.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from domain.sessions import device_of


class Tag(StrEnum):
    REGISTERED = "registered"
    LOGGED_IN = "logged_in"
    LOGIN_FAILED = "login_failed"
    LOGGED_OUT = "logged_out"
    SESSION_ENDED = "session_ended"
    SESSIONS_ENDED = "sessions_ended"
    EMAIL_CHANGE_ASKED = "email_change_asked"
    EMAIL_CHANGED = "email_changed"
    EMAIL_VERIFIED = "email_verified"
    USERNAME_CHANGED = "username_changed"
    PASSWORD_CHANGED = "password_changed"
    PASSWORD_RESET_ASKED = "password_reset_asked"
    PASSWORD_RESET = "password_reset"
    PASSWORD_REFUSED = "password_refused"
    EXPORTED = "exported"
    DELETED = "deleted"
    ROLE_GRANTED = "role_granted"
    ROLE_REVOKED = "role_revoked"


# What people read of it in their security history.
SENTENCES: dict[Tag, str] = {
    Tag.REGISTERED: "The account was created",
    Tag.LOGGED_IN: "Logged in",
    Tag.LOGIN_FAILED: "A login failed: wrong password",
    Tag.LOGGED_OUT: "Logged out",
    Tag.SESSION_ENDED: "A session was ended",
    Tag.SESSIONS_ENDED: "All other sessions were ended",
    Tag.EMAIL_CHANGE_ASKED: "A change of the email address was asked for",
    Tag.EMAIL_CHANGED: "The email address was changed",
    Tag.EMAIL_VERIFIED: "The email address was verified",
    Tag.USERNAME_CHANGED: "The username was changed",
    Tag.PASSWORD_CHANGED: "The password was changed",
    Tag.PASSWORD_RESET_ASKED: "A link to reset the password was asked for",
    Tag.PASSWORD_RESET: "The password was reset with a link",
    Tag.PASSWORD_REFUSED: "The current password was asked for and given wrongly",
    Tag.EXPORTED: "The account's data was exported",
    Tag.DELETED: "The account was deleted",
    Tag.ROLE_GRANTED: "A role was granted",
    Tag.ROLE_REVOKED: "A role was revoked",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """`user_id` is whom it concerns (None: nobody we know), `actor_id` who did it (None: nobody logged in,
    or the operator at the command line). `detail` never holds what somebody typed as a secret."""

    id: UUID
    tag: Tag
    user_id: UUID | None
    actor_id: UUID | None
    ip: str
    user_agent: str
    detail: str
    created_at: datetime

    @property
    def sentence(self) -> str:
        return f"{SENTENCES[self.tag]}{f' ({self.detail})' if self.detail else ''}."

    @property
    def device(self) -> str:
        return device_of(self.user_agent)
