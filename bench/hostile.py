"""Measure texts of 1 MB that are meant to hurt: `python bench/hostile.py [LANGUAGE…]`, in three minutes.

Each piece is repeated after each beginning of each language, in short texts first; of each piece
the worst are then read at full length, as many as there is time for. Prints the processor time and
the memory that the worst of each language take, and fails when one is over the bound. With no
language named, what is printed is kept in `results/hostile.txt`.
"""

import platform
import sys
import time
import tracemalloc
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parent.parent))

from otterd.dql.cache import Shapes
from otterd.dql.document import parse_query
from otterd.dql.errors import DqlError
from otterd.dql.jsonmut import parse_json_mutation
from otterd.dql.mutation_blocks import parse_mutation
from otterd.dql.nquads import parse_nquads
from otterd.dql.schema import parse_schema
from otterd.dql.shape import purpose_of, shape
from otterd.dql.validity import judge, judge_nquads

SIZE = 1_000_000
"""Bytes of a text."""
SECONDS = 0.5
MEGABYTES = 20.0
SHORT = 4_000
"""Bytes of the texts that are tried first."""
BUDGET = 4.0
"""Seconds of processor time for reading the texts of a language at full length."""
HEAVIEST = 4
"""Of how many of these the memory is measured, besides that of texts that end well."""
SHOWN = 5
"""Rows of a language."""
RESULTS = Path(__file__).parent / "results" / "hostile.txt"

PIECES = (
    *"{}()[]<>\"'#@*.,:;=|/\\^~_$&%!?+- \n\r\t\0aAu0e\u00e9\u2028\ud800\U0001f600", "***.", "* * * .\n", "_:",
    "_:a", "_:a ", "<a>", "<a> ", "<a> <b> <c> .\n", "<a><b><c>.\n", '"a"', '""', '"a', '\\"', "\\u",
    "\\u0041", "\\ud800", "\\x", "\\n", "uid(", "val(a)", "@en", "^^", "^^<xs:int>", "(a=1)", "a=1,",
    'a="b",', "=,", ",,", "#\n", "a\n", "\n\n", ". ", "a ", "a.", "a:b,", "1,", '"a":', '{"a":', '{"a":1},',
    "{},", "[],", "[[", "{{", "}{", "{}", "()", "[]", "null,", "1e9,", "-", "1", "9", "1_", '"a":1,',
    '"uid":"_:a",', '"a|b":1,', '["a"],', "a: int .\n", "type a {\n", "...a", "set{", "{set{", "upsert{",
    "query{", "mutation{", "not ", "has(a)and ", "@if(", "@filter(", "@facets(", "# {\n", "<>", "\\", "1+",
    "-(", "1e999,", "[1,2],", "/a/", "...", "&&", "<\\u0041>", "true,",
)  # fmt: skip
"""What is repeated."""


class Language(NamedTuple):
    """How to read texts of one language, and the beginnings that lead into its corners."""

    read: Callable[[str], object]
    beginnings: tuple[str, ...]


def _set_json(text: str) -> None:
    parse_json_mutation(text.encode("utf-8", "surrogatepass"), delete=False)


def _delete_json(text: str) -> None:
    parse_json_mutation(text.encode("utf-8", "surrogatepass"), delete=True)


_QUERIES = (
    "", "{", "{ q", "{ q(", "{ q(func: ", "{ q(func: eq(a, ", '{ q(func: eq(a, "', "{ q(func: regexp(a, /",
    "{ q(func: uid(", "{ q(func: uid(1)) ", "{ q(func: uid(1)) @filter(", "{ q(func: uid(1)) { ",
    "{ q(func: uid(1)) { <", "{ q(func: uid(1)) { a @facets(", "{ q(func: uid(1)) { a: math(",
    "{ q(func: uid(1)) { a @", "query q(", "query q($a: int = ", "fragment f { ", "schema {",
    "{ q(func: uid(1)) { a } } ", "{ q(func: uid(1)) @groupby(", "{ q(func: uid(1)) @recurse(",
    "{ q(func: uid(1)) { expand(", "{ q(func: near(a, [",
)  # fmt: skip
_BLOCKS = (
    "", "{ set {", '{ set { "', "{ set {} ", "{ set {} } ", "{ set {} } { q", "{ set {} } query q(",
    "upsert {", "upsert { query {", 'upsert { query { "', "upsert { query {} mutation ",
    "upsert { query {} mutation @if(", "upsert { query {} mutation {", "upsert { query {} mutation { set {",
    "upsert { query {} mutation { set {} } ", "upsert { query {} mutation { set {} } } ", "mutation ",
    "mutation { ", "upsert ", "upsert { fragment f ",
)  # fmt: skip
_NQUADS = (
    "", "<", "_:", "_:a ", "uid(", "uid( v ", "<a> ", "<a> <", "<a> <b> ", "<a> <b> <", "<a> <b> _:",
    '<a> <b> "', '<a> <b> "\\', '<a> <b> "a"', '<a> <b> "a"@', '<a> <b> "a"@en', '<a> <b> "a"^^<',
    '<a> <b> "a"^^<xs:int> ', "<a> <b> <c> ", "<a> <b> <c> <", "<a> <b> <c> (", "<a> <b> <c> (a",
    "<a> <b> <c> (a=", '<a> <b> <c> (a="', "<a> <b> <c> (a=1, ", "<a> <b> <c> (a=1) ", "<a> <b> <c> .",
    "<a> <b> <c> . ", "<a> <b> <c> . #", "* * * .\n", "#", "\n", "<a> <b> <c> (a=1) <1> .\n", "<a> <b> val(",
    '<a> <b> "[', "<a> <b> <c> <1> ",
)  # fmt: skip
_JSON = (
    "", "{", "[", "[[", "[{", '{"', '{"a', '{"a"', '{"a":', '{"a":"', '{"a":"\\', '{"a":[', '{"a":[{',
    '{"a":[{},', '{"a":1,', '{"a":1', '{"a":-', '{"a":1.', '{"a":1e', "[{},", '{"uid":"', '{"uid":',
    '{"uid":"_:', '{"a|b":{', '{"a":"x","a|b":', '{"a":{"type":"Point","coordinates":[', '{"set":[',
    '{"a":{"type":"Point","type":', '{"a":"[', '{"a":[1,', '{"namespace":"',
)  # fmt: skip
_SCHEMAS = (
    "", "a", "a: ", "a: int ", "a: int .\n", "a: [", "a: [int] ", "a: string @", "a: string @index(",
    "a: string @index(term) ", "a: float32vector @index(hnsw(", 'a: float32vector @index(hnsw(metric:"',
    "type ", "type a {", "type a {\nb\n", "<", "<a>: ", "[0x1] ", "#", "type a {\nb: [", "[",
)  # fmt: skip

LANGUAGES = {
    "query": Language(parse_query, _QUERIES),
    "shape": Language(shape, ("", *_BLOCKS[1:3], "{ q(func: uid(1)) {", "#", "upsert {")),
    "purpose": Language(purpose_of, ("", "{ set {", "#", "upsert {", "{ q")),
    "cache": Language(
        lambda text: Shapes(9).shape(text), ("", "{ q(func: eq(a, ", '{ q(func: eq(a, "', "{ set {")
    ),
    "blocks": Language(parse_mutation, _BLOCKS),
    "N-Quads": Language(parse_nquads, _NQUADS),
    "set JSON": Language(_set_json, _JSON),
    "delete JSON": Language(_delete_json, ('{"uid":"0x1",', '{"uid":"0x1","a":', '[{"uid":"0x1"},')),
    "schema": Language(parse_schema, _SCHEMAS),
    "validity": Language(
        judge,
        ("", "{ set {", "{ delete {", "upsert { query {", "upsert { query {} mutation { set { <a> <b> <c> ("),
    ),
    "validity of N-Quads": Language(judge_nquads, ("", "<a> <b> <c> (", '<a> <b> "')),
}


def balanced() -> Iterator[tuple[str, str, str]]:
    """Yield texts that nest and end well: the language, what it is called, and the text."""
    deep = 160_000
    yield "set JSON", "objects in objects", '{"a":' * deep + "1" + "}" * deep
    yield "set JSON", "arrays in arrays", '{"a":' + "[" * 490_000 + "]" * 490_000 + "}"
    yield "set JSON", "a list of numbers", '{"a":[' + "1," * 490_000 + "1]}"
    yield "set JSON", "a list of empty objects", "[" + "{}," * 330_000 + "{}]"
    yield "set JSON", "an inner list of empty objects", '{"a":[' + "{}," * 330_000 + "{}]}"
    yield "set JSON", "a list of objects", "[" + '{"a":1},' * 120_000 + "{}]"
    yield "set JSON", "a list of strings", '{"a":[' + '"",' * 330_000 + '""]}'
    yield "set JSON", "keys", "{" + ",".join(f'"{n}":1' for n in range(100_000)) + "}"
    yield "set JSON", "a key again and again", "{" + '"a":1,' * 160_000 + '"a":1}'
    yield "set JSON", "facets", '{"a":1,' + ",".join(f'"a|{n}":1' for n in range(80_000)) + "}"
    yield "set JSON", "facets of many", "{" + ",".join(f'"a{n}":1,"a{n}|b":1' for n in range(40_000)) + "}"
    yield "set JSON", "a long number", '{"a":' + "1" * SIZE + "}"
    yield "set JSON", "a long string", '{"a":"' + "\\n" * (SIZE // 2) + '"}'
    yield "set JSON", "pairs", '{"a":"' + "\\ud83d\\ude00" * (SIZE // 12) + '"}'
    point = '{"type":"Point","coordinates":[1,2]}'
    yield "set JSON", "points", '{"a":[' + f"{point}," * 26_000 + point + "]}"
    yield "set JSON", "a vector", '{"a":"[' + "1," * 490_000 + '1]"}'
    yield "N-Quads", "facets that end well", "<a> <b> <c> (" + "a=1," * 249_000 + "a=1) ."
    yield "N-Quads", "facets of texts", "<a> <b> <c> (" + 'a="",' * 199_000 + "a=1) ."
    yield "N-Quads", "lists of facets", "<a> <b> <c> (a=1) .\n" * 50_000
    yield "N-Quads", "N-Quads", '_:a <b> "c" .\n' * 71_000
    yield "N-Quads", "stars", "***.\n" * 200_000
    yield "N-Quads", "labels", "***<1>.\n" * 125_000
    yield "N-Quads", "dots before a predicate", "<a>.<b>.<c>.\n" * 76_000
    yield "N-Quads", "a long literal", '_:a <b> "' + "\\n" * 490_000 + '" .'
    yield "N-Quads", "a vector", '_:a <b> "[' + "1," * 490_000 + '1]"^^<xs:[]float32> .'
    yield (
        "N-Quads",
        "a geometry",
        "_:a <b> \"{'type':'LineString','coordinates':[" + "[1,2]," * 160_000 + '[1,2]]}"^^<geo:geojson> .',
    )
    yield (
        "N-Quads",
        "a deep geometry",
        "_:a <b> \"{'type':'Point','coordinates':" + "[" * 490_000 + "]" * 490_000 + '}"^^<geo:geojson> .',
    )
    yield "N-Quads", "a long number", '_:a <b> "' + "1" * SIZE + '"^^<xs:int> .'
    yield "schema", "predicates", "".join(f"a{n}: int .\n" for n in range(60_000))
    yield "schema", "types", "".join(f"type a{n} {{\n}}\n" for n in range(50_000))
    yield "schema", "fields", "type a {\n" + "".join(f"b{n}\n" for n in range(120_000)) + "}"
    yield "schema", "a predicate again and again", "a: int .\n" * 111_000
    yield "schema", "a field again and again", "type a {\n" + "a\n" * 499_000 + "}"
    yield "schema", "indexes", "a: string @index(exact) .\n" * 38_000
    yield "blocks", "mutations of an upsert", "upsert { query {} " + "mutation{set{}}" * 60_000 + "}"
    yield "blocks", "sets of a mutation", "{" + "set{}" * 190_000 + "}"


def repeated(beginning: str, piece: str, size: int) -> str:
    """Return a text of about `size` bytes."""
    return beginning + piece * (size // len(piece.encode("utf-8", "surrogatepass")))


class Row(NamedTuple):
    """What one text took; `megabytes` is 0 when it was not measured."""

    milliseconds: float
    megabytes: float
    end: str
    """How reading ended."""
    text: str

    def badness(self) -> float:
        """Return how much of the bound is used, 1 being all."""
        if self.end not in ("taken", "refused"):
            return float("inf")
        return max(self.milliseconds / SECONDS / 1e3, self.megabytes / MEGABYTES)

    def __str__(self) -> str:
        memory = f"{self.megabytes:6.1f} MB" if self.megabytes else " " * 9
        return f"{self.milliseconds:7.1f} ms {memory}  {self.end:8} {self.text}"


def answer(read: Callable[[str], object], text: str) -> str:
    """Return how reading `text` ends: "taken", "refused" or the name of an exception."""
    try:
        read(text)
    except DqlError:
        return "refused"
    except Exception as wrong:
        return type(wrong).__name__
    return "taken"


def seconds(read: Callable[[str], object], text: str) -> float:
    """Return the processor time that reading `text` takes."""
    start = time.process_time()
    answer(read, text)
    return time.process_time() - start


def megabytes(read: Callable[[str], object], text: str) -> float:
    """Return the most memory that reading `text` takes at once."""
    tracemalloc.start()
    try:
        answer(read, text)
        return tracemalloc.get_traced_memory()[1] / 1e6
    finally:
        tracemalloc.stop()


def timed(read: Callable[[str], object], called: str, text: str) -> Row:
    """Read `text` for its time, once more when that is over half of the bound."""
    start = time.process_time()
    end = answer(read, text)
    took = time.process_time() - start
    if SECONDS / 2 < took < 4 * SECONDS:
        # Another process may have had the caches meanwhile.
        took = min(took, seconds(read, text))
    return Row(took * 1e3, 0.0, end, called)


def by_turns(language: Language) -> Iterator[tuple[str, str]]:
    """Yield beginnings and pieces: the worst beginning of each piece, then the second of each, and so on."""
    found = defaultdict(list)
    for beginning in language.beginnings:
        for piece in PIECES:
            took = seconds(language.read, repeated(beginning, piece, SHORT))
            found[piece].append((took, beginning))
    turns = []
    for piece, tried in found.items():
        tried.sort(reverse=True)
        turns += [(turn, -took, beginning, piece) for turn, (took, beginning) in enumerate(tried)]
    for _, _, beginning, piece in sorted(turns):
        yield beginning, piece


def measure(name: str, language: Language) -> list[Row]:
    """Return what the texts of a language took, the worst first."""
    texts = {called: text for other, called, text in balanced() if other == name}
    rows = [timed(language.read, called, text) for called, text in texts.items()]
    pieces = {}
    spent = 0.0
    for beginning, piece in by_turns(language):
        called = f"{beginning!r} + {piece!r} * n"
        rows.append(timed(language.read, called, repeated(beginning, piece, SIZE)))
        pieces[called] = (beginning, piece)
        spent += rows[-1].milliseconds / 1e3
        if spent > BUDGET:
            break
    rows.sort(key=Row.badness, reverse=True)
    heavy = {*texts, *[row.text for row in rows if row.text in pieces][:HEAVIEST]}
    for at, row in enumerate(rows):
        if row.text in heavy and row.milliseconds < 4e3 * SECONDS:
            text = texts.get(row.text) or repeated(*pieces[row.text], SIZE)
            rows[at] = row._replace(megabytes=megabytes(language.read, text))
    return sorted(rows, key=Row.badness, reverse=True)


def main() -> int:
    """Print the worst of each language; return 1 when one is over the bound."""
    names = sys.argv[1:] or list(LANGUAGES)
    lines = [f"Python {platform.python_version()}, texts of {SIZE / 1e6:g} MB"]
    lines.append(f"The bound is {SECONDS * 1e3:g} ms and {MEGABYTES:g} MB")
    bad = 0
    for name in names:
        rows = measure(name, LANGUAGES[name])
        over = [row for row in rows if row.badness() > 1]
        bad += len(over)
        lines += ["", f"{name}: {len(rows)} texts, {len(over)} over the bound"]
        lines += [f"  {row}" for row in rows[: max(SHOWN, len(over))]]
        print(*lines, sep="\n", flush=True)
        if not sys.argv[1:]:
            RESULTS.parent.mkdir(exist_ok=True)
            with RESULTS.open("w" if name == names[0] else "a") as kept:
                print(*lines, sep="\n", file=kept)
        lines.clear()
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
