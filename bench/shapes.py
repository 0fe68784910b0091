"""Measure what the shape of a query costs, in µs: `python -m bench.shapes > bench/results/shapes.txt`."""

import platform
import timeit
from collections.abc import Callable
from functools import partial
from time import process_time

from otterd.core.facts import Facts
from otterd.core.operation import Caller, Door, Entry, Operation, Purpose, Rpc
from otterd.dql.cache import Shapes
from otterd.dql.digest import words
from otterd.dql.document import parse_query
from otterd.dql.fingerprint import fingerprint
from otterd.dql.lexer import lex
from otterd.dql.shape import shape
from otterd.wire import api_pb2 as api

QUERY = """query people($city: string, $age: int = 5) {
  people(func: eq(name@en, "Ada Lovelace"), first: 10, offset: 20) @filter(ge(age, 18) and not has(gone)) {
    uid
    name@en
    age
    friend @facets(since) (first: 5, orderasc: name) @filter(eq(city, $city) or lt(age, $age)) { name }
  }
}"""
VARIABLES = {"$city": "London"}
COMMENTED = QUERY.replace("    uid", "    uid # every one")
SETTING = """_:a <name> "Ada Lovelace" .\n_:a <age> "36" .\n_:a <city> _:london ."""
ROUNDS = 7
FLOOD = 100_000
"""Payloads that came once each, before one more is measured."""
SECONDS = 0.05


def cost(call: Callable[[], object]) -> float:
    """Return the microseconds of processor time of one call, the best of several rounds."""
    number = max(1, int(SECONDS / max(timeit.timeit(call, timer=process_time, number=1), 1e-7)))
    return min(timeit.repeat(call, timer=process_time, number=number, repeat=ROUNDS)) / number * 1e6


def unseen() -> Callable[[], object]:
    """Return a call that asks for a text never seen before, of which only literals are new."""
    shapes = Shapes(1000)
    count = iter(range(10**9))
    shapes.shape(QUERY, VARIABLES)
    return lambda: shapes.shape(QUERY.replace("Lovelace", str(next(count))), VARIABLES)


def payloads(message: api.Request, *, flood: int = 0) -> Callable[[], object]:
    """Return a call that reads a payload never seen before, of which only literals are new."""
    facts = Facts(Shapes(20_000))
    caller, entry = Caller(Door.GRPC, ""), Entry(Door.GRPC, "Query", "1", 0.0)
    template = message.SerializeToString()
    count = iter(range(10**7, 10**8))

    def ask() -> object:
        # As many digits as it has letters: the message's lengths stay what they are.
        payload = template.replace(b"Lovelace", b"%d" % next(count))
        return facts.of(Operation(Purpose.QUERY, Rpc("Query", payload), caller, entry))

    for _ in range(flood):
        ask()
    return ask


def long(blocks: int) -> str:
    """Return a query of so many blocks."""
    body = QUERY[QUERY.index("{") + 1 : -1].replace("$city", '"x"').replace("$age", "5")
    return "{" + "".join(body.replace("people(", f"people{number}(") for number in range(blocks)) + "}"


def main() -> None:
    """Print the tables."""
    shapes = Shapes(1000)
    asked = api.Request(query=QUERY, vars=VARIABLES)
    written = api.Request(mutations=[api.Mutation(set_nquads=SETTING.encode())], commit_now=True)
    rows: list[tuple[str, Callable[[], object]]] = [
        ("parse", lambda: parse_query(QUERY, VARIABLES)),
        ("words of the digest", lambda: words(lex(QUERY))),
        ("shape: parse, walk and digest", lambda: shape(QUERY, VARIABLES)),
        ("cache: a new text", lambda: Shapes(1000).shape(QUERY, VARIABLES)),
        ("fingerprint", lambda: fingerprint(QUERY)),
        ("fingerprint, a comment in the text", lambda: fingerprint(COMMENTED)),
        ("fingerprint, a comment on each line", lambda: fingerprint(QUERY.replace("\n", " # that\n"))),
        ("cache: new literals", unseen()),
        ("cache: exact repeat", lambda: shapes.shape(QUERY, VARIABLES)),
        ("payload: new literals", payloads(asked)),
        (f"payload: the same, {FLOOD} others before", payloads(asked, flood=FLOOD)),
        ("payload: a mutation, new literals", payloads(written)),
    ]
    print(f"Python {platform.python_version()}, a query of {len(QUERY)} bytes\n")
    for name, call in rows:
        print(f"{name:<44}{cost(call):>10.2f} µs")
    print("\n   bytes   shape, µs for 300 bytes   fingerprint, µs for 300 bytes")
    for blocks in (1, 3, 10, 30, 50):
        text = long(blocks)
        each = [cost(partial(call, text)) / len(text) * 300 for call in (shape, fingerprint)]
        print(f"{len(text):>8}{each[0]:>26.1f}{each[1]:>32.2f}")


if __name__ == "__main__":
    main()
