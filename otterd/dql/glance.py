"""What mutations write, told at a glance: their texts are not checked, and no triple is made of them.

Good for choosing where a request goes, where a mistake costs no more than a way round.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import msgspec

from otterd.dql.mutation_tree import STAR
from otterd.dql.shape import Edit

# A line's predicate; nothing for a line of another form. Neither blank lines nor comments are found.
_SUBJECT = r'(?:<[^>\n]*+>|_:[^\s<>"]++|uid\([^)\n]*+\)|[^\s<>"#(]++)'
_PREDICATE = r'(<[^>\n\\]++>|\*|[^\s<>"\\#*:()]++)'
_PREDICATES = re.compile(
    rf'^[ \t\r]*+(?:{_SUBJECT}[ \t]++{_PREDICATE}(?=[ \t<"])|[^\s#])', re.MULTILINE
).findall
_VARIABLES = re.compile(r"\b(?:uid|val)\(([^()\n]*+)\)").findall
_GEOMETRY = {"type", "coordinates"}
_json = msgspec.json.Decoder().decode


@dataclass(slots=True)
class Glance:
    """What was found so far; `sure` is False once a text was not understood."""

    predicates: set[str] = field(default_factory=set)
    variables: set[str] = field(default_factory=set)
    """Names of the query's variables that are used."""
    clears: bool = False
    """Whether all of a node is deleted, whatever its types hold."""
    sure: bool = True


def glance(edits: Iterable[Edit]) -> Glance:
    """Return what `edits` write, in little more time than it takes to read them once."""
    found = Glance()
    for edit in edits:
        for text in (edit.set_nquads, edit.delete_nquads):
            if text:
                _quads(text, found)
        if edit.set_json:
            _objects(edit.set_json, found, delete=False)
        if edit.delete_json:
            _objects(edit.delete_json, found, delete=True)
    return found


def _quads(text: str, found: Glance) -> None:
    for spelled in set(_PREDICATES(text)):
        name = spelled[1:-1] if spelled[:1] == "<" else spelled
        if not name:
            found.sure = False
        elif name in ("*", STAR):
            found.clears = True
        else:
            found.predicates.add(_bare(name))
    if "uid(" in text or "val(" in text:
        found.variables.update(name.strip() for name in _VARIABLES(text))


def _objects(data: bytes, found: Glance, *, delete: bool) -> None:
    try:
        value = _json(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        found.sure = False
        return
    roots = value if isinstance(value, list) else [value]
    if delete and any(isinstance(root, dict) and root.keys() == {"uid"} for root in roots):
        found.clears = True
    left = roots
    while left:
        node = left.pop()
        if isinstance(node, dict):
            left.extend(_inner(node, found, delete=delete))
        elif isinstance(node, str) and node.lstrip().startswith(("uid(", "val(")):
            found.variables.update(name.strip() for name in _VARIABLES(node))


def _inner(node: dict[str, Any], found: Glance, *, delete: bool) -> Iterator[Any]:
    """Note what one object says, and yield what stands under its keys."""
    for key, value in node.items():
        if key == "uid":
            yield value
        if key in ("uid", "namespace") or "|" in key or (value is None and not delete):
            continue
        if isinstance(value, list):
            # In lists Dgraph knows no languages.
            found.predicates.add(key)
            yield from value
        else:
            found.predicates.add(_bare(key))
            if not isinstance(value, dict) or value.keys() != _GEOMETRY:
                yield value


def _bare(name: str) -> str:
    """Return the predicate in `name@en`."""
    at = name.rfind("@")
    return name[:at] if at > 0 else name
