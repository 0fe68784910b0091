"""What Otter knows of a request without running it: the shape of its text, mostly remembered."""

from collections.abc import Iterable, Mapping, Sequence, Set
from typing import Final

from google.protobuf.message import DecodeError

from otterd.core.operation import Operation, Rpc
from otterd.dql.cache import SIGHTINGS, Shapes
from otterd.dql.errors import SPACE
from otterd.dql.fingerprint import fingerprint, varied
from otterd.dql.generations import Generations, Sightings, weighed
from otterd.dql.glance import glance
from otterd.dql.mutation_blocks import parse_mutation
from otterd.dql.mutation_tree import STAR, Mutation, Upsert
from otterd.dql.shape import LONGEST, Edit, Purpose, Shape, purpose_of, request_shape
from otterd.wire import api_pb2 as api
from otterd.wire.question import text_of

CAREFUL: Final = 2 * 1024
"""Bytes up to which mutations are parsed that a glance does not understand: a millisecond of work."""


class Facts:
    """Tells the shapes of requests; remembers up to `limit` whole payloads in about `most_bytes`.

    One that comes once only is not remembered.
    """

    def __init__(self, shapes: Shapes, limit: int = 20_000, most_bytes: int = 16 * 1024 * 1024) -> None:
        self.unseen = 0
        """Payloads that were read, for they were not remembered."""
        self._shapes = shapes
        self._sightings = Sightings(SIGHTINGS)
        self._queries = Generations(limit, most_bytes // 2)
        self._blocks = Generations(limit // 4, most_bytes // 4)
        self._upserts = Generations(limit // 4, most_bytes // 4)

    @property
    def parsed(self) -> int:
        """How many queries were parsed, for no text alike was remembered."""
        return self._shapes.parsed

    def of(self, operation: Operation) -> Shape | None:
        """Return the shape of a request that carries DQL, None for any other; never raise.

        That of a mutation tells what it writes and what its query reads, and has no digest.
        """
        request = operation.request
        if not isinstance(request, Rpc):
            return None
        if request.method == "Query":
            seen, read = self._queries, self._query
        elif request.method == "RunDQL":
            seen, read = self._blocks, self._block
        else:
            return None
        payload = request.payload
        held = seen.young.get(payload) or (seen.get(payload) if seen.old else None)
        if held is not None:
            return held.shape
        self.unseen += 1
        try:
            found = read(payload)
        except DecodeError:
            return None
        except Exception:
            # What a parser stumbles over is for the alpha to judge, and no reason to fail.
            return None
        if len(payload) <= LONGEST and self._sightings.again(payload):
            seen.keep(payload, weighed(found))
        return found

    def _query(self, payload: bytes) -> Shape:
        text = text_of(payload)
        if text is not None:
            return self._shapes.shape(text, kept_by_asker=True)
        message = api.Request.FromString(payload)
        if not message.mutations:
            return self._shapes.shape(message.query, message.vars)
        edits = [_edit(each) for each in message.mutations]
        named = {quad.predicate for each in message.mutations for quad in (*each.set, *getattr(each, "del"))}
        return self._mutation(message.query, edits, message.vars, named)

    def _block(self, payload: bytes) -> Shape:
        message = api.RunDQLRequest.FromString(payload)
        text = message.dql_query
        purpose = purpose_of(text)
        if purpose is Purpose.QUERY:
            return self._shapes.shape(text, message.vars)
        if len(text) > LONGEST:
            return Shape(purpose)
        parts = parse_mutation(text)
        if isinstance(parts, Upsert):
            edits = [Edit(each.set, each.delete, cond=each.cond) for each in parts.changes]
            return self._mutation(parts.query, edits, message.vars)
        assert isinstance(parts, Mutation)
        return self._mutation("", [Edit(parts.change.set, parts.change.delete)], message.vars)

    def _mutation(
        self, query: str, edits: Sequence[Edit], variables: Mapping[str, str], named: Set[str] = frozenset()
    ) -> Shape:
        """Return the shape of `edits`, of triples that write the predicates `named`, and of their query."""
        blank = not query.strip(SPACE)
        purpose = Purpose.MUTATION if blank else Purpose.UPSERT
        size = len(query) + sum(map(_size, edits))
        if size > LONGEST:
            return Shape(purpose)
        found = glance(edits)
        if not found.sure:
            return request_shape(query, edits, variables) if size <= CAREFUL else Shape(purpose)
        reads = frozenset[str]() if blank else self._reads(query, edits, variables, found.variables)
        unknown = found.clears or STAR in named
        return Shape(purpose, reads, None if unknown else frozenset(found.predicates | named))

    def _reads(
        self, query: str, edits: Sequence[Edit], variables: Mapping[str, str], used: Iterable[str]
    ) -> frozenset[str] | None:
        """Return what `query` and the conditions of `edits` read; `used` are variables that the edits use."""
        conditions = [edit.cond for edit in edits]
        used = sorted(used)
        key = "\x1f".join((fingerprint(query), *used, "", *conditions))
        held = self._upserts.get(key)
        if held is not None:
            return held.shape.reads

        def shape(query: str) -> Shape:
            uses = "\n".join(f'uid({name}) <used> "" .' for name in used)
            return request_shape(query, [Edit(uses), *(Edit(cond=each) for each in conditions)], variables)

        found = shape(query)
        # Other literals change nothing, but where one is the name of a predicate.
        if found.parsed and "<$" not in query and shape(varied(query)).reads == found.reads:
            self._upserts.keep(key, weighed(found))
        return found.reads


def _edit(mutation: api.Mutation) -> Edit:
    return Edit(
        mutation.set_nquads.decode(),
        mutation.del_nquads.decode(),
        mutation.set_json,
        mutation.delete_json,
        mutation.cond,
    )


def _size(edit: Edit) -> int:
    return sum(map(len, (edit.set_nquads, edit.delete_nquads, edit.set_json, edit.delete_json, edit.cond)))
