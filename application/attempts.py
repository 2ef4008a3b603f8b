"""How often somebody may try: the limits, and what is counted for whom."""

from dataclasses import dataclass

from application.ports import RateLimiter
from domain.errors import TooManyAttempts
from domain.limits import LINKS_ASKED_FOR, LOGINS, MAILS_PER_DAY, MAILS_PER_HOUR, REGISTRATIONS, place_of
from domain.sessions import Client


@dataclass(frozen=True, slots=True)
class Attempts:
    """All of these raise TooManyAttempts, before anything slow is done."""

    limiter: RateLimiter

    def password(self, email: str, client: Client) -> None:
        """A guess of somebody's password, by logging in or to confirm a dangerous change."""
        self.limiter.count(LOGINS, f"email:{email}")
        self.limiter.count(LOGINS, f"ip:{place_of(client.ip)}")

    def registration(self, client: Client) -> None:
        self.limiter.count(REGISTRATIONS, f"ip:{place_of(client.ip)}")

    def link(self, email: str, client: Client) -> None:
        """Somebody, perhaps a stranger, asks for a link to an address, perhaps nobody's.

        Counted apart from the mails: what else was sent there would tell that somebody has the address.
        """
        self.limiter.count(LINKS_ASKED_FOR, f"ip:{place_of(client.ip)}")
        self.limiter.count(MAILS_PER_HOUR, f"asked:{email}")
        self.limiter.count(MAILS_PER_DAY, f"asked:{email}")

    def mail(self, email: str) -> None:
        self.limiter.count(MAILS_PER_HOUR, f"email:{email}")
        self.limiter.count(MAILS_PER_DAY, f"email:{email}")

    def may_mail(self, email: str) -> bool:
        """The same for those who go on without the mail."""
        try:
            self.mail(email)
        except TooManyAttempts:
            return False
        return True

    def proven(self, email: str) -> None:
        """They read the mailbox: guesses that others made are held against them no longer."""
        self.limiter.forget(LOGINS, f"email:{email}")
