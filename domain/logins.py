"""Pending logins: the password was right, and the second factor is missing."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Protocol
from uuid import UUID

from domain.errors import NotAuthenticated
from domain.personal import PersonalStore

PENDING_LOGIN_LIFE = timedelta(minutes=5)
MOST_WRONG_CODES = 10
# For each user. A client that logs in again and again must not fill the table.
MOST_PENDING_LOGINS = 100


class SecondFactorDue(NotAuthenticated):
    """The password was right. The login waits for a code."""

    code = 40103
    message = "Enter your two-factor code to log in."


class WrongLoginCode(SecondFactorDue):
    message = "Wrong code."


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingLogin:
    """A client with the secret may answer with a code, and do nothing else. Only the hash is stored."""

    EXPORTED: ClassVar = "id created_at expires_at"

    id: UUID
    user_id: UUID
    secret_hash: str
    remembered: bool
    created_at: datetime
    expires_at: datetime
    wrong_codes: int = 0


class LoginStore(PersonalStore, Protocol):
    def add(self, login: PendingLogin) -> None:
        """Raise Stale when the user is deleted."""

    def find(self, secret_hash: str, now: datetime) -> PendingLogin | None:
        """None when the login is unknown, or has ended."""

    def count_wrong_code(self, id: UUID) -> None:
        """Add one to `wrong_codes`. The login ends at MOST_WRONG_CODES."""

    def end(self, secret_hash: str, now: datetime) -> bool:
        """Delete the login. True for one caller only, and False when it has ended."""

    def end_oldest(self, user_id: UUID, kept: int) -> None:
        """Delete the user's pending logins. The `kept` newest stay."""

    def purge(self, now: datetime, limit: int) -> int:
        """Delete at most `limit` expired logins. Return the number."""

    def forget(self, user_id: UUID) -> None:
        """Delete all pending logins of the user."""
