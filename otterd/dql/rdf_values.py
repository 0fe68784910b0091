"""The values that N-Quads and facets hold: which texts Dgraph takes for which type."""

import math
import re
from collections.abc import Iterator

from otterd.dql.errors import SPACE
from otterd.dql.geometry import flaw_of_geojson
from otterd.dql.golang import (
    TOO_BIG,
    Misread,
    floating,
    integer,
    is_big,
    is_bool,
    is_time,
    quoted,
    unquote,
)
from otterd.dql.mutation_tree import Facet

_XSD = "http://www.w3.org/2001/XMLSchema#"

TYPES = {
    "xs:password": "password",
    "xs:string": "string",
    "xs:date": "datetime",
    "xs:dateTime": "datetime",
    "xs:int": "int",
    "xs:integer": "int",
    "xs:positiveInteger": "int",
    "xs:boolean": "bool",
    "xs:double": "float",
    "xs:float": "float",
    "xs:base64Binary": "binary",
    "xs:decimal": "bigfloat",
    "geo:geojson": "geo",
    "xs:[]float32": "float32vector",
    _XSD + "string": "string",
    _XSD + "dateTime": "datetime",
    _XSD + "date": "datetime",
    _XSD + "int": "int",
    _XSD + "positiveInteger": "int",
    _XSD + "integer": "int",
    _XSD + "boolean": "bool",
    _XSD + "double": "float",
    _XSD + "float": "float",
    _XSD + "gYear": "datetime",
    _XSD + "gYearMonth": "datetime",
}
"""The types that may stand in `"…"^^<type>`, and what Dgraph stores for each."""


_PLAIN_NUMBER = r"[+-]?+[0-9]{1,9}+(?:\.[0-9]{1,9}+)?+"
_PLAIN_NUMBERS = {
    mark: re.compile(f"{_PLAIN_NUMBER}(?:{gap}{_PLAIN_NUMBER})*+").fullmatch
    for mark, gap in ((",", ", *+"), (" ", " "))
}
"""Vectors as almost all of them look, by what stands between the numbers: none of these can be amiss."""

_OF_NUMBERS = frozenset("+-.0123456789iInN")
"""What a number may begin with, Inf and NaN too."""


def check(text: str, kind: str) -> None:
    """Raise Misread when `text` is no value of the stored type `kind`."""
    if kind == "int":
        integer(text, 10)
    elif kind == "float":
        if math.isnan(floating(text)):
            raise Misread("Got invalid value: NaN")
    elif kind == "bool":
        if not is_bool(text):
            raise Misread(f"strconv.ParseBool: parsing {quoted(text)}: invalid syntax")
    elif kind == "datetime":
        if not is_time(text):
            raise Misread(f"parsing time {quoted(text)}: not a date or time that Dgraph knows")
    elif kind == "bigfloat":
        if not is_big(text):
            raise Misread(f"math/big: cannot unmarshal {quoted(text)} into a *big.Float")
    elif kind == "float32vector":
        vector(text)
    elif kind == "geo":
        flaw = flaw_of_geojson(text.replace("'", '"'))
        if flaw:
            raise Misread(flaw)


def vector(text: str) -> int:
    """Return how many numbers are in `[1.0, 2.0]` or `[1.0 2.0]`; raise Misread when it is no vector."""
    trimmed = text.replace("\n", " ").replace("\t", " ").strip(SPACE)
    if not trimmed:
        return 0
    inside = trimmed[1:].rstrip("]")
    if trimmed[0] != "[" or len(inside) == len(trimmed) - 1:
        raise Misread(f"cannot convert {trimmed} to vfloat")
    if not inside:
        return 0
    mark = "," if "," in inside else " "
    if _PLAIN_NUMBERS[mark](inside):
        return inside.count(mark) + 1
    count = 0
    try:
        for part in _parts(inside, mark):
            floating(part, 32)
            count += 1
    except Misread:
        raise Misread(f"cannot convert {trimmed} to vfloat") from None
    return count


def _parts(inside: str, mark: str) -> Iterator[str]:
    """Yield what lies between commas, or where there are none between blanks."""
    at = 0
    while at <= len(inside):
        end = inside.find(mark, at)
        end = len(inside) if end < 0 else end
        if mark == "," or end > at:
            yield inside[at:end].strip(SPACE) if mark == "," else inside[at:end]
        at = end + 1


def facet(key: str, text: str) -> Facet:
    """Return the facet `key` whose value is written `text`; raise Misread when that is no value."""
    if not text:
        return Facet(key, "string", "")
    if len(text) >= 2 and text[0] == '"' and text[-1] == '"':
        try:
            return Facet(key, "string", unquote(text))
        except Misread as wrong:
            raise Misread(f"could not unquote {quoted(text)}:: {wrong}") from None
    if text[0] in _OF_NUMBERS:
        number = _number(key, text)
        if number is not None:
            return number
    if text in ("true", "false"):
        return Facet(key, "bool", text)
    if is_time(text):
        return Facet(key, "datetime", text)
    raise Misread(f"Could not parse the facet value : [{text}]")


def _number(key: str, text: str) -> Facet | None:
    """Return the facet whose value is a number, or None when `text` is none."""
    if len(text) < 19 and text.isascii() and text.isdecimal() and text[0] != "0":
        return Facet(key, "int", text)
    try:
        integer(text)
    except Misread as wrong:
        if str(wrong).endswith(TOO_BIG) and text.isdecimal():
            raise
    else:
        return Facet(key, "int", text)
    try:
        if math.isnan(floating(text)):
            raise Misread("Got invalid value: NaN")
    except Misread as wrong:
        if str(wrong).endswith((TOO_BIG, "NaN")):
            raise
    else:
        return Facet(key, "float", text)
    return None
