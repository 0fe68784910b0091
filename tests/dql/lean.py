"""Texts meant to hurt may be refused or taken, but not at the cost of the memory or the stack."""

import contextlib
import tracemalloc
from collections.abc import Callable

from otterd.dql.errors import DqlError

MOST = 20_000_000
"""Bytes that reading a text of 1 MB may take besides the text."""


def bytes_of(read: Callable[[], object]) -> int:
    """Return the most bytes that `read` takes at once; that it raises DqlError is as good as an answer."""
    tracemalloc.start()
    try:
        with contextlib.suppress(DqlError):
            read()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
