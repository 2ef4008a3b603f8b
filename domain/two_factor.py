"""The second factor: codes of an authenticator app (TOTP, RFC 6238), and recovery codes for a lost phone."""

from base64 import b32encode
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, ClassVar, Protocol
from uuid import UUID

from domain.access import PermissionDenied
from domain.errors import Conflict, Invalid
from domain.passwords import ProofNeeded
from domain.personal import PersonalStore, exported

CODE_DIGITS = 6
STEP_SECONDS = 30
# The clocks of a phone and of the server may differ by one step (RFC 6238, 5.2).
SKEW_STEPS = 1
# A factor that is not confirmed in this time ends: its secret may be known to another session.
SETUP_LASTS = timedelta(minutes=10)

RECOVERY_CODES = 10
# Base32, five bits a character: 80 bits. So a fast hash without salt is enough.
RECOVERY_CODE_LENGTH = 16


class WrongCode(Invalid):
    def __init__(self) -> None:
        super().__init__("code", "Wrong code.")


class WrongProof(ProofNeeded):
    """The code is wrong, in place of the password."""

    message = "Wrong code."


class TwoFactorOn(Conflict):
    code = 40908
    message = "Two-factor authentication is already on."


class TwoFactorOff(Conflict):
    code = 40909
    message = "Two-factor authentication is off for this account. Set it up first."


class TwoFactorNeeded(PermissionDenied):
    """The team requires a second factor, and the actor has none."""

    message = "This team requires two-factor authentication. Set it up to continue."


@dataclass(frozen=True, slots=True, kw_only=True)
class TwoFactor:
    """The factor of a user. It is on once the first right code has confirmed it.

    `secret` is in base32, as apps take it. `last_step` is the time step of the last used code. Codes of this
    step and of earlier ones are used up.
    """

    EXPORTED: ClassVar = "created_at confirmed_at"

    user_id: UUID
    secret: str
    created_at: datetime
    confirmed_at: datetime | None = None
    last_step: int = 0

    @property
    def id(self) -> UUID:
        """The key of the factor: a user has one."""
        return self.user_id

    def waits(self, now: datetime) -> bool:
        """Whether `confirm` may switch it on. The difference is absolute, as in `Session.due`."""
        return not self.on and abs(now - self.created_at) < SETUP_LASTS

    @property
    def on(self) -> bool:
        return self.confirmed_at is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveryCode:
    """Works once, in place of a code from the app. Only its hash is stored."""

    user_id: UUID
    code_hash: str


class TwoFactorStore(PersonalStore, Protocol):
    def add(self, factor: TwoFactor) -> None:
        """Raise Stale when the user has one already, or is deleted."""

    def get(self, user_id: UUID) -> TwoFactor | None: ...

    def use_step(self, user_id: UUID, step: int) -> bool:
        """Use up this time step and earlier ones. True for one caller only: a code works once."""

    def confirm(self, user_id: UUID, now: datetime) -> None:
        """Store `confirmed_at`."""

    def forget(self, user_id: UUID) -> None:
        """Delete the factor and its recovery codes. Do nothing without one."""

    def set_recovery_codes(self, user_id: UUID, code_hashes: list[str]) -> None:
        """Replace all recovery codes of the user. Raise Stale when the factor is removed."""

    def use_recovery_code(self, user_id: UUID, code_hash: str) -> bool:
        """Delete the code. True for one caller only."""

    def recovery_codes_left(self, user_id: UUID) -> int: ...


def exported_factor(factor: TwoFactor, recovery_codes_left: int) -> dict[str, Any]:
    """The factor as its user reads it in an export."""
    return exported(factor) | {"recovery_codes_left": recovery_codes_left}


def recovery_code_of(secret: str) -> str:
    """A recovery code from a secret of 256 bits, as it is shown: four groups of four."""
    letters = b32encode(sha256(secret.encode()).digest()).decode().lower()[:RECOVERY_CODE_LENGTH]
    return "-".join(letters[start : start + 4] for start in range(0, RECOVERY_CODE_LENGTH, 4))


def typed_code(unsafe_code: str) -> str:
    """The code without spaces and dashes, in lower case: six digits, or the letters of a recovery code."""
    return "".join(unsafe_code.replace("-", " ").split()).lower()


def is_app_code(code: str) -> bool:
    """Whether the typed code is six ASCII digits. A TOTP library may also accept full-width digits."""
    return len(code) == CODE_DIGITS and code.isascii() and code.isdigit()
