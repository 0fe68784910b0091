"""Alter schemas out of the grammar, good and almost good, always the same for one seed."""

from collections.abc import Iterator
from random import Random

from tests.live.mangled import mangled

MARKS = '<>"\\_:@()[]{}.,!#-~ \t\r\n019xXabtype\u00e9\u4e2d\U0001f600\x00'

FIRST = "dgraph.kv: string .\n"
LAST = "\ndgraph.kv: string .\n"
"""A predicate that no one may declare: an alpha says so only when all else has been read."""

TYPES = ["default", "int", "float", "bool", "datetime", "geo", "uid", "string", "password", "bigfloat"]
RARE = ["float32vector", "binary", "String", "DateTime", "strin", "<string>", "1", ""]
NAMES = [
    "kv_a",
    "kv.b",
    "kv-c",
    "<kv d>",
    "<kv\u00e9>",
    "<http://a.b/c#d>",
    "_kv",
    "type",
    "<a@en>",
    "k9",
    "9k",
]
TOKENIZERS = ["term", "exact", "hash", "fulltext", "trigram", "ngram", "sha256", "year", "month", "day"]
TOKENIZERS += ["hour", "int", "float", "bool", "bigfloat", "geo", "hnsw", "Term", "custom", "", '"term"']
OPTIONS = ['metric:"cosine"', 'exponent:"4"', 'efSearch: "x"', 'metric:"odd"', "maxLevels:3", 'odd:"1"', ""]
DIRECTIVES = [
    "@reverse",
    "@count",
    "@upsert",
    "@unique",
    "@noconflict",
    "@lang",
    "@odd",
    "@",
    "@index",
    "@<count>",
]
FITTING = {
    "string": ["term", "exact", "hash", "fulltext", "trigram", "ngram", "sha256"],
    "datetime": ["year", "month", "day", "hour"],
    "float32vector": ["hnsw", 'hnsw(metric:"cosine")', 'hnsw(exponent:"4",metric:"dotproduct")'],
}
FIELDS = [
    "kv_a",
    "kv.b",
    "<kv d>",
    "name: string",
    "f: [uid]",
    "g: [Person!]!",
    "h: string!",
    "kv_a",
    "a b",
    "i:",
]


def documents(seed: int, count: int) -> Iterator[str]:
    """Yield `count` schemas; each declares, first or last, what no one may."""
    random = Random(seed)
    for _ in range(count):
        text = "\n".join(_declaration(random) for _ in range(random.choice((1, 1, 2, 3))))
        if random.random() < 0.55:
            text = mangled(random, text, MARKS)
        yield FIRST + text if random.random() < 0.7 else text + LAST


def _declaration(random: Random) -> str:
    chance = random.random()
    if chance < 0.04:
        return random.choice(("", "  ", "# a comment", "\t# \u00e9 }", "\r"))
    begin = (
        random.choice(("[0x1] ", "[7]", "[x] ", "[0x] ", "[1", "[99999999999999999999] "))
        if chance < 0.12
        else ""
    )
    return begin + (_type(random) if random.random() < 0.25 else _predicate(random))


def _predicate(random: Random) -> str:
    kind = random.choice(RARE if random.random() < 0.15 else TYPES)
    shown = f"[{kind}]" if random.random() < 0.2 else kind
    directives = [_directive(random, kind) for _ in range(random.choice((0, 0, 1, 1, 2)))]
    gap = random.choice((" ", " ", "", "\t"))
    parts = [f"{random.choice(NAMES)}{gap}:{gap}{shown}", *directives, "."]
    return " ".join(parts) + random.choice(("", "", "", " ", " # end"))


def _directive(random: Random, kind: str) -> str:
    chance = random.random()
    if chance < 0.35:
        return random.choice(DIRECTIVES)
    names = FITTING.get(kind, [kind]) if chance < 0.85 else TOKENIZERS
    chosen = [random.choice(names) for _ in range(random.choice((1, 1, 2, 3)))]
    if random.random() < 0.1:
        chosen.append(f"hnsw({', '.join(random.sample(OPTIONS, 2))})")
    return "@index(" + random.choice((", ", ",")).join(chosen) + ")"


def _type(random: Random) -> str:
    fields = [random.choice(FIELDS) for _ in range(random.choice((0, 1, 2, 3)))]
    body = "".join(f"{field}\n" for field in fields)
    return f"type {random.choice(('Kv', 'Person', '<K v>', 'dgraph.x', '9'))} {{\n{body}}}"
