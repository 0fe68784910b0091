"""The data that the tables ask about, under a prefix of the session's own."""

# ruff: noqa: E501
import json
from collections.abc import Mapping
from typing import Any

from tests.cluster.ask import ask

SCHEMA = """
$P.name: string @index(exact, term, trigram) @lang .
$P.int: int @index(int) .
$P.float: float @index(float) .
$P.bool: bool @index(bool) .
$P.date: datetime .
$P.geo: geo .
$P.tags: [string] .
$P.friend: [uid] @reverse @count .
$P.secret: password .
$P.plain: int .
$P.mail: string @index(exact) @upsert .
$P.count: int .
$P.big: int .
$P.weight: float .
$P.title: string @lang .
$P.piece: string .
type $P.Person { $P.name
 $P.int
}
"""
PEOPLE: list[dict[str, Any]] = [
    {"uid": "_:ada", "$P.name": "Ada", "$P.name@de": "Ada auf Deutsch", "$P.int": 36, "$P.float": 1.5,
     "$P.bool": True, "$P.date": "1815-12-10T00:00:00Z", "$P.tags": ["poet", "<&>", "ä\u2028"],
     "$P.geo": {"type": "Point", "coordinates": [-0.1, 51.5]}, "$P.secret": "open sesame", "$P.plain": 1,
     "$P.friend": [{"uid": "_:ben", "$P.friend|since": "2020-01-01T00:00:00Z", "$P.friend|note": "a<b>&\"c\""},
                   {"uid": "_:eve"}]},
    {"uid": "_:ben", "$P.name": "Ben", "$P.int": 9007199254740993, "$P.float": 1e300, "$P.bool": False,
     "$P.friend": [{"uid": "_:ada"}]},
    {"uid": "_:eve", "$P.name": "Eve <script>&amp;\u2028\u2029", "$P.int": -9223372036854775808,
     "$P.a&b": "and", "$P.näme": "umlaut"},
    {"uid": "_:max", "$P.name": "Grüße 漢字 🦦", "$P.int": 9223372036854775807, "$P.float": 0.1},
    {"uid": "_:odd", "$P.name": "bell \u0007 quote \" slash \\ / del \u007f tab \t end"},
]  # fmt: skip
PIECES, PIECE = 20, 1_000_000


def lay(alpha: str, prefix: str, headers: Mapping[str, str], *, big: bool) -> None:
    """Give the alpha at `alpha` the schema and the data; `big` adds what answers of 20 MB hold."""
    _stored(ask(alpha, "POST", "/alter", SCHEMA.replace("$P.", prefix), headers).json())
    people = json.dumps({"set": PEOPLE}, ensure_ascii=False).replace("$P.", prefix)
    sent = {"Content-Type": "application/json", **headers}
    _stored(ask(alpha, "POST", "/mutate?commitNow=true", people, sent).json())
    for number in range(PIECES if big else 0):
        piece = {"set": {f"{prefix}piece": f"{number} <&> ä " + "x" * PIECE}}
        _stored(ask(alpha, "POST", "/mutate?commitNow=true", piece, headers).json())


def _stored(answer: dict[str, Any]) -> None:
    if answer.get("data", {}).get("code") != "Success":
        raise AssertionError(answer)
