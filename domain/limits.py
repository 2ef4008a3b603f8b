"""Rate limits: how often a client or a user may do something."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address
from math import ceil

# The clocks of two machines may differ by this much.
CLOCK_SKEW = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `times` in one window. The window begins with the first count and lasts `seconds`."""

    name: str
    times: int
    seconds: int

    def end(self, now: datetime) -> datetime:
        """The end of a window that begins now."""
        return now + timedelta(seconds=self.seconds)

    def latest_end(self, now: datetime) -> datetime:
        """A window with a later end counts as over. Its end was stored before the clock was set back."""
        return self.end(now) + CLOCK_SKEW

    def retry_after(self, wait: float) -> int:
        """The seconds for the header Retry-After: `wait` rounded up, from 1 to the length of the window."""
        return min(max(1, ceil(wait)), self.seconds)


# Of the second factor. A code has six digits: NIST SP 800-63B, 5.2.2 allows 100 wrong ones in a row at most.
WRONG_CODES = Limit("code", 10, 30 * 60)
# For the login and for each use case that asks for the current password: both are guesses.
WRONG_PASSWORDS = Limit("login", 10, 5 * 60)
WRONG_PASSWORDS_PER_IP = Limit("login-ip", 100, 5 * 60)
REGISTRATIONS = Limit("register", 30, 60 * 60)
LINK_REQUESTS = Limit("forgot", 30, 60 * 60)
MAILS_PER_HOUR = Limit("mail-hour", 5, 60 * 60)
MAILS_PER_DAY = Limit("mail-day", 20, 24 * 60 * 60)
EXPORTS = Limit("export", 10, 60 * 60)
# A rename writes an event and sends a mail.
RENAMES = Limit("rename", 20, 24 * 60 * 60)
# Counted by address, not by account: a new account with the same address does not reset them.
EMAIL_CHANGES = Limit("change-email", 20, 24 * 60 * 60)
PASSWORD_CHANGES = Limit("change-password", 20, 24 * 60 * 60)
# Each writes an event.
NEW_TEAMS = Limit("new-team", 20, 24 * 60 * 60)
INVITATIONS = Limit("invite", 100, 24 * 60 * 60)
NEW_TOKENS = Limit("new-token", 20, 24 * 60 * 60)
TEAM_RENAMES = Limit("rename-team", 100, 24 * 60 * 60)


def network_of(ip: str) -> str:
    """The IPv4 address, or the /64 network of an IPv6 address: one client has a whole /64."""
    try:
        address = ip_address(ip)
    except ValueError:
        return ip
    if not isinstance(address, IPv6Address):
        return ip
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return f"{IPv6Address(int(address) >> 64 << 64)}/64"
