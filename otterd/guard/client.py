"""Who the client is: the peer, or what proxies that are trusted say in X-Forwarded-For."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

Address = IPv4Address | IPv6Address
Networks = Sequence[IPv4Network | IPv6Network]

LOOPBACK: Final = ip_address("127.0.0.1")
MOST_HOPS: Final = 64


def networks(cidrs: Iterable[str]) -> Networks:
    """Parse CIDRs; a bare address is a network of one."""
    return tuple(ip_network(cidr.strip(), strict=False) for cidr in cidrs)


@lru_cache(4096)
def parse(text: str) -> Address | None:
    """Read an address as peers and proxies write it (with port, brackets or zone), else None."""
    text = text.strip().strip('"')
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


@lru_cache(4096)
def seen(peer: str) -> tuple[Address | None, str | None]:
    """Return the address of a `peer` that forwards for nobody, and the same as text, "" on a UNIX socket."""
    address = parse(peer) if peer else LOOPBACK
    return address, None if address is None else str(address) if peer else ""


def within(address: Address | None, nets: Networks) -> bool:
    """Tell whether `address` lies in one of `nets`."""
    return address is not None and any(address in net for net in nets)


def client_of(peer: str, forwarded: bytes | None, trusted: Networks) -> Address | None:
    """Return the client's address, None when it is hidden.

    A trusted peer's X-Forwarded-For is read from the right, for only what trusted proxies
    appended is true: the first address outside `trusted` is the client. What an untrusted peer
    forwards hides the client. A UNIX socket's peer, `""`, is this host.
    """
    address = parse(peer) if peer else LOOPBACK
    if forwarded is None:
        return address
    if not within(address, trusted):
        return None
    hop = address
    for field in reversed(forwarded.rsplit(b",", MOST_HOPS)):
        hop = parse(field.decode("latin-1"))
        if not within(hop, trusted):
            return hop
    return hop
