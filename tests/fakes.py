"""Fakes of the ports, for tests only."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from application.ports import Mailer, MailNotSent, OneTimeCodes, PasswordHasher, Sanitizer
from domain.errors import Invalid
from domain.mails import Mail
from domain.two_factor import STEP_SECONDS

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


class FakeClock:
    """Stands still until a test advances it."""

    def __init__(self, now: datetime = NOON) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **by: float) -> None:
        self.now += timedelta(**by)


class Counting:
    """Ids and secrets, numbered in the order of the calls."""

    def __init__(self) -> None:
        self.count = 0

    def id(self) -> UUID:
        self.count += 1
        return UUID(int=self.count)

    def secret(self) -> str:
        self.count += 1
        return f"secret {self.count}"


class PlainHasher(PasswordHasher):
    """Keeps the hashes that it was given. `meanwhile` runs once, during the next call: a race."""

    def __init__(self) -> None:
        self.verified: list[str | None] = []
        self.meanwhile: Callable[[], object] | None = None

    def hash(self, password: str) -> str:
        self._wait()
        return f"hash of {password}"

    def _wait(self) -> None:
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile:
            meanwhile()

    def verify(self, password: str, password_hash: str | None) -> bool:
        self._wait()
        self.verified.append(password_hash)
        return password_hash in {f"hash of {password}", f"old hash of {password}"}

    def outdated(self, password_hash: str) -> bool:
        return password_hash.startswith("old ")


class StepCodes(OneTimeCodes):
    """The right code is the number of its time step, with six digits."""

    def new_secret(self) -> str:
        return "JBSWY3DPEHPK3PXP"

    def step(self, secret: str, code: str, now: datetime) -> int | None:
        present = int(now.timestamp()) // STEP_SECONDS
        return next((step for step in range(present - 1, present + 2) if code == self.code(step)), None)

    def code(self, step: int) -> str:
        return f"{step % 1_000_000:06}"

    def url(self, secret: str, account: str) -> str:
        return f"otpauth://totp/{account}?secret={secret}"

    def qr_svg(self, text: str) -> str:
        return f"<svg>{text}</svg>"


class FakeMailer(Mailer):
    """Keeps the mails. While `broken`, it refuses them."""

    def __init__(self) -> None:
        self.sent: list[Mail] = []
        self.broken = False

    def send(self, mail: Mail) -> None:
        if self.broken:
            raise MailNotSent("the mail server answered 451")
        self.sent.append(replace(mail))


class TagSanitizer(Sanitizer):
    def plain(self, unsafe_text: str) -> str:
        return unsafe_text.replace("<b>", "").replace("</b>", "")


def plain_syntax(unsafe_email: str) -> tuple[str, str]:
    local, at, domain = unsafe_email.partition("@")
    if not (local and at and "." in domain):
        raise Invalid("email", "That does not look like an email address.")
    return local, domain.lower()


def long_is_strong(password: str, known_words: Sequence[str]) -> tuple[int, str]:
    return (4, "") if len(password) > 12 else (1, "It is short.")
