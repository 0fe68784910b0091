"""JSON mutations, good and almost good, always the same for one seed."""

import json
from collections.abc import Iterator
from random import Random

from tests.live.mangled import mangled

MARKS = '{}[]",:\\0123456789-+.eEtfnu \n\ud83d\u00e9|@'.replace("\ud83d", "\U0001f600")

KEYS = [
    "name",
    "name@en",
    "p|f",
    "name|f",
    "uid",
    "friend",
    "friend|since",
    "dgraph.type",
    "a b",
    "~p",
    "namespace",
    "",
    "p",
]
UIDS = [
    "0x1",
    "1",
    "_:a",
    "uid(v)",
    "uid( v",
    "zz",
    "",
    1,
    0,
    -1,
    1.5,
    True,
    None,
    [],
    "0",
    "0x",
    18446744073709551615,
]
VALUES = [
    "x",
    "",
    "uid(v)",
    "val( v )",
    "uid(v",
    "[1, 2]",
    "[]",
    "2006-01-02",
    "_STAR_ALL",
    1,
    0,
    -2.5,
    0.0,
    1e30,
    True,
    False,
    None,
]
VALUES += [9223372036854775807, 9223372036854775808, 99999999999999999999999, "\u00e9\U0001f600", 'q"\\\n']
SHAPES = [
    {"type": "Point", "coordinates": [1, 2]},
    {"type": "Point", "coordinates": [1]},
    {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 0]]]},
    {"type": "Odd", "coordinates": [1, 2]},
]


def documents(seed: int, count: int) -> Iterator[tuple[bytes, bool]]:
    """Yield `count` texts, each with whether it is to delete."""
    random = Random(seed)
    for _ in range(count):
        delete = random.random() < 0.35
        root: object = _node(random, 3, delete)
        if random.random() < 0.2:
            root = [_node(random, 2, delete) for _ in range(random.randrange(3))] or [1]
        text = json.dumps(root, ensure_ascii=random.random() < 0.5, indent=random.choice((None, None, 1)))
        yield (mangled(random, text, MARKS) if random.random() < 0.4 else text).encode(), delete


def _node(random: Random, depth: int, delete: bool) -> dict[str, object]:
    node: dict[str, object] = {}
    if random.random() < (0.9 if delete else 0.4):
        node["uid"] = random.choice(UIDS) if random.random() < 0.3 else "0x7b"
    for _ in range(random.choice((0, 1, 1, 2, 3))):
        node[random.choice(KEYS if random.random() < 0.5 else KEYS[:4])] = _value(random, depth, delete)
    if random.random() < 0.15:
        node["list"] = [random.choice(VALUES[:3]) for _ in range(2)]
        node["list|f"] = random.choice(
            ({"0": "x", "1": 2}, {"a": 1}, {"0": []}, 7, None, {"0": "2006-01-02"})
        )
    return node


def _value(random: Random, depth: int, delete: bool) -> object:
    chance = random.random()
    if chance < 0.55 or not depth:
        return random.choice(VALUES)
    if chance < 0.7:
        return [
            _value(random, 0 if random.random() < 0.7 else depth - 1, delete)
            for _ in range(random.randrange(3))
        ]
    return random.choice(SHAPES) if chance < 0.8 else _node(random, depth - 1, delete)
