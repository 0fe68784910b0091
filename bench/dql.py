"""Measure the parser of queries and the cache of shapes: `python bench/dql.py > bench/results/dql.txt`."""

import platform
import sys
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from otterd.dql.cache import Shapes
from otterd.dql.document import parse_query
from otterd.dql.fingerprint import fingerprint
from otterd.dql.lexer import lex
from otterd.dql.shape import shape

QUERY = """{
  me(func: eq(name@en, "Alice"), first: 10, orderasc: age) @filter(gt(age, 10) and not has(<http://x>)) {
    uid
    name@en:fr
    friend @facets(since) (first: 5) @filter(le(age, 50)) {
      n: name
      count(friend)
      dob
    }
    works_for { label founded email phone }
  }
}"""


def microseconds(work: Callable[[], object], calls: int) -> float:
    """Return the processor time of one call, best of several runs."""
    best = float("inf")
    for _ in range(9):
        start = time.process_time()
        for _ in range(calls):
            work()
        best = min(best, time.process_time() - start)
    return best / calls * 1e6


def told(what: str, text: str, work: Callable[[str], object], calls: int = 1000) -> None:
    """Print what `work` on `text` takes."""
    took = microseconds(lambda: work(text), calls)
    each = took / len(text) * len(QUERY)
    print(f"{what:24} {len(text):6} bytes {took:9.2f} µs, {each:.2f} µs for each {len(QUERY)} bytes")


def main() -> None:
    """Print one line for each measure."""
    print(f"Python {platform.python_version()}, processor time, best of several runs\n")
    told("lex", QUERY, lex)
    told("parse", QUERY, parse_query)
    for times in (4, 16, 64):
        blocks = "".join(QUERY.strip("{}").replace("me(", f"me{n}(") for n in range(times))
        told("parse", "{" + blocks + "}", parse_query, max(1, 400 // times))
    told("shape", QUERY, shape)
    told("fingerprint", QUERY, fingerprint)
    told("fingerprint, comments", QUERY.replace("\n", " # that\n"), fingerprint)
    shapes = Shapes(1000)
    numbers = count()
    told("shape, a new text", QUERY, lambda text: Shapes(1000).shape(text))
    told("shape, other literals", QUERY, lambda text: shapes.shape(text.replace("10", str(next(numbers)))))
    told("shape, exact repeat", QUERY, shapes.shape)


if __name__ == "__main__":
    main()
