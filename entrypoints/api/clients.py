"""The client of a request: its address and its user agent."""

from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from domain.sessions import LONGEST_USER_AGENT, Client

Networks = tuple[IPv4Network | IPv6Network, ...]


def client_of(peer: str, forwarded_for: str, user_agent: str, trusted: Networks) -> Client:
    """The client, with the address of the connection or the one that a trusted proxy reports."""
    agent = user_agent[:LONGEST_USER_AGENT]
    if not agent.isprintable():
        agent = "".join(letter if letter.isprintable() else " " for letter in agent)
    peer = plain(peer) or peer
    return Client(behind_proxies(peer, forwarded_for, trusted) if trusted else peer, agent)


def behind_proxies(peer: str, forwarded_for: str, trusted: Networks) -> str:
    """The address of the client that connected to the outermost trusted proxy.

    Each proxy appends the address of its peer. So the header is read from the right, up to the first address
    that is not a trusted proxy. The client itself can have written all addresses before that one.
    """
    address = peer
    for hop in reversed(forwarded_for.split(",")):
        if not _within(address, trusted):
            break
        seen = plain(hop)
        if seen is None:
            break
        address = seen
    return address


@lru_cache(1024)
def plain(spelled: str) -> str | None:
    """The address without quotes, brackets, port and zone. None for a text that is no address.

    `::ffff:a.b.c.d` becomes the IPv4 address a.b.c.d.
    """
    host = spelled.strip().strip('"')
    if host.startswith("["):
        host = host[1:].partition("]")[0]
    elif host.count(":") == 1:
        host = host.partition(":")[0]
    try:
        found = ip_address(host.partition("%")[0])  # a zone may have any length
    except ValueError:
        return None
    return str(getattr(found, "ipv4_mapped", None) or found)


def networks_of(spelled: str) -> Networks:
    """Addresses and networks with commas or spaces between. Raise ValueError, whose message quotes them."""
    return tuple(_network(part) for part in spelled.replace(",", " ").split())


def _network(spelled: str) -> IPv4Network | IPv6Network:
    address, slash, size = spelled.partition("/")
    if not slash:
        return ip_network(plain(address) or address)
    found = ip_network(f"{address.strip('[]')}/{size}", strict=False)  # 10.0.0.5/8 is 10.0.0.0/8
    mapped = getattr(found.network_address, "ipv4_mapped", None)
    return IPv4Network((mapped, found.prefixlen - 96)) if mapped and found.prefixlen >= 96 else found


def _within(address: str, networks: Networks) -> bool:
    try:
        return any(ip_address(address) in network for network in networks)
    except ValueError:
        return False
