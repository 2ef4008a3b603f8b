"""Rate limits: what is counted for which subject."""

from dataclasses import dataclass

from application.ports import RateLimiter
from domain.errors import TooManyAttempts
from domain.limits import LINKS_ASKED_FOR, LOGINS, MAILS_PER_DAY, MAILS_PER_HOUR, REGISTRATIONS, network_of
from domain.sessions import Client
from domain.users import key_of


@dataclass(frozen=True, slots=True)
class Limits:
    """Every method but `may_mail` and `clear` raises TooManyAttempts, before any slow work is done."""

    limiter: RateLimiter

    def password(self, email: str, client: Client) -> None:
        """A guess of a password, at login or before a dangerous change."""
        self.limiter.count(LOGINS, f"email:{key_of(email)}")
        self.limiter.count(LOGINS, f"ip:{network_of(client.ip)}")

    def registration(self, client: Client) -> None:
        self.limiter.count(REGISTRATIONS, f"ip:{network_of(client.ip)}")

    def link(self, email: str, client: Client) -> None:
        """A client without a session asks for a link to an address that may have no account.

        Counted apart from the mails: otherwise other mail to the address would tell that it has an account.
        """
        self.limiter.count(LINKS_ASKED_FOR, f"ip:{network_of(client.ip)}")
        self.limiter.count(MAILS_PER_HOUR, f"asked:{key_of(email)}")
        self.limiter.count(MAILS_PER_DAY, f"asked:{key_of(email)}")

    def mail(self, email: str) -> None:
        self.limiter.count(MAILS_PER_HOUR, f"email:{key_of(email)}")
        self.limiter.count(MAILS_PER_DAY, f"email:{key_of(email)}")

    def may_mail(self, email: str) -> bool:
        """The same for a use case that goes on without the mail."""
        try:
            self.mail(email)
        except TooManyAttempts:
            return False
        return True

    def clear(self, email: str) -> None:
        """The user has proven to read the mailbox: earlier guesses of the password no longer count."""
        self.limiter.forget(LOGINS, f"email:{key_of(email)}")
