"""Which port offset a cluster may take."""

import random
import socket

INTERNAL, HTTP, GRPC = 7080, 8080, 9080
ZERO_GRPC, ZERO_HTTP = 5080, 6080

LOWEST, HIGHEST, STEP = 200, 900, 10


def ports_of(offset: int, alphas: int) -> list[int]:
    """Return every port that a zero and `alphas` alphas take at `offset`."""
    taken = [ZERO_GRPC + offset, ZERO_HTTP + offset]
    for base in (INTERNAL, HTTP, GRPC):
        taken += [base + offset + i for i in range(alphas)]
    return taken


def free_offset(alphas: int) -> int:
    """Return an offset whose ports are all free now; raises OSError when there is none.

    The search starts at a random place, so that clusters started at the same time differ.
    """
    offsets = list(range(LOWEST, HIGHEST, STEP))
    start = random.randrange(len(offsets))
    for offset in offsets[start:] + offsets[:start]:
        if all(_free(port) for port in ports_of(offset, alphas)):
            return offset
    raise OSError("no port offset is free")


def free_ports(count: int) -> list[int]:
    """Return `count` loopback ports that were free a moment ago."""
    held = [socket.socket() for _ in range(count)]
    try:
        for one in held:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in held]
    finally:
        for one in held:
            one.close()


def _free(port: int) -> bool:
    with socket.socket() as probe:
        # As Dgraph's own listeners do: a closed connection's leftover does not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
