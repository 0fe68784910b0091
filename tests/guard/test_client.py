"""The client is the right-most forwarded address that no trusted proxy has."""

import pytest

from otterd.guard.client import client_of, networks, parse, within

PROXIES = networks(["10.0.0.0/8", "127.0.0.1", "fd00::/8"])


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("203.0.113.9", None, "203.0.113.9"),
        ("10.1.1.1", None, "10.1.1.1"),
        ("10.1.1.1", b"198.51.100.7", "198.51.100.7"),
        ("10.1.1.1", b"127.0.0.1, 198.51.100.7", "198.51.100.7"),
        ("10.1.1.1", b"127.0.0.1,198.51.100.7 , 10.2.2.2", "198.51.100.7"),
        ("10.1.1.1", b"10.3.3.3, 10.2.2.2", "10.3.3.3"),
        ("10.1.1.1", b"198.51.100.7:4711", "198.51.100.7"),
        ("10.1.1.1", b'"[2001:db8::1]:4711"', "2001:db8::1"),
        ("::ffff:10.1.1.1", b"::ffff:198.51.100.7", "198.51.100.7"),
        ("fd00::1", b"2001:db8::2", "2001:db8::2"),
        ("10.1.1.1", b"127.0.0.1, unknown", None),
        ("10.1.1.1", b"127.0.0.1, ", None),
        ("10.1.1.1", b"", None),
        ("203.0.113.9", b"127.0.0.1", None),
        ("", None, "127.0.0.1"),
        ("", b"198.51.100.7", "198.51.100.7"),
        ("not an address", None, None),
    ],
)
def test_the_client_is_the_rightmost_address_outside_the_trusted_networks(
    peer: str, forwarded: bytes | None, client: str | None
) -> None:
    found = client_of(peer, forwarded, PROXIES)
    assert (None if found is None else str(found)) == client


def test_without_trusted_proxies_a_forwarded_address_hides_the_client() -> None:
    assert client_of("127.0.0.1", b"127.0.0.1", ()) is None
    assert client_of("", b"127.0.0.1", ()) is None


def test_a_very_long_chain_is_read_only_so_far() -> None:
    chain = b",".join([b"198.51.100.7"] + [b"10.0.0.1"] * 500)
    assert client_of("10.1.1.1", chain, PROXIES) is None


def test_a_zone_does_not_take_an_address_out_of_its_network() -> None:
    assert within(parse("fe80::1%eth0"), networks(["fe80::/10"]))
