"""The client of a request: its address and its user agent."""

from ipaddress import IPv4Network, IPv6Network, ip_address

from domain.sessions import LONGEST_USER_AGENT, Client

Networks = tuple[IPv4Network | IPv6Network, ...]


def client_of(peer: str, forwarded_for: str, user_agent: str, trusted: Networks) -> Client:
    """The client as the connection, or a trusted proxy, tells it."""
    agent = user_agent[:LONGEST_USER_AGENT]
    if not agent.isprintable():
        agent = "".join(letter if letter.isprintable() else " " for letter in agent)
    return Client(behind_proxies(peer, forwarded_for, trusted) if trusted else peer, agent)


def behind_proxies(peer: str, forwarded_for: str, trusted: Networks) -> str:
    """The address that the outermost trusted proxy saw.

    Each proxy appends the address of its peer, so only what trusted proxies appended is true: read from the
    right, and stop at the first that is not trusted. Any client can write what stands further left.
    """
    address = peer
    for hop in reversed(forwarded_for.split(",")):
        if not _within(address, trusted):
            break
        try:
            # Without the zone of a link-local address, which may be of any length.
            address = str(ip_address(hop.strip().partition("%")[0]))
        except ValueError:
            break
    return address


def _within(address: str, networks: Networks) -> bool:
    try:
        return any(ip_address(address) in network for network in networks)
    except ValueError:
        return False
