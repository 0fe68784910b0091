"""JSON mutations: objects and their nesting, read into N-Quads as Dgraph reads them.

Blank nodes that Dgraph would name by itself are called `_:dg.1`, `_:dg.2` and so on here.
"""

from collections.abc import Iterator

from otterd.dql.errors import SPACE, DqlError, Unlike, locate
from otterd.dql.geometry import flaw_of_geometry, geojson
from otterd.dql.golang import Misread, integer, is_time, unsigned
from otterd.dql.json_numbers import measured, risky_numbers
from otterd.dql.json_text import MOST_VALUES, Array, Json, NotJson, Number, Object, parse_json
from otterd.dql.mutation_tree import STAR, Facet, NQuad, Value
from otterd.dql.places import Places
from otterd.dql.rdf_plain import split_language
from otterd.dql.rdf_values import vector

_DELIMITER = "|"
_NO_SPACE = str.maketrans("", "", SPACE)
_GEOMETRY = {"type", "coordinates"}
# An alpha names no place in JSON; these are its words where JSON itself is broken.
_BROKEN = "Bad parsing while executing stage 2"
_ROOT = "only array of map allowed at root"


def parse_json_mutation(data: bytes, *, delete: bool, most: int = MOST_VALUES) -> list[NQuad]:
    """Return the N-Quads that the JSON `data` sets, or deletes; raise DqlError, also over `most` values."""
    if not data:
        return []
    text = data.decode("utf-8", "surrogateescape")
    try:
        value = parse_json(text, most=most)
    except NotJson as wrong:
        line, column = locate(text, wrong.at)
        raise DqlError(_BROKEN, line, column, wrong.expected) from None
    if not isinstance(value, Object | Array):
        raise DqlError(_BROKEN, 1, 0, "an object or an array")
    return _Reader(text, delete=delete).read(value)


class _Node:
    """An object on its way: what is left of it to read."""

    def __init__(self, value: Object, uid: str, namespace: int, facets: dict[str, tuple[int, Json]]) -> None:
        self.uid = uid
        self.namespace = namespace
        self.facets = facets
        self.members = [
            (key, at, member)
            for key, (at, member) in value.members.items()
            if _DELIMITER not in key and key not in ("uid", "namespace")
        ]
        self.alone = "uid" in value.members and not self.members and "namespace" not in value.members

    @property
    def only_uid(self) -> bool:
        """Whether nothing but a uid was said."""
        return self.alone and not self.facets


class _Reader:
    """Walks a JSON value; the objects not yet done lie in a list, so that depth costs no stack."""

    def __init__(self, text: str, *, delete: bool) -> None:
        self.text = text
        self.delete = delete
        self.blanks = 0
        self.quads: list[NQuad] = []
        self.places = Places(text)

    def read(self, value: Object | Array) -> list[NQuad]:
        """Return the N-Quads of all of it."""
        self._check_numbers()
        roots = [(0, value)] if isinstance(value, Object) else value.items
        for at, root in roots:
            if not isinstance(root, Object):
                raise self._wrong(at, _ROOT, "an object")
            self._root(root)
        return self.quads

    def _check_numbers(self) -> None:
        """Raise DqlError for a number that is too large, wherever it stands: those come first."""
        for match in risky_numbers(self.text):
            self._measured(Number(match[1]), match.start(1))

    def _root(self, root: Object) -> None:
        first = self._node(root)
        if self.delete and first.only_uid:
            self._add(first, root.at, STAR, value=Value("default", STAR))
        left: list[Iterator[_Node]] = [self._members(first)]
        while left:
            inner = next(left[-1], None)
            if inner is None:
                left.pop()
            else:
                left.append(self._members(inner))
        # An alpha reads these as the facets of the edge to the root, which there is none of.
        self._facets(first, "")

    def _node(self, value: Object) -> _Node:
        facets = {key: member for key, member in value.members.items() if _DELIMITER in key}
        uid = self._uid(value)
        if not uid:
            if self.delete:
                reason = "UID must be present and non-zero while deleting edges"
                raise self._wrong(value.at, reason, "a uid")
            self.blanks += 1
            uid = f"_:dg.{self.blanks}"
        return _Node(value, uid, self._namespace(value), facets)

    def _uid(self, value: Object) -> str:
        at, given = value.members.get("uid", (0, None))
        number = 0
        if isinstance(given, Number):
            number = self._whole(given, at) % (1 << 64)
        elif isinstance(given, str):
            squeezed = given.translate(_NO_SPACE)
            if given.startswith("_:"):
                return given
            if squeezed == "uid(":
                raise Unlike("a uid that is `uid(` ends an alpha's process", *locate(self.text, at), "`)`")
            if squeezed.startswith("uid("):
                return squeezed
            number = self._unsigned(given, at) if given else 0
        return str(number) if number else ""

    def _namespace(self, value: Object) -> int:
        at, given = value.members.get("namespace", (0, None))
        if isinstance(given, Number):
            return self._whole(given, at) % (1 << 64)
        if isinstance(given, str):
            return self._unsigned(given.translate(_NO_SPACE) or "0", at)
        return 0

    def _unsigned(self, text: str, at: int) -> int:
        try:
            return unsigned(text)
        except Misread as wrong:
            raise self._wrong(at, str(wrong), "a number") from None

    def _whole(self, number: Number, at: int) -> int:
        """Return a number without a fraction; others count as none at all, as in Dgraph."""
        kind, value = self._measured(number, at)
        return int(value) if kind == "int" else 0

    def _measured(self, number: Number, at: int) -> tuple[str, float]:
        """Return `int`, `uint` or `float` and the number."""
        try:
            return measured(number.text)
        except Misread as wrong:
            raise self._wrong(at, str(wrong) or _BROKEN, "a number of 64 bits") from None

    def _members(self, node: _Node) -> Iterator[_Node]:
        """Read the members of `node`; yield each object in them, to be read before going on."""
        for key, at, value in node.members:
            if value is None:
                if self.delete:
                    self._add(node, at, key, value=Value("default", STAR))
            elif isinstance(value, Array):
                yield from self._items(node, key, value)
            elif isinstance(value, Object):
                facets = self._facets(node, key)
                if value.members:
                    yield from self._object(node, key, at, value, facets)
            else:
                self._scalar(node, key, at, value, self._facets(node, key))

    def _object(
        self,
        node: _Node,
        key: str,
        at: int,
        value: Object,
        facets: tuple[Facet, ...],
        *,
        listed: bool = False,
    ) -> Iterator[_Node]:
        """Read an object under `key`: a geometry, or another node."""
        if set(value.members) == _GEOMETRY and not flaw_of_geometry(value):
            self._add(node, at, key, value=Value("geo", geojson(value)), facets=facets, listed=listed)
            return
        inner = self._node(value)
        yield inner
        self._add(node, at, key, object_id=inner.uid, facets=self._facets(inner, key), listed=listed)

    def _items(self, node: _Node, key: str, value: Array) -> Iterator[_Node]:
        by_index: dict[int, list[Facet]] = {}
        for index, (at, item) in enumerate(value.items):
            if index == 0 and isinstance(item, str | Number):
                by_index = self._indexed_facets(node, key)
            if isinstance(item, Object):
                yield from self._object(node, key, at, item, (), listed=True)
            elif isinstance(item, str | Number):
                self._scalar(node, key, at, item, tuple(by_index.get(index, ())), listed=True)
            else:
                raise self._wrong(at, f"got unsupported type for list: {key}", "a value or an object")

    def _scalar(
        self,
        node: _Node,
        key: str,
        at: int,
        value: str | Number | bool,
        facets: tuple[Facet, ...],
        *,
        listed: bool = False,
    ) -> None:
        object_id, found = "", None
        if isinstance(value, str):
            object_id, found = self._string(value, at)
        elif isinstance(value, Number):
            kind, number = self._measured(value, at)
            if kind == "uint":
                reason = f"unexpected type for val for attr: {key} while converting to nquad"
                raise self._wrong(at, reason, "a number of 63 bits")
            is_star = self.delete and kind == "float" and number == 0
            found = Value("default", STAR) if is_star else Value(kind, value.text)
        elif self.delete and not value:
            found = Value("default", STAR)
        else:
            found = Value("bool", "true" if value else "false")
        self._add(node, at, key, object_id=object_id, value=found, facets=facets, listed=listed)

    def _string(self, text: str, at: int) -> tuple[str, Value | None]:
        if not text and self.delete:
            return "", Value("default", STAR)
        try:
            if vector(text):
                return "", Value("float32vector", text)
        except Misread:
            pass
        squeezed = text.translate(_NO_SPACE)
        if squeezed.startswith(("uid(", "val(")):
            if not squeezed.endswith(")"):
                reason = f"while processing '{squeezed}', brackets are not closed properly"
                raise self._wrong(at, reason, "`)`")
            return squeezed, None
        return "", Value("string", text)

    def _facets(self, node: _Node, key: str) -> tuple[Facet, ...]:
        """Return the facets `key|…` beside `key`."""
        prefix = key + _DELIMITER
        return tuple(
            self._facet(name, name[len(prefix) :], at, value)
            for name, (at, value) in node.facets.items()
            if name.startswith(prefix) and value is not None
        )

    def _indexed_facets(self, node: _Node, key: str) -> dict[int, list[Facet]]:
        """Return the facets `key|…` of the items of a list, by their places in it."""
        found: dict[int, list[Facet]] = {}
        prefix = key + _DELIMITER
        for name, (at, value) in node.facets.items():
            if not name.startswith(prefix) or value is None:
                continue
            if not isinstance(value, Object):
                reason = f"facets format should be of type map for scalarlist predicates, for facet: {name}"
                raise self._wrong(at, reason, "an object")
            for index, (index_at, each) in value.members.items():
                facet = self._facet(f"{name}, index: {index}", name[len(prefix) :], index_at, each)
                try:
                    found.setdefault(integer(index, 10), []).append(facet)
                except Misread as wrong:
                    reason = f"facet: {name}, index: {index}: {wrong}".replace("ParseInt", "Atoi")
                    raise self._wrong(index_at, reason, "a number") from None
        return found

    def _facet(self, name: str, key: str, at: int, value: Json) -> Facet:
        if isinstance(value, str):
            return Facet(key, "datetime" if is_time(value) else "string", value)
        if isinstance(value, bool):
            return Facet(key, "bool", "true" if value else "false")
        if isinstance(value, Number):
            kind, _ = self._measured(value, at)
            if kind != "uint":
                return Facet(key, kind, value.text)
        reason = f"facet: {name}: facet value can only be string/number/bool"
        raise self._wrong(at, reason, "a string, number or truth value")

    def _add(
        self,
        node: _Node,
        at: int,
        key: str,
        *,
        object_id: str = "",
        value: Value | None = None,
        facets: tuple[Facet, ...] = (),
        listed: bool = False,
    ) -> None:
        # Dgraph knows no languages in lists.
        predicate, lang = (key, "") if listed else split_language(key)
        line, column = self.places.of(at)
        self.quads.append(
            NQuad(node.uid, predicate, object_id, value, lang, facets, node.namespace, line, column)
        )

    def _wrong(self, at: int, reason: str, expected: str) -> DqlError:
        line, column = locate(self.text, at)
        return DqlError(reason, line, column, expected)
