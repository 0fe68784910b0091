"""What the guard allows an admitted request."""

from dataclasses import dataclass


@dataclass(slots=True, frozen=True)
class Grant:
    """`lend` says that the gateway's own ACL account may be used; `client` is the caller's address.

    `client` is "" where the address is unknown (UNIX socket) or hidden behind a proxy that
    is not trusted.
    """

    lend: bool
    client: str
