"""Access control as an alpha meets it: who asks, and what he may do; without it everybody may do all."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from otterd.sandbox.accounts import WRONG, Caller
from otterd.sandbox.cluster import Cluster
from otterd.sandbox.failures import UNAUTHENTICATED, Failed
from otterd.sandbox.people import People, namespaces
from otterd.sandbox.permits import Permits
from otterd.sandbox.quads import Change
from otterd.wire import api_pb2 as api


class Gate:
    """The way into `cluster`."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    def caller(self, metadata: Mapping[str, str], code: int = UNAUTHENTICATED) -> Caller:
        """Return who asks; raise Failed with `code` for who may not."""
        accounts = self._cluster.accounts
        if accounts is None:
            return Caller()
        caller = accounts.caller(metadata, code)
        if not caller.namespace:
            People.settle(self._cluster, 0)
        return caller

    def login(self, request: api.LoginRequest) -> api.Response:
        """Return tokens for who can show a password or a refresh token."""
        accounts = self._cluster.accounts
        if accounts is None:
            raise Failed(WRONG)
        userid, namespace, password = accounts.claimed(request)
        groups = None
        if namespace in namespaces(self._cluster):
            People.settle(self._cluster, namespace)
            groups = People(self._cluster, namespace).groups(userid, password)
        if groups is None:
            raise Failed(WRONG)
        return accounts.tokens(userid, namespace, groups)

    def ask(
        self, caller: Caller, changes: Collection[Change], text: str, variables: Mapping[str, str]
    ) -> None:
        """Raise Failed for a request that `caller` may not make."""
        if self._cluster.accounts is not None:
            permits = Permits(People(self._cluster, caller.namespace), caller)
            permits.change(changes)
            permits.ask(text, variables)

    def change(self, namespace: int, changes: Collection[Change]) -> None:
        """Raise Failed for changes that nobody may make."""
        if self._cluster.accounts is not None:
            People(self._cluster, namespace).protect(changes)

    def alter(self, caller: Caller, operation: api.Operation, preds: Iterable[str]) -> None:
        """Raise Failed for an alteration of `preds` that `caller` may not make."""
        if self._cluster.accounts is not None:
            Permits(People(self._cluster, caller.namespace), caller).alter(operation, preds)

    def altered(self, namespace: int) -> None:
        """Let there be somebody again, where a drop left nobody."""
        if self._cluster.accounts is not None:
            People.settle(self._cluster, namespace)

    def sign(self, context: api.TxnContext, namespace: int) -> None:
        """Show in `context` that the transaction is of `namespace`."""
        if self._cluster.accounts is not None:
            context.hash = self._cluster.accounts.hash(context.start_ts, namespace)
