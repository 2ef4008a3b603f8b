"""Where a request comes from."""

from ipaddress import IPv4Network, IPv6Network, ip_address

from flask import Flask, current_app, request

from domain.sessions import LONGEST_USER_AGENT, Client

Networks = tuple[IPv4Network | IPv6Network, ...]


def trust_proxies(app: Flask, networks: Networks) -> None:
    app.config["TRUSTED_PROXIES"] = networks


def client() -> Client:
    """Who sends this request, as far as the connection or a proxy that we trust can tell."""
    environ = request.environ
    ip = environ.get("REMOTE_ADDR") or ""
    networks: Networks = current_app.config["TRUSTED_PROXIES"]
    if networks:
        ip = behind_proxies(ip, environ.get("HTTP_X_FORWARDED_FOR", ""), networks)
    agent = environ.get("HTTP_USER_AGENT", "")[:LONGEST_USER_AGENT]
    if not agent.isprintable():
        agent = "".join(letter if letter.isprintable() else " " for letter in agent)
    return Client(ip, agent)


def behind_proxies(peer: str, forwarded_for: str, networks: Networks) -> str:
    """The address that the outermost trusted proxy saw.

    Each proxy appends the address of its peer, so only what trusted ones appended is true: read from the
    right, and stop at the first that is not one of them. What stands further left anybody can write.
    """
    address = peer
    for hop in reversed(forwarded_for.split(",")):
        if not _within(address, networks):
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
