"""Rate limits: how often something may be tried."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address
from math import ceil

# Clocks of two processes may differ by this much.
CLOCKS_DIFFER = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `times` in any `seconds` from the first."""

    name: str
    times: int
    seconds: int

    def end(self, now: datetime) -> datetime:
        """When a count that begins now is over."""
        return now + timedelta(seconds=self.seconds)

    def latest(self, now: datetime) -> datetime:
        """A stored end after this is over, too: it is from a clock that was set back."""
        return self.end(now) + CLOCKS_DIFFER

    def retry_after(self, seconds: float) -> int:
        """The wait as a client is told it: whole seconds, never more than the limit."""
        return min(max(1, ceil(seconds)), self.seconds)


# A wrong current password counts like one at the login: both are guesses of a password.
WRONG_PASSWORDS = Limit("login", 10, 5 * 60)
WRONG_PASSWORDS_PER_IP = Limit("login-ip", 100, 5 * 60)
REGISTRATIONS = Limit("register", 30, 60 * 60)
LINKS_ASKED_FOR = Limit("forgot", 30, 60 * 60)
MAILS_PER_HOUR = Limit("mail-hour", 5, 60 * 60)
MAILS_PER_DAY = Limit("mail-day", 20, 24 * 60 * 60)
EXPORTS = Limit("export", 10, 60 * 60)
# Each writes an event, and a notice to the mailbox of the account.
RENAMES = Limit("rename", 20, 24 * 60 * 60)
# Counted for the address, which may be a stranger's: they do not begin anew with another account.
EMAIL_CHANGES = Limit("change-email", 20, 24 * 60 * 60)
PASSWORD_CHANGES = Limit("change-password", 20, 24 * 60 * 60)
# Each writes an event.
NEW_TEAMS = Limit("new-team", 20, 24 * 60 * 60)
TEAM_RENAMES = Limit("rename-team", 100, 24 * 60 * 60)


def network_of(ip: str) -> str:
    """What is counted for an address. An IPv6 address counts as its /64: one client has billions of them."""
    try:
        address = ip_address(ip)
    except ValueError:
        return ip
    if not isinstance(address, IPv6Address):
        return ip
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return f"{IPv6Address(int(address) >> 64 << 64)}/64"
