"""Every way in for values of a kind that the sandbox does not keep."""

from tests.live.differential.case import Case
from tests.live.sandbox_script.changes import alter, case, said, sets

_TYPES = ("geo", "float32vector", "password", "bigfloat", "binary", "[geo]", "[binary]", "[bigfloat]")
_LITERALS = (
    '"aGk="^^<xs:base64Binary>',
    '"a password"^^<xs:password>',
    '"1.5"^^<xs:decimal>',
    '"[1.0, 2.0]"^^<xs:[]float32>',
    "\"{'type':'Point','coordinates':[1.0,2.0]}\"^^<geo:geojson>",
)
_POINT = {"type": "Point", "coordinates": [1.0, 2.0]}
_LITERAL_CASES = [
    case(f"{literal} in {pred}", sets(f"<0x2140> <$P.{pred}> {literal} ."))
    for literal in _LITERALS
    for pred in ("odd", "note", "tags")
]

REFUSED_KINDS: list[Case] = [
    *(case(f"a predicate of {name}", alter(f"$P.odd{at}: {name} .")) for at, name in enumerate(_TYPES)),
    case("an index of places", alter("$P.where: geo @index(geo) .")),
    case("an index of vectors", alter('$P.near: float32vector @index(hnsw(metric:"euclidean")) .')),
    *_LITERAL_CASES,
    case("a place in JSON", said({"set": {"uid": "0x2140", "$P.site": _POINT}})),
    case("places in JSON", said({"set": {"uid": "0x2140", "$P.sites": [_POINT]}})),
    case("a vector in JSON", said({"set": {"uid": "0x2140", "$P.vec": "[1.5,2.5]"}})),
]
"""Refused, all of them."""

TAKEN_KINDS: list[Case] = [
    case("a list of passwords", alter("$P.words: [password] .")),
    case("a kind that there is not", sets('<0x2140> <$P.odd> "1"^^<xs:foo> .')),
]
