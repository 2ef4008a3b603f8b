"""The address of a client, in the spellings of proxies and listeners."""

from ipaddress import ip_network

import pytest

from entrypoints.api.clients import client_of
from entrypoints.api.gate import gate_of
from entrypoints.problems import CrossSite
from entrypoints.settings import Settings

PROXIES = (ip_network("127.0.0.1"), ip_network("10.0.0.0/8"), ip_network("2001:db8:f::/48"))


@pytest.mark.parametrize(
    "forwarded, seen",
    [
        ("198.51.100.7", "198.51.100.7"),
        ("198.51.100.7:5678", "198.51.100.7"),
        ("[2001:db8::1]:443", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ('"[2001:db8::1]:443"', "2001:db8::1"),
        ("2001:DB8:0::1", "2001:db8::1"),
        ("fe80::1%eth0", "fe80::1"),
        ("::ffff:198.51.100.7", "198.51.100.7"),
        ("[::ffff:198.51.100.7]:80", "198.51.100.7"),
        ("198.51.100.7:1, 10.0.0.2:2", "198.51.100.7"),
        ("198.51.100.7, ::ffff:10.0.0.2", "198.51.100.7"),
        ("198.51.100.7, [2001:db8:f::1]:3", "198.51.100.7"),
        ("198.51.100.7, unknown", "127.0.0.1"),
        ("[", "127.0.0.1"),
        ("", "127.0.0.1"),
    ],
)
@pytest.mark.parametrize("peer", ["127.0.0.1", "::ffff:127.0.0.1"])
def test_forwarded_addresses_are_read_in_several_spellings(peer, forwarded, seen):
    assert client_of(peer, forwarded, "", PROXIES).ip == seen


@pytest.mark.parametrize("trusted", [(), PROXIES])
def test_an_ipv4_client_of_a_dual_stack_listener_is_ipv4(trusted):
    assert client_of("::ffff:198.51.100.7", "192.0.2.1", "", trusted).ip == "198.51.100.7"


@pytest.mark.parametrize(
    "site, refused",
    [("same-origin", False), (None, True), ("none", True), ("same-site", True), ("cross-site", True)],
)
def test_the_origin_null_is_accepted_from_the_same_origin_only(site, refused):
    gate = gate_of(Settings(_env_file=None, base_url="https://app.acme.test"), lambda subdomain: False)
    headers = {"host": "app.acme.test", "origin": "null"} | ({"sec-fetch-site": site} if site else {})
    assert isinstance(gate.refusal("POST", "/logout", headers), CrossSite) == refused
