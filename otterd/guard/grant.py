"""What the guard allows an admitted request."""

import msgspec


class Grant(msgspec.Struct, frozen=True, gc=False):
    """`lend` says that the gateway's own ACL account may be used; `client` is the caller's address.

    `client` is "" where the address is unknown (UNIX socket) or hidden behind a proxy that
    is not trusted.
    """

    lend: bool
    client: str
