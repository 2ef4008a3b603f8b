"""The audit log: what happened to whom, when, and from where. Rows are added, never changed."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class Tag(StrEnum):
    REGISTERED = "registered"
    LOGGED_IN = "logged_in"
    LOGIN_FAILED = "login_failed"
    LOGGED_OUT = "logged_out"
    EMAIL_CHANGED = "email_changed"
    ROLE_GRANTED = "role_granted"
    ROLE_REVOKED = "role_revoked"


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
