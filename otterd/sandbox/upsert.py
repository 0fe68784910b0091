"""Upserts: the query that decides about a mutation, and what its variables put into the mutation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from otterd.sandbox.asking import Result
from otterd.sandbox.failures import Failed
from otterd.sandbox.quads import Change, Quad
from otterd.sandbox.values import Value

MOST_QUADS = 1_000_000


def condition_variable(number: int) -> str:
    """Return the variable that tells whether the condition of mutation `number` holds."""
    return f"__dgraph_upsertcheck_{number}__"


def with_conditions(query: str, changes: Sequence[Change]) -> str:
    """Return `query` with a block for each condition; raise Failed for what is none."""
    if not query:
        return query
    blocks = []
    for number, change in enumerate(changes):
        if change.cond.strip():
            _check_condition(change.cond)
            cond = change.cond.replace("@if", "@filter", 1)
            blocks.append(f"{condition_variable(number)} as var(func: uid(0)) {cond}\n")
    return query.removesuffix("}") + "".join(blocks) + "}"


def _check_condition(cond: str) -> None:
    """Raise Failed unless `cond` is one directive with balanced parentheses and nothing after it."""
    text = cond.strip()
    prefix = next((p for p in ("@if", "@filter") if text.lower().startswith(p)), "")
    rest = text[len(prefix) :].strip()
    if not prefix or not rest.startswith("("):
        raise Failed("invalid cond value: must start with @if( or @filter(")
    depth = 0
    quoted = escaped = False
    for at, char in enumerate(rest):
        if escaped:
            escaped = False
        elif char == "\\":
            escaped = True
        elif char == '"':
            quoted = not quoted
        elif not quoted and char in "()":
            depth += 1 if char == "(" else -1
            if not depth:
                if rest[at + 1 :].strip():
                    raise Failed("invalid cond value: unexpected content after condition")
                return
    raise Failed("invalid cond value: unbalanced parentheses")


def needed(changes: Sequence[Change], query: str) -> frozenset[str]:
    """Return the variables that the mutations use; raise Failed where no query could define them."""
    names = dict.fromkeys(
        name
        for change in changes
        for quad in (*change.sets, *change.deletes)
        for name in (
            _variable(quad.subject, "uid"),
            _variable(quad.object, "uid"),
            _variable(quad.object, "val"),
        )
        if name is not None
    )
    if names and not query:
        raise Failed(f"variables [{' '.join(names)}] not defined")
    conditions = (condition_variable(i) for i, c in enumerate(changes) if query and c.cond.strip())
    return frozenset((*names, *conditions))


def _variable(term: str, function: str) -> str | None:
    return term[4:-1] if term.startswith(f"{function}(") else None


def filled(changes: Sequence[Change], result: Result) -> list[Change]:
    """Return the changes with variables replaced by what the query found, and without those ruled out."""
    done = []
    for number, change in enumerate(changes):
        if change.cond.strip() and len(result.uids.get(condition_variable(number), ())) != 1:
            done.append(Change([], []))
            continue
        sets = [full for quad in change.sets for full in _filled(quad, result, delete=False)]
        deletes = [full for quad in change.deletes for full in _filled(quad, result, delete=True)]
        if len(sets) + len(deletes) > MOST_QUADS:
            count = len(sets) + len(deletes)
            raise Failed(f"NQuad count in the request: {count}, is more that threshold: {MOST_QUADS}")
        done.append(replace(change, sets=sets, deletes=deletes))
    return done


def _filled(quad: Quad, result: Result, *, delete: bool) -> list[Quad]:
    found = []
    for subject in _nodes(quad.subject, result):
        for target in _nodes(quad.object, result):
            if delete and (subject.startswith("_:uid(") or target.startswith("_:uid(")):
                continue
            name = _variable(target, "val")
            if name is None:
                found.append(replace(quad, subject=subject, object=target))
                continue
            value = _value(subject, result.values.get(name, {}))
            if value is not None and not (delete and subject.startswith("_")):
                found.append(replace(quad, subject=subject, object="", value=value))
    return found


def _nodes(term: str, result: Result) -> list[str]:
    name = _variable(term, "uid")
    if name is None:
        return [term]
    return [f"{uid:#x}" for uid in result.uids.get(name, ())] or [f"_:{term}"]


def _value(subject: str, values: object) -> Value | None:
    assert isinstance(values, dict)
    uid = 0 if subject.startswith("_") else int(subject, 0)
    value = values.get(uid, values.get(0))
    assert value is None or isinstance(value, Value)
    return value
