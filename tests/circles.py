"""What only a collection can free: objects that refer to themselves by way of others."""

import gc
from collections.abc import Callable


def left_in_circles(work: Callable[[], object], kind: type) -> int:
    """Return how many objects of `kind` are freed by no less than a collection once `work` is done."""
    gc.collect()
    work()
    gc.set_debug(gc.DEBUG_SAVEALL)
    try:
        gc.collect()
        return sum(type(each) is kind for each in gc.garbage)
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
