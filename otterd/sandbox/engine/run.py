"""Running a plan: a root, its filters, order and page, and then its children."""

from __future__ import annotations

from dataclasses import replace

from otterd.dql.tree import Facets
from otterd.sandbox.engine.fetch import fetch
from otterd.sandbox.engine.filters import by_length, by_value, filtered
from otterd.sandbox.engine.order import ordered, paged
from otterd.sandbox.engine.part import Part, keep_dest, merged
from otterd.sandbox.engine.plan import AGGREGATES, COMPARISONS
from otterd.sandbox.engine.select import selected
from otterd.sandbox.engine.variables import define
from otterd.sandbox.failures import Failed, unsupported
from otterd.sandbox.schema import Schema
from otterd.sandbox.store import View

_DEEPEST = 200
"""Levels of a query; a real alpha has no limit, a Python stack has."""


class Runner:
    """Runs the parts of one request against one view."""

    def __init__(self, view: View, schema: Schema) -> None:
        self._view = view
        self._schema = schema

    def run(self, part: Part, parent: Part | None = None, depth: int = 0) -> None:
        """Find the nodes of `part` and, below it, everything that its children ask for."""
        if depth > _DEEPEST:
            raise unsupported(f"a query deeper than {_DEEPEST} levels")
        if part.attr == "uid":
            part.matrix = [[] for _ in part.sources or []]
            part.values = [[] for _ in part.sources or []]
            return
        self._find(part, parent)
        if part.counted and not part.filters:
            return
        if part.filters:
            filtered(self._view, self._schema, part)
        self._page(part)
        if part.counted:
            keep_dest(part)
            part.counts = [len(uids) for uids in part.matrix or []]
            return
        part.children = self.expanded(part)
        self._add_group_keys(part)
        if part.children:
            define(part, part.scope, [])
        for child in part.children:
            child.scope = dict(part.scope)
            child.sources = part.dest
            if not child.internal:
                self.run(child, part, depth + 1)
        if not part.dest:
            part.children = [child for child in part.children if not child.expand]

    def _find(self, part: Part, parent: Part | None) -> None:
        func = part.func
        if parent is not None:
            fetch(self._view, self._schema, part)
            part.dest = merged(part.matrix or [])
            return
        if func is None:
            raise Failed("SrcUIDs shouldn't be nil.")
        if func.name == "uid":
            self._find_given(part)
        elif func.name in COMPARISONS and func.of_val:
            part.dest = by_value(part, None)
            # The same list in both places: sorting one sorts the other, as in Dgraph.
            part.matrix = [part.dest] if part.by_uid else None
        elif func.name in COMPARISONS and func.of_len:
            part.dest = by_length(part, [])
        else:
            if func.name in AGGREGATES:
                raise unsupported("an aggregate at the root")
            part.dest = selected(self._view, self._schema, part, None)
            part.matrix = [list(part.dest)]

    def _find_given(self, part: Part) -> None:
        if part.sources:
            part.dest = part.sources
        else:
            part.matrix = [list(part.dest)]
        if part.after:
            part.dest = [uid for uid in part.dest if uid > part.after]
            part.sources = part.dest if part.sources else part.sources

    def _page(self, part: Part) -> None:
        by_facets = part.facets is not None and part.facets.order
        if not part.order and not by_facets:
            whole = part.func is not None and part.func.name == "has" and not part.filters
            if not whole:
                paged(part)
        elif not part.counted:
            ordered(self._view, self._schema, part)

    def _add_group_keys(self, part: Part) -> None:
        for key in part.group_by or ():
            part.children.append(Part(attr=key.attr, alias=key.alias, langs=key.languages, hidden=True))

    def expanded(self, part: Part) -> list[Part]:
        """Return the children of `part` with the predicates of types in the place of expand()."""
        result: list[Part] = []
        for child in part.children:
            if not child.expand:
                result.append(child)
                continue
            for pred in self._expand_names(part, child):
                one = _copy(child)
                one.attr, one.internal, one.expand, one.kind = pred, False, "", None
                one.every_language, one.facets = True, Facets(every=True)
                if any(_similar(other, one) for other in part.children):
                    raise Failed(f"Repeated subgraph: [{pred}] while using expand()")
                result.append(one)
        return result

    def _expand_names(self, part: Part, child: Part) -> list[str]:
        """Return the predicates of the types of the nodes, of the types named, or of a variable."""
        if child.expand == "_all_":
            types = [name for uid in part.dest for name in self._view.types(uid)]
        elif child.expand_rows:
            rows = child.expand_rows
            return list(dict.fromkeys(str(value.data) for values in rows for value in values))
        else:
            types = [name.strip() for name in child.expand.split(",")]
        known = [self._schema.types[name] for name in types if name in self._schema.types]
        names = list(dict.fromkeys(field for each in known for field in each.fields))
        if child.filters:
            edges = self._schema.predicates
            names = [name for name in names if name in edges and edges[name].is_edge]
        return names


def _copy(part: Part) -> Part:
    """Copy what `part` asks for; what was found stays behind."""
    return replace(
        part,
        args=list(part.args),
        filters=[_copy(each) for each in part.filters],
        children=[_copy(each) for each in part.children],
        sources=list(part.sources) if part.sources is not None else None,
        dest=list(part.dest),
        scope={},
    )


def _similar(a: Part, b: Part) -> bool:
    """Tell whether two children ask the same, as far as expand() looks at it."""
    if a.attr != b.attr or a.langs != b.langs or a.counted or a.expand:
        return False
    if a.func is not None:
        return b.func is not None and a.func.name == b.func.name
    return not a.filters or len(a.filters) == len(b.filters)
