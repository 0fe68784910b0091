"""Answering a question: the seam between a sandbox alpha and the engine."""

from __future__ import annotations

from collections.abc import Mapping

from otterd.dql.document import parse_query
from otterd.dql.errors import DqlError
from otterd.dql.tree import Block, Document
from otterd.sandbox.asking import Question, Result
from otterd.sandbox.engine.after import worked_out
from otterd.sandbox.engine.output import json_of
from otterd.sandbox.engine.part import Part, keep_dest, page
from otterd.sandbox.engine.plan import COMPARISONS, block_part, uses
from otterd.sandbox.engine.rdf import rdf_of
from otterd.sandbox.engine.run import Runner
from otterd.sandbox.engine.schema_query import schema_json
from otterd.sandbox.engine.variables import Known, collect, fill_all
from otterd.sandbox.failures import Failed, unsupported
from otterd.sandbox.schema import Schema
from otterd.sandbox.store import View
from otterd.sandbox.values import Value

_UNFIT = frozenset(("near", "within", "contains", "intersects", "similar_to"))


def answer(view: View, schema: Schema, question: Question) -> Result:
    """Answer `question` from `view`; raise Failed with Dgraph's words, or that it is not supported."""
    try:
        document = parse_query(question.text, question.variables, wanted=question.needed)
    except DqlError as error:
        raise Failed(error.message) from None
    try:
        return execute(document, view, schema, question)
    except RecursionError:
        raise unsupported("a question nested this deep") from None


def execute(document: Document, view: View, schema: Schema, question: Question) -> Result:
    """Run `document`, which is the tree of `question`."""
    try:
        blocks, known = _run(document, view, schema, debug=question.debug)
    except Failed as failure:
        if failure.text.startswith("sandbox:"):
            raise
        # Dgraph wraps whatever fails while it executes in an error without a text.
        raise Failed(f": {failure.text}", failure.code) from None
    counts = _num_uids(blocks)
    uids, values = _needed(known, question.needed)
    asked = document.schema
    told = schema_json(schema, asked) if asked is not None else None
    if told is not None:
        return Result(told, b"", uids, values, counts)
    if question.rdf:
        return Result(b"", rdf_of(blocks), uids, values, counts)
    return Result(json_of(blocks), b"", uids, values, counts)


def _run(document: Document, view: View, schema: Schema, *, debug: bool) -> tuple[list[Part], Known]:
    """Run all blocks, each once the variables that it needs are known."""
    for block in document.blocks:
        _refuse(block)
    parts = [block_part(document, block, debug=debug) for block in document.blocks]
    runner, known = Runner(view, schema), Known()
    waiting = [(part, *uses(part)) for part in parts]
    while waiting:
        ready = [each for each in waiting if each[1] - each[2] <= known.keys()]
        if not ready:
            raise Failed("Query couldn't be executed")
        for part, _, _ in ready:
            fill_all(part, known)
            if not part.empty and not _has_no_arguments(part):
                runner.run(part)
        for part, _, _ in ready:
            _finish(part, known)
        waiting = [each for each in waiting if each not in ready]
    return parts, known


def _refuse(block: Block) -> None:
    """Refuse what the sandbox cannot do, and what no server would."""
    if block.alias == "shortest" or block.source is not None:
        raise unsupported("shortest")
    if block.directives.recurse is not None:
        raise unsupported("@recurse")
    if block.func is None and not block.needs and not block.empty:
        raise Failed(
            "Invalid query. No function used at root and no aggregation or math variables found in the body."
        )
    if block.func is not None and block.func.name in _UNFIT:
        raise unsupported(f"function {block.func.name}")


def _has_no_arguments(part: Part) -> bool:
    """Tell whether a comparison has lost its arguments, as the variable they came from is empty."""
    return part.func is not None and part.func.name in COMPARISONS and not part.args and bool(part.needs)


def _finish(part: Part, known: Known) -> None:
    collect(part, known, [])
    if part.cascade and (part.cascade_first or part.cascade_offset):
        keep_dest(part)
        for uids in part.matrix or []:
            uids[:] = uids[page(part.cascade_first, part.cascade_offset, len(uids))]
    worked_out(part, known, [])


def _num_uids(blocks: list[Part]) -> dict[str, int]:
    """Return how many nodes each predicate was asked of, and `_total`."""
    counts: dict[str, int] = {}
    pending = list(blocks)
    while pending:
        part = pending.pop()
        if not part.internal:
            # Dgraph joins two filters at a time, and counts each joint.
            joints = len(part.filters) - 1 if part.op in ("and", "or") else 1
            counts[part.attr] = counts.get(part.attr, 0) + joints * len(part.sources or ())
        pending += (*part.filters, *part.children)
    counts["_total"] = sum(counts.values())
    return counts


def _needed(
    known: Known, names: frozenset[str]
) -> tuple[dict[str, list[int]], dict[str, Mapping[int, Value]]]:
    """Return the variables that a mutation uses: the nodes of each, and the values of each."""
    uids: dict[str, list[int]] = {}
    values: dict[str, Mapping[int, Value]] = {}
    for name in names & known.keys():
        found = known[name]
        uids[name] = list(found.uids or sorted(found.values))
        values[name] = found.values
    return uids, values
