"""Measure the parser of queries and its speed by length: `python bench/dql.py`."""

import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from otterd.dql.document import parse_query
from otterd.dql.lexer import lex

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


def main() -> None:
    """Print one line for each measure."""
    size = len(QUERY)
    print(f"lex   {size:6} bytes {microseconds(lambda: lex(QUERY), 1000):9.1f} µs")
    print(f"parse {size:6} bytes {microseconds(lambda: parse_query(QUERY), 1000):9.1f} µs")
    for times in (4, 16, 64):
        blocks = "".join(QUERY.strip("{}").replace("me(", f"me{n}(") for n in range(times))
        text = "{" + blocks + "}"
        took = microseconds(lambda text=text: parse_query(text), max(1, 400 // times))
        print(
            f"parse {len(text):6} bytes {took:9.1f} µs, {took / len(text) * size:.1f} µs for each {size} bytes"
        )


if __name__ == "__main__":
    main()
