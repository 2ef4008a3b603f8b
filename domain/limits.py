"""Rate limits: how often something may be tried."""

from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `times` in any `seconds` from the first."""

    name: str
    times: int
    seconds: int


# A guess of a current password counts like a login: both are guesses of a password.
LOGINS = Limit("login", 10, 5 * 60)
REGISTRATIONS = Limit("register", 30, 60 * 60)
LINKS_ASKED_FOR = Limit("forgot", 30, 60 * 60)
MAILS_PER_HOUR = Limit("mail-hour", 5, 60 * 60)
MAILS_PER_DAY = Limit("mail-day", 20, 24 * 60 * 60)


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
