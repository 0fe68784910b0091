"""What a caller may do, in the words of the refusals of an alpha with access control."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from otterd.dql.document import parse_query
from otterd.dql.errors import DqlError
from otterd.dql.mutation_tree import STAR
from otterd.dql.shape import shape
from otterd.sandbox.accounts import Caller
from otterd.sandbox.failures import PERMISSION_DENIED, Failed, unsupported
from otterd.sandbox.people import MODIFY, READ, WRITE, People
from otterd.sandbox.quads import Change
from otterd.wire import api_pb2 as api


class Permits:
    """What `caller`, who is one of `people`, may do."""

    def __init__(self, people: People, caller: Caller) -> None:
        self._caller = caller
        self._allowed = {} if caller.guardian else people.allowed(caller.groups)

    def ask(self, text: str, variables: Mapping[str, str]) -> None:
        """Raise Failed for a query of what the caller may not read: alphas leave that out, unheard."""
        if self._caller.guardian or not text:
            return
        try:
            document = parse_query(text, dict(variables))
        except DqlError:
            return
        reads = shape(text, dict(variables)).reads
        if document.schema is not None or reads is None:
            raise unsupported("such a query by a user who is no guardian")
        hidden = self._refused((pred.removeprefix("~") for pred in reads), READ)
        if hidden:
            raise unsupported(f"a query of {hidden[0]} by a user who may not read it")

    def change(self, changes: Collection[Change]) -> None:
        """Raise Failed for a change of what the caller may not write."""
        if self._caller.guardian:
            return
        preds = {quad.pred for change in changes for quad in (*change.sets, *change.deletes)}
        if STAR in preds:
            raise unsupported("a deletion of all predicates by a user who is no guardian")
        refused = self._refused(preds, WRITE)
        if refused:
            said = " ".join(refused)
            raise Failed(f"unauthorized to mutate following predicates: {said} \n", PERMISSION_DENIED)

    def alter(self, operation: api.Operation, preds: Iterable[str]) -> None:
        """Raise Failed for an alteration of `preds` that the caller may not make."""
        kinds = api.Operation
        drop_all = operation.drop_all or operation.drop_op == kinds.ALL
        if not self._caller.guardian:
            if drop_all or operation.drop_op == kinds.DATA:
                who = self._caller.userid
                raise Failed(f"only guardians are allowed to drop all data, but the current user is {who}")
            refused = self._refused(preds, MODIFY)
            if refused:
                said = " ".join(refused)
                raise Failed(f"unauthorized to alter following predicates: {said} \n", PERMISSION_DENIED)
        if drop_all and self._caller.namespace:
            text = "Drop all can only be called by the guardian of the galaxy. "
            raise Failed(f"{text}Only superadmin is allowed to do this operation", PERMISSION_DENIED)

    def _refused(self, preds: Iterable[str], right: int) -> list[str]:
        every = self._allowed.get("dgraph.all", 0)
        return sorted({pred for pred in preds if not (self._allowed.get(pred, 0) | every) & right})
