"""Rate limits: what is counted for which subject."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from uuid import UUID

from application.ports import RateLimiter
from domain.errors import TooManyAttempts
from domain.limits import (
    EMAIL_CHANGES,
    EXPORTS,
    LINKS_ASKED_FOR,
    MAILS_PER_DAY,
    MAILS_PER_HOUR,
    NEW_TEAMS,
    PASSWORD_CHANGES,
    REGISTRATIONS,
    RENAMES,
    TEAM_RENAMES,
    WRONG_PASSWORDS,
    WRONG_PASSWORDS_PER_IP,
    Limit,
    network_of,
)
from domain.sessions import Client
from domain.users import key_of


@dataclass(frozen=True, slots=True)
class Limits:
    """Every method but `may_mail` and `clear` raises TooManyAttempts, before any slow work is done.

    The counting happens before the work, so that many requests at once cannot exceed a limit. A context
    manager takes its counts back when its block fails: what did not happen uses nothing up.
    It is entered before the unit of work, because SQLite has one writer at a time.
    """

    limiter: RateLimiter

    def guess(self, email: str, client: Client, judge: Callable[[], bool]) -> bool:
        """What `judge` says of a password. Only a wrong one stays counted."""
        ip = network_of(client.ip)
        with self._all(
            (WRONG_PASSWORDS_PER_IP, f"ip:{ip}"), (WRONG_PASSWORDS, f"email:{key_of(email)}")
        ) as counted:
            right = judge()
            if not right:
                counted.pop_all()
        return right

    def registration(self, client: Client) -> None:
        """A refused one stays counted: the refusal tells which addresses have an account."""
        self.limiter.count(REGISTRATIONS, f"ip:{network_of(client.ip)}")

    def link(self, email: str, client: Client) -> None:
        """A client without a session asks for a link to an address that may have no account.

        Counted apart from the mails: otherwise other mail to the address would tell that it has an account.
        """
        with self._all(
            (LINKS_ASKED_FOR, f"ip:{network_of(client.ip)}"),
            (MAILS_PER_HOUR, f"asked:{key_of(email)}"),
            (MAILS_PER_DAY, f"asked:{key_of(email)}"),
        ) as counted:
            counted.pop_all()

    def mail(self, email: str) -> AbstractContextManager[None]:
        return self._unless_it_fails(
            (MAILS_PER_HOUR, f"email:{key_of(email)}"), (MAILS_PER_DAY, f"email:{key_of(email)}")
        )

    @contextmanager
    def may_mail(self, email: str, known: bool = True) -> Iterator[bool]:
        """The same for a use case that goes on without the mail.

        When the address has no account (not `known`), there is no mail to count. As much is counted
        elsewhere, so that both take the same time.
        """
        with ExitStack() as stack:
            try:
                stack.enter_context(self.mail(email if known else f"unknown:{email}"))
            except TooManyAttempts:
                yield False
            else:
                yield True

    @contextmanager
    def change_of_email(self, old: str, new: str) -> Iterator[None]:
        """A refused one stays counted for the account: the refusal tells which addresses have an account."""
        with self.mail(new):
            self.limiter.count(EMAIL_CHANGES, f"email:{key_of(old)}")
            yield

    def change_of_password(self, email: str) -> AbstractContextManager[None]:
        return self._unless_it_fails((PASSWORD_CHANGES, f"email:{key_of(email)}"))

    def rename(self, user_id: UUID) -> AbstractContextManager[None]:
        return self._unless_it_fails((RENAMES, f"user:{user_id}"))

    def new_team(self, user_id: UUID) -> AbstractContextManager[None]:
        return self._unless_it_fails((NEW_TEAMS, f"user:{user_id}"))

    def rename_team(self, user_id: UUID) -> AbstractContextManager[None]:
        return self._unless_it_fails((TEAM_RENAMES, f"user:{user_id}"))

    def export(self, user_id: UUID) -> AbstractContextManager[None]:
        return self._unless_it_fails((EXPORTS, f"user:{user_id}"))

    def clear(self, email: str) -> None:
        """The user has proven to read the mailbox: earlier guesses of the password no longer count."""
        self.limiter.forget(WRONG_PASSWORDS, f"email:{key_of(email)}")

    @contextmanager
    def _unless_it_fails(self, *counts: tuple[Limit, str]) -> Iterator[None]:
        with self._all(*counts) as counted:
            yield
            counted.pop_all()

    def _all(self, *counts: tuple[Limit, str]) -> ExitStack:
        """Count all, or none when one refuses. Leaving the stack takes them back; `pop_all` keeps them."""
        with ExitStack() as counted:
            for limit, subject in counts:
                counted.callback(self.limiter.count(limit, subject))
            return counted.pop_all()
