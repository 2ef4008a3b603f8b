"""The client of a request: the IP address that counts, and the user agent."""

from ipaddress import ip_network

import pytest

from domain.sessions import LONGEST_USER_AGENT, Client
from entrypoints.api.clients import client_of

PROXIES = (ip_network("10.0.0.0/8"), ip_network("2001:db8:1::/48"))


@pytest.mark.parametrize(
    "peer, forwarded, address",
    [
        ("10.0.0.1", "203.0.113.9", "203.0.113.9"),
        ("10.0.0.1", " 198.51.100.1, 2001:DB8::1 ", "2001:db8::1"),
        ("10.0.0.1", "198.51.100.1, 203.0.113.5, 10.0.0.2", "203.0.113.5"),  # through several proxies
        ("2001:db8:1::1", "203.0.113.9", "203.0.113.9"),
        ("10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"),
        ("10.0.0.1", "198.51.100.1, no address", "10.0.0.1"),
        ("10.0.0.1", "no address, 10.0.0.2", "10.0.0.2"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", ",,", "10.0.0.1"),
        ("10.0.0.1", "fe80::1%" + "x" * 60, "fe80::1"),
        ("203.0.113.5", "198.51.100.1", "203.0.113.5"),
        ("", "198.51.100.1", ""),
    ],
)
def test_a_forwarded_address_is_believed_from_a_trusted_proxy_only(peer, forwarded, address):
    assert client_of(peer, forwarded, "", PROXIES).ip == address
    assert client_of(peer, forwarded, "", ()).ip == peer


def test_a_user_agent_is_cut_and_stays_on_one_line():
    agent = client_of("192.0.2.1", "", "Engine\t1.0\r\n" + "x" * 300, ())

    assert agent == Client("192.0.2.1", ("Engine 1.0  " + "x" * 300)[:LONGEST_USER_AGENT])
