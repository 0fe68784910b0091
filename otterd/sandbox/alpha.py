"""One alpha: the calls of `api.Dgraph`, answered from the cluster's graph."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from otterd.dql.document import parse_query
from otterd.dql.errors import DqlError
from otterd.dql.mutation_tree import STAR
from otterd.sandbox.accounts import Caller
from otterd.sandbox.alter import Alteration, altered
from otterd.sandbox.asking import Question, Result
from otterd.sandbox.cluster import VERSION, Cluster, base_36
from otterd.sandbox.failures import ABORTED, NO_CONNECTION, UNAUTHENTICATED, Failed, unsupported
from otterd.sandbox.faults import Faults
from otterd.sandbox.gate import Gate
from otterd.sandbox.namespaces import Namespaces
from otterd.sandbox.quads import Change, change_of
from otterd.sandbox.reach import Reach
from otterd.sandbox.run_dql import request_of
from otterd.sandbox.upsert import filled, needed, with_conditions
from otterd.sandbox.vitals import exposition, own_health, seen_health
from otterd.sandbox.write import Writer
from otterd.sandbox.zero import Member
from otterd.wire import api_pb2 as api

_SCHEMA = (b'{"schema":', b'{"types":')
_ABORTED = "Transaction has been aborted. Please retry"


@dataclass(slots=True)
class _Asked:
    """A request on its way: what it asks, in which namespace, and when its parts began."""

    request: api.Request
    namespace: int
    debug: bool = False
    best_effort: bool = False
    changes: list[Change] = field(default_factory=list)
    needed: frozenset[str] = frozenset()
    begun: int = field(default_factory=time.perf_counter_ns)
    response: api.Response = field(default_factory=api.Response)


class Alpha:
    """The alpha `number` (from 0) of `cluster`."""

    def __init__(self, cluster: Cluster, number: int) -> None:
        self._cluster = cluster
        self.replica = cluster.replicas[number]
        self._reach = Reach(cluster, self.replica)
        self._gate = Gate(cluster)
        self.calls: dict[str, tuple[Any, Callable[[Any, Mapping[str, str]], Awaitable[Any]]]] = {
            "Query": (api.Request, self.query),
            "CommitOrAbort": (api.TxnContext, self.commit),
            "Alter": (api.Operation, self.alter),
            "Login": (api.LoginRequest, self.login),
            "CheckVersion": (api.Check, self.check_version),
            "RunDQL": (api.RunDQLRequest, self.run_dql),
            **Namespaces(cluster).calls,
        }

    @property
    def cluster(self) -> Cluster:
        """The cluster that it is of."""
        return self._cluster

    @property
    def faults(self) -> Faults:
        """What is wrong with it."""
        return self.replica.faults

    @property
    def member(self) -> Member:
        """The alpha as zero knows it."""
        return self.replica.member

    @property
    def max_assigned(self) -> int:
        """The greatest timestamp that it has applied."""
        return self._cluster.applied(self.replica)

    async def perform(self, method: str, payload: bytes, metadata: Mapping[str, str]) -> bytes:
        """Answer the call `method`, faults included; raise Failed or Reset."""
        if method not in self.calls:
            raise unsupported(method)
        kind, call = self.calls[method]
        await self.faults.before(method, self._cluster.clock)
        self.faults.refusal()
        answer = await call(kind.FromString(payload), metadata)
        self.faults.after(method)
        await self.faults.running()
        return bytes(answer.SerializeToString())

    async def query(self, request: api.Request, metadata: Mapping[str, str]) -> api.Response:
        """Answer a query, a mutation, or an upsert."""
        self.faults.overload()
        self.replica.queries += 1
        try:
            return await self._answer(request, metadata)
        finally:
            self.replica.queries -= 1

    async def _answer(self, request: api.Request, metadata: Mapping[str, str]) -> api.Response:
        request.query = request.query.strip()
        if not request.query and not request.mutations:
            raise Failed("empty request")
        asked = _Asked(request, 0, metadata.get("debug") == "true")
        asked.changes = [change_of(mutation) for mutation in request.mutations]
        text = with_conditions(request.query, asked.changes) if asked.changes else request.query
        asked.needed = needed(asked.changes, text)
        caller = self.caller(metadata)
        asked.namespace = caller.namespace
        self._gate.ask(caller, asked.changes, text, request.vars)
        parsed = time.perf_counter_ns()
        began = request.start_ts
        await self._dated(asked)
        dated = time.perf_counter_ns()
        result = await self._asked(asked, text)
        if asked.changes:
            await self._mutate(asked, filled(asked.changes, result))
        self._gate.sign(asked.response.txn, asked.namespace)
        done = time.perf_counter_ns()
        latency = asked.response.latency
        latency.parsing_ns = parsed - asked.begun
        latency.assign_timestamp_ns = 0 if request.best_effort or began else dated - parsed
        latency.processing_ns, latency.total_ns = done - dated, done - asked.begun
        # Only the printing of nodes as JSON is timed; here it is a part of the processing.
        printed = asked.response.json and not asked.response.json.startswith(_SCHEMA)
        latency.encoding_ns = 1 if printed else 0
        return asked.response

    async def _dated(self, asked: _Asked) -> None:
        """Find the timestamp of a request, and wait until it was given out."""
        request, zero = asked.request, self._cluster.zero
        if request.best_effort and not request.read_only:
            raise Failed("A best effort query must be read-only.")
        asked.best_effort = request.best_effort and not request.start_ts
        if asked.best_effort:
            request.start_ts = self.max_assigned
        elif not request.start_ts:
            await self._cluster.with_zero()
            fresh = asked.changes or not request.read_only
            request.start_ts = zero.timestamp() if fresh else zero.read_only_timestamp()
            self._cluster.moved()
        asked.response.txn.start_ts = request.start_ts
        await self._cluster.reached(request.start_ts)

    async def _asked(self, asked: _Asked, text: str) -> Result:
        """Answer the query of a request, if it has one, once who serves what it reads has applied enough."""
        if not text:
            # To find out about unique values an alpha adds a query, though it has no result.
            if any(self._unique(asked, quad.pred) for change in asked.changes for quad in change.sets):
                asked.response.json = b"{}"
            return Result()
        rdf = asked.request.resp_format == api.Request.RDF
        question = Question(text, dict(asked.request.vars), asked.needed, debug=asked.debug, rdf=rdf)
        namespace, ts = asked.namespace, asked.request.start_ts
        if "schema" in text:
            await self._tell_schema(namespace, question)
        while True:
            view = self._cluster.view(namespace, ts, within=not asked.best_effort)
            failure = None
            try:
                result = self._cluster.engine(view, self._reach.schema(namespace), question)
            except Failed as failed:
                failure = failed
            self._reach.moved(namespace, view.touched, ts)
            if await self._reach.read(namespace, view.touched, ts):
                continue
            if failure is not None:
                raise failure
            asked.response.json, asked.response.rdf = result.json, result.rdf
            asked.response.metrics.num_uids.update(result.num_uids)
            return result

    async def _tell_schema(self, namespace: int, question: Question) -> None:
        """Wait for those who know the schema, if that is what is asked for."""
        try:
            document = parse_query(question.text, question.variables, wanted=question.needed)
        except DqlError:
            return
        if document.schema is not None:
            await self._reach.tell_schema(namespace, document.schema.predicates)

    def _unique(self, asked: _Asked, pred: str) -> bool:
        known = self._cluster.schema(asked.namespace).predicates.get(pred)
        return known is not None and known.unique

    async def _mutate(self, asked: _Asked, changes: list[Change]) -> None:
        """Stage what a request changes, and commit it when it says so."""
        request, response, zero = asked.request, asked.response, self._cluster.zero
        start_ts = request.start_ts
        if zero.decision(start_ts) is not None:
            # Nothing can be added to what is decided; Dgraph takes it, and loses it in the end.
            self._cluster.store.abort(start_ts)
        writer = Writer(self._cluster, asked.namespace, start_ts, self.member.group)
        changed = [quad.pred for change in changes for quad in (*change.sets, *change.deletes)]
        try:
            await self._reach.mutate(asked.namespace, [pred for pred in changed if pred != STAR])
            self._gate.change(asked.namespace, changes)
            written = writer.write(changes)
        except Failed:
            if request.commit_now:
                zero.abort(start_ts)
            raise
        for name, uid in written.uids.items():
            response.uids[name.removeprefix("_:")] = f"{uid:#x}"
        touched, preds = self._cluster.touched(start_ts, written.keys, written.preds)
        keys = list(map(base_36, sorted(touched)))
        response.txn.preds.extend(sorted(preds))
        if request.commit_now:
            response.txn.commit_ts = self._commit(start_ts, keys, response.txn.preds)
        else:
            response.txn.keys.extend(keys)
        response.metrics.num_uids["mutation_cost"] = written.cost
        response.metrics.num_uids["_total"] += written.cost

    def _commit(self, start_ts: int, keys: list[str], preds: object) -> int:
        commit_ts = self._cluster.zero.commit(start_ts, keys, list(preds))  # type: ignore[call-overload]
        if not commit_ts:
            raise Failed(_ABORTED, ABORTED)
        return commit_ts

    def caller(self, metadata: Mapping[str, str], code: int = UNAUTHENTICATED) -> Caller:
        """Return who asks; raise Failed with `code` for who may not."""
        return self._gate.caller(metadata, code)

    async def commit(self, context: api.TxnContext, metadata: Mapping[str, str]) -> api.TxnContext:
        """Commit a transaction, or abort it."""
        if not context.start_ts:
            raise Failed("StartTs cannot be zero while committing a transaction")
        if self._cluster.accounts is not None:
            self._cluster.accounts.admit_commit(metadata, context)
        if self._cluster.zero.gone:
            raise Failed(NO_CONNECTION)
        if context.aborted:
            decided = self._cluster.zero.decision(context.start_ts)
            self._cluster.zero.abort(context.start_ts)
            return api.TxnContext(
                start_ts=context.start_ts if decided else 0, commit_ts=decided or 0, aborted=True
            )
        commit_ts = self._commit(context.start_ts, list(context.keys), context.preds)
        return api.TxnContext(start_ts=context.start_ts, commit_ts=commit_ts)

    async def alter(self, operation: api.Operation, metadata: Mapping[str, str]) -> api.Payload:
        """Change the schema, or drop data."""
        caller = self.caller(metadata)
        namespace = caller.namespace
        preds = altered(self._cluster, namespace, operation)
        self._gate.alter(caller, operation, preds)
        await self._cluster.with_zero()
        await self._reach.propose(namespace, preds)
        Alteration(self._cluster, namespace, self.member.group).apply(operation)
        self._gate.altered(namespace)
        return api.Payload()

    async def login(self, request: api.LoginRequest, metadata: Mapping[str, str]) -> api.Response:
        """Return tokens, when access control is on."""
        return self._gate.login(request)

    async def check_version(self, _: api.Check, metadata: Mapping[str, str]) -> api.Version:
        """Return which Dgraph it stands for."""
        return api.Version(tag=VERSION)

    async def run_dql(self, request: api.RunDQLRequest, metadata: Mapping[str, str]) -> api.Response:
        """Answer a text that may be a query, a mutation or an upsert."""
        return await self.query(request_of(request), metadata)

    def health(self) -> dict[str, object]:
        """Return what `/health` tells of it."""
        return own_health(self._cluster, self.replica)

    def seen(self) -> dict[str, object]:
        """Return what the other members tell of it."""
        return seen_health(self._cluster, self.replica)

    def metrics(self) -> bytes:
        """Return what `/metrics` tells of it."""
        return exposition(self._cluster, self.replica)
