"""Mutation and upsert texts out of the grammar, good and almost good, always the same for one seed.

Whatever is run of them fails before anything is written: N-Quads and queries are spoilt.
"""

from collections.abc import Iterator
from random import Random

from tests.live.mangled import mangled

MARKS = '{}()@#"\\~_;:.,<> \t\r\nabsetif\u00e9\u4e2d\x00'

SPOILT = "_:kb UNSOUND"
"""What no alpha takes for an N-Quad, and says so only when it has read the blocks."""

NQUADS = ["", " ", ' "}" ', ' "\\"{" ', " # } ", ' "x\\\\" ', "\n"]
QUERIES = [
    "{ q(func: uid(1)) { uid } }",
    "{ v as var(func: has(n)) }",
    '{ q(func: eq(n, "}")) { n } }',
    "{",
    "{ }}",
]
CONDITIONS = ["", "", "", "@if(eq(len(v), 0))", '@if (gt(1, ")"))', "@if", "@filter(a)", "@if((a)", "@iff(a)"]
WORDS = ["set", "delete", "set", "delete", "del", "Set", "schema", "dropall"]


def documents(seed: int, count: int) -> Iterator[str]:
    """Yield `count` texts."""
    random = Random(seed)
    for _ in range(count):
        text = _upsert(random) if random.random() < 0.5 else _mutation(random)
        text = random.choice(("", "", "", "# c\n", " \n", ";")) + text
        text += random.choice(
            ("", "", "", "\n# end", " }", " x", " { set { } }", "; ,", " query { q(func: uid(1)) }")
        )
        yield mangled(random, text, MARKS) if random.random() < 0.6 else text


def _mutation(random: Random) -> str:
    return "{" + " ".join(_change(random) for _ in range(random.choice((1, 1, 1, 2)))) + "}"


def _change(random: Random) -> str:
    gap = random.choice((" ", "", "\n", " # c\n", " x "))
    word = random.choice(WORDS) if random.random() < 0.3 else random.choice(WORDS[:2])
    return f"{gap}{word}{gap}{{{random.choice(NQUADS)}\n{SPOILT}\n{random.choice(NQUADS)}}}"


def _upsert(random: Random) -> str:
    parts = [f"query {random.choice(QUERIES[: random.choice((3, 5))])}"]
    parts += [
        f"mutation {random.choice(CONDITIONS[: random.choice((5, 9))])} {_mutation(random)}"
        for _ in range(random.choice((1, 1, 2)))
    ]
    if random.random() < 0.2:
        parts.append("fragment f { n }")
    if random.random() < 0.1:
        parts.append(random.choice(("query { }", "word", "{ }", "#")))
    random.shuffle(parts)
    return (
        "upsert "
        + random.choice(("{", "{", "{\n", ""))
        + " ".join(parts)
        + random.choice(("}", "}", " }", ""))
    )
