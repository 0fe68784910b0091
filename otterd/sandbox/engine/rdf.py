"""The answer in RDF."""

from __future__ import annotations

from otterd.dql.tree import Kind
from otterd.sandbox.engine.encode import told
from otterd.sandbox.engine.output import value_name
from otterd.sandbox.engine.part import Part, index_of
from otterd.sandbox.failures import Failed
from otterd.sandbox.values import Value

_REFUSED = "is not supported in rdf output format"


def rdf_of(blocks: list[Part]) -> bytes:
    """Return the answer of `blocks` as N-Quads; Failed for what RDF cannot say."""
    lines: list[str] = []
    for block in blocks:
        _check(block)
        for child in block.children:
            _write(child, lines)
    return "".join(lines).encode("utf-8", "replace")


def _check(part: Part) -> None:
    """Refuse in Dgraph's words what has no form in RDF."""
    if part.group_by is not None:
        raise Failed(f"groupby {_REFUSED}")
    if part.kind is Kind.COUNT_UID:
        raise Failed("uid count is not supported in the rdf output format")
    for asked, name in ((part.normalize, "normalize"), (part.ignore_reflex, "ignorereflex")):
        if asked:
            raise Failed(f"{name} directive is not supported in the rdf output format")
    if part.facets is not None and not part.every_language:
        raise Failed("facets are not supported in the rdf output format")


def _write(part: Part, lines: list[str]) -> None:
    _check(part)
    if part.sources is not None:
        _write_own(part, lines)
    for child in part.children:
        _write(child, lines)


def _write_own(part: Part, lines: list[str]) -> None:
    if part.hidden or (part.children and not any(child.matrix for child in part.children)):
        return
    matrix = part.matrix or []
    for index, uid in enumerate(part.sources or []):
        if part.internal:
            value = (part.by_uid or {}).get(uid)
            if not part.expand and value is not None:
                _add(lines, uid, value_name(part), value)
        elif part.counts:
            _add(lines, uid, part.alias or f"count({part.attr})", Value("int", part.counts[index]))
        elif index < len(matrix) and matrix[index] and part.children:
            for target in matrix[index]:
                if index_of(part.dest, target) >= 0:
                    lines.append(f"<0x{uid:x}> <{part.name}> <0x{target:x}> .\n")
        elif index < len(part.values):
            for value in part.values[index]:
                _add(lines, uid, part.name, value)


def _add(lines: list[str], uid: int, name: str, value: Value) -> None:
    text = told(value)
    if text is not None:
        said = f'"{text}"' if value.kind in ("int", "float") else text
        lines.append(f"<0x{uid:x}> <{name}> {said} .\n")
