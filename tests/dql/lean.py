"""Texts meant to hurt may be refused or taken, but not at the cost of the memory, the stack or the work."""

import contextlib
import sys
import tracemalloc
from collections.abc import Callable
from types import FrameType

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


def calls_of(read: Callable[[], object]) -> int:
    """Return how many functions `read` calls; that it raises DqlError is as good as an answer."""
    count = 0

    def called(frame: FrameType, event: str, what: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(called)
    try:
        with contextlib.suppress(DqlError):
            read()
    finally:
        sys.setprofile(before)
    return count


def grows_evenly(read: Callable[[str], object], text: Callable[[int], str], size: int = 2000) -> bool:
    """Return whether four times the text costs `read` about four times the calls, or fewer."""
    return calls_of(lambda: read(text(4 * size))) <= 4.5 * calls_of(lambda: read(text(size))) + 100
