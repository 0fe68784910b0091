"""Mutations and upserts that an alpha can run, as texts and as JSON: the same seed gives the same."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from otterd.dql.shape import Edit

Node = dict[str, object]


@dataclass(frozen=True, slots=True)
class Write:
    """One request to `/mutate`: its body, and the same as its parts; `query` is None in a text."""

    body: str
    query: str | None = None
    edits: tuple[Edit, ...] = ()


VALUES = {
    "sd_name": ('"Fay"', '"Fay"@en', '"a \\"b\\" . <x> {#"', '"Gil"@ru (origin="x")'),
    "sd_age": ('"41"', '"42"^^<xs:int>', '"40" (since=2001, close=true)'),
    "sd_nick": ('"f"', '"g"'),
    "sd_height": ('"1.5"', '"1"^^<xs:double>'),
    "sd_alive": ('"true"',),
    "sd_born": ('"1900"', '"1900-01-02"^^<xs:dateTime>'),
    "sd_pass": ('"secret2"',),
    "sd_vec": ('"[5, 1]"',),
    "sd-dash": ('"9"',),
    "sd.dot": ('"Fay"',),
    "sd/é": ('"Fay"',),
    "7": ('"9"',),
    "sd_loc": ("\"{'type':'Point','coordinates':[1,2]}\"^^<geo:geojson>",),
    "dgraph.type": ('"SdPerson"', '"SdPet"'),
    "sd_name@en": ('"Hal"',),
    "sd_new": ('"not in the schema"',),
}
EDGES = ("sd_friend", "sd_boss")
JSON_VALUES: dict[str, Sequence[object]] = {
    "sd_name": ("Fay", None),
    "sd_name@en": ("Fay",),
    "sd_name|origin": ("x",),
    "sd_age": (41, "41"),
    "sd_nick": (["f", "g"], "h"),
    "sd_height": (1.5, 2),
    "sd_alive": (True,),
    "sd_born": ("1900-01-02",),
    "sd-dash": (9,),
    "sd/é": ("Fay",),
    "7": (9,),
    "sd_loc": ({"type": "Point", "coordinates": [1, 2]},),
    "sd_vec": ("[5, 1]",),
    "dgraph.type": ("SdPet", ["SdPerson", "SdPet"]),
    "sd_new": ("x",),
}
QUERIES = (
    "{ q(func: has(sd_name)) @filter(has(sd.dot)) { v as uid n as <8> } }",
    "{ v as var(func: ge(sd_age, 36), first: 2) { n as sd_age } }",
    "{ v as var(func: has(sd_friend)) @cascade(sd_name) { sd_friend (orderasc: sd_height) { m: sd_nick } }"
    " var(func: uid(v)) { n as math(1 + 1) } }",
    # An alpha adds what a condition asks for to the end of a query, so the fragment comes first.
    "fragment f { n as count(sd_friend) } query { v as var(func: has(~sd_boss)) { ...f } }",
    "{ v as var(func: type(SdPerson)) { sd_friend { n as <7> } } }",
)
CONDITIONS = ("", "", "@if(gt(len(v), 0))", "@if(eq(len(v), 0) or lt(len(v), 9))", "@if(NOT eq(len(v), 77))")


class Writes:
    """Makes one request after the other."""

    def __init__(self, chance: Random) -> None:
        self._chance = chance

    def document(self) -> Write:
        """Return a request."""
        kind = self._chance.random()
        if kind < 0.35:
            return Write(self._blocks(bound=False))
        if kind < 0.65:
            return Write(self._upsert())
        return self._json(bound=kind < 0.85)

    def _some(self, least: int = 1) -> range:
        return range(self._chance.choice((least, 1, 2, 3)))

    def _node(self, *, bound: bool, new: bool = True) -> str:
        known = [f"<{self._uid()}>"] + ["uid(v)"] * bound + ["_:a", "_:b"] * new
        return self._chance.choice(known)

    def _uid(self) -> str:
        return self._chance.choice(("0x1", "0x2", "3", "0x5"))

    def _set(self, *, bound: bool) -> str:
        lines = []
        for _ in self._some():
            subject = self._node(bound=bound)
            if bound and self._chance.random() < 0.25:
                lines.append(f"{subject} <{self._chance.choice(('sd_age', 'sd_new'))}> val(n) .")
            elif self._chance.random() < 0.3:
                facets = self._chance.choice(("", "", " (since=2005)"))
                lines.append(f"{subject} <{self._chance.choice(EDGES)}> {self._node(bound=bound)}{facets} .")
            else:
                predicate = self._chance.choice(tuple(VALUES))
                lines.append(f"{subject} <{predicate}> {self._chance.choice(VALUES[predicate])} .")
        return "\n".join(lines)

    def _delete(self, *, bound: bool) -> str:
        lines = []
        for _ in self._some():
            subject = self._node(bound=bound, new=False)
            predicate = self._chance.choice((*VALUES, *EDGES))
            if self._chance.random() < 0.08:
                lines.append(f"{subject} * * .")
            elif predicate in EDGES and self._chance.random() < 0.5:
                lines.append(f"{subject} <{predicate}> <{self._uid()}> .")
            else:
                lines.append(f"{subject} <{predicate}> * .")
        return "\n".join(lines)

    def _blocks(self, *, bound: bool) -> str:
        found = []
        if self._chance.random() < 0.8:
            found.append(f"set {{ # <x> <y> <z> .\n{self._set(bound=bound)}\n}}")
        if not found or self._chance.random() < 0.35:
            found.append(f"delete{{\n{self._delete(bound=bound)}\n}}")
        self._chance.shuffle(found)
        return "{ " + "\n".join(found) + " }"

    def _upsert(self) -> str:
        query = self._chance.choice(QUERIES)
        parts = [query if query.startswith("fragment") else f"query {query}"]
        # Each variable is used at least here, whatever chance makes.
        parts.append("mutation { set { uid(v) <sd_used> val(n) . } }")
        for _ in self._some():
            condition = self._chance.choice(CONDITIONS)
            parts.append(f"mutation {condition} {self._blocks(bound=True)}")
        return "upsert { " + "\n".join(parts) + " }"

    def _json(self, *, bound: bool) -> Write:
        changes: list[dict[str, object]] = []
        edits = []
        for _ in self._some():
            change: dict[str, object] = {}
            if self._chance.random() < 0.8:
                change["set"] = [self._object(2, bound=bound) for _ in self._some()]
            if not change or self._chance.random() < 0.3:
                change["delete"] = [self._gone(bound=bound) for _ in self._some()]
            if bound:
                change["cond"] = self._chance.choice(CONDITIONS)
            changes.append(change)
        query = self._chance.choice(QUERIES) if bound else ""
        if bound:
            changes.append({"set": {"uid": "uid(v)", "sd_used": "val(n)"}})
        for change in changes:
            made, gone = (
                json.dumps(change[key]).encode() if key in change else b"" for key in ("set", "delete")
            )
            edits.append(Edit(set_json=made, delete_json=gone, cond=str(change.get("cond", ""))))
        whole: dict[str, object] = {"mutations": changes} if len(changes) > 1 else dict(changes[0])
        return Write(json.dumps({"query": query, **whole} if query else whole), query, tuple(edits))

    def _object(self, depth: int, *, bound: bool) -> Node:
        node: Node = {}
        if self._chance.random() < 0.6:
            known = [self._uid(), "_:a"] + ["uid(v)"] * bound
            node["uid"] = self._chance.choice(known)
        for _ in self._some():
            key = self._chance.choice(tuple(JSON_VALUES))
            node[key] = self._chance.choice(JSON_VALUES[key])
        if bound and self._chance.random() < 0.2:
            node["sd_age"] = "val(n)"
            node["uid"] = "uid(v)"
        if depth and self._chance.random() < 0.4:
            below = self._object(depth - 1, bound=bound)
            below["sd_friend|since"] = 2009
            node["sd_friend"] = [below, {"uid": self._uid()}]
        if depth and self._chance.random() < 0.2:
            node["sd_boss"] = self._object(depth - 1, bound=bound)
        return node

    def _gone(self, *, bound: bool) -> Node:
        node: Node = {"uid": "uid(v)" if bound and self._chance.random() < 0.3 else self._uid()}
        for _ in self._some(0):
            key = self._chance.choice(
                ("sd_name", "sd_name@en", "sd_name@*", "sd_friend", "sd_boss", "sd.dot", "7")
            )
            node[key] = {"uid": self._uid()} if key in EDGES and self._chance.random() < 0.5 else None
        return node
