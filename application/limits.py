"""Rate limits: each use case that has one, with the subject that is counted."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass
from uuid import UUID

from application.ports import RateLimiter, TakeBack
from domain.errors import TooManyAttempts, Unavailable
from domain.limits import (
    EMAIL_CHANGES,
    EXPORTS,
    INVITATIONS,
    LINK_REQUESTS,
    MAILS_PER_DAY,
    MAILS_PER_HOUR,
    NEW_TEAMS,
    NEW_TOKENS,
    PASSWORD_CHANGES,
    REGISTRATIONS,
    RENAMES,
    TEAM_RENAMES,
    WRONG_CODES,
    WRONG_PASSWORDS,
    WRONG_PASSWORDS_PER_IP,
    Limit,
    network_of,
)
from domain.logins import WrongLoginCode
from domain.sessions import Client
from domain.two_factor import WrongCode, WrongProof
from domain.users import key_of

WRONG_CODE = (WrongLoginCode, WrongProof, WrongCode)
# Counted apart: a client with a session, and without the password, must not lock the login.
CODE_PLACES = ("login", "session")


@dataclass(frozen=True, slots=True)
class Limits:
    """Each method except `try_mail` and `clear` raises TooManyAttempts.

    Attempts are counted before the work, so that concurrent requests cannot exceed a limit. A context manager
    takes its counts back when its block fails. Enter it before the unit of work: SQLite has one writer.
    """

    limiter: RateLimiter

    def guess(self, email: str, client: Client, verify: Callable[[], bool]) -> bool:
        """The result of `verify`: whether the password is right. Only a wrong password stays counted."""
        ip = network_of(client.ip)
        with self._all(
            (WRONG_PASSWORDS_PER_IP, f"ip:{ip}"), (WRONG_PASSWORDS, f"email:{key_of(email)}")
        ) as counted:
            right = verify()
            if not right:
                counted.pop_all()
        return right

    def code(self, user_id: UUID, place: str) -> AbstractContextManager[None]:
        """Only a wrong code stays counted. `place` is one of CODE_PLACES."""
        return self._wrong_code(WRONG_CODES, f"{place}:{user_id}")

    def recovery_code(self, client: Client) -> AbstractContextManager[None]:
        """Counted for the network only: a code of 80 bits cannot be guessed, and must help a locked user."""
        return self._wrong_code(WRONG_PASSWORDS_PER_IP, f"ip:{network_of(client.ip)}")

    def clear_codes(self, user_id: UUID) -> None:
        """Forget the wrong codes of an account. Its factor is another one, or off."""
        for place in CODE_PLACES:
            with suppress(Unavailable):
                self.limiter.forget(WRONG_CODES, f"{place}:{user_id}")

    def registration(self, client: Client) -> None:
        """A refused registration stays counted: the refusal shows that an address has an account."""
        self.limiter.count(REGISTRATIONS, f"ip:{network_of(client.ip)}")

    def link_request(self, email: str, client: Client) -> None:
        """For a client without a session. The address may have no account.

        Other mails to the address are not in these counts, so a refusal does not show that an account exists.
        """
        with self._all(
            (LINK_REQUESTS, f"ip:{network_of(client.ip)}"),
            (MAILS_PER_HOUR, f"asked:{key_of(email)}"),
            (MAILS_PER_DAY, f"asked:{key_of(email)}"),
        ) as counted:
            counted.pop_all()

    def mail(self, email: str) -> AbstractContextManager[None]:
        return self._counted(
            (MAILS_PER_HOUR, f"email:{key_of(email)}"), (MAILS_PER_DAY, f"email:{key_of(email)}")
        )

    @contextmanager
    def try_mail(self, email: str, known: bool = True) -> Iterator[bool]:
        """Like `mail`, but yields False in place of TooManyAttempts: the use case goes on without the mail.

        `known` is whether the address has an account. Without one another subject is counted: the same time.
        """
        with ExitStack() as stack:
            try:
                stack.enter_context(self.mail(email if known else f"unknown:{email}"))
            except TooManyAttempts:
                yield False
            else:
                yield True

    @contextmanager
    def email_change(self, old: str, new: str) -> Iterator[None]:
        """A refused change stays counted for `old`: the refusal shows that `new` has an account."""
        with self.mail(new):
            self.limiter.count(EMAIL_CHANGES, f"email:{key_of(old)}")
            yield

    def password_change(self, email: str) -> AbstractContextManager[None]:
        return self._counted((PASSWORD_CHANGES, f"email:{key_of(email)}"))

    def rename(self, user_id: UUID) -> AbstractContextManager[None]:
        return self._counted((RENAMES, f"user:{user_id}"))

    def new_team(self, user_id: UUID) -> AbstractContextManager[None]:
        return self._counted((NEW_TEAMS, f"user:{user_id}"))

    def new_token(self, user_id: UUID) -> AbstractContextManager[None]:
        return self._counted((NEW_TOKENS, f"user:{user_id}"))

    def rename_team(self, user_id: UUID) -> AbstractContextManager[None]:
        return self._counted((TEAM_RENAMES, f"user:{user_id}"))

    def invitation(self, inviter_id: UUID, email: str) -> AbstractContextManager[None]:
        """Counted apart from other mails: an inviter must not use up the links of the account's owner."""
        return self._counted(
            (INVITATIONS, f"user:{inviter_id}"),
            (MAILS_PER_HOUR, f"invited:{key_of(email)}"),
            (MAILS_PER_DAY, f"invited:{key_of(email)}"),
        )

    def export(self, user_id: UUID) -> AbstractContextManager[None]:
        return self._counted((EXPORTS, f"user:{user_id}"))

    def clear(self, email: str) -> None:
        """Forget the wrong passwords of an account. Its user has proven to read the mailbox."""
        self.limiter.forget(WRONG_PASSWORDS, f"email:{key_of(email)}")

    @contextmanager
    def _wrong_code(self, limit: Limit, subject: str) -> Iterator[None]:
        with self._all((limit, subject)) as counted:
            try:
                yield
            except WRONG_CODE:
                counted.pop_all()
                raise

    @contextmanager
    def _counted(self, *counts: tuple[Limit, str]) -> Iterator[None]:
        with self._all(*counts) as counted:
            yield
            counted.pop_all()

    def _all(self, *counts: tuple[Limit, str]) -> ExitStack:
        """Count all, or none when one is full. Leaving the stack takes them back, `pop_all` keeps them."""
        with ExitStack() as counted:
            for limit, subject in counts:
                counted.callback(_quietly, self.limiter.count(limit, subject))
            return counted.pop_all()


def _quietly(take_back: TakeBack) -> None:
    """The work is done: a limiter that is away must not turn it into an error. The count stays."""
    with suppress(Unavailable):
        take_back()
