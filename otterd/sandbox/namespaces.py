"""The calls by which a superadmin makes, lists and drops namespaces."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from otterd.sandbox.accounts import NO_JWT
from otterd.sandbox.cluster import Cluster
from otterd.sandbox.failures import PERMISSION_DENIED, Failed
from otterd.sandbox.people import People, namespaces
from otterd.sandbox.schema import first_schema
from otterd.wire import api_pb2 as api

Calls = dict[str, tuple[Any, Callable[[Any, Mapping[str, str]], Awaitable[Any]]]]


class Namespaces:
    """The namespaces of `cluster`."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self.calls: Calls = {
            "CreateNamespace": (api.CreateNamespaceRequest, self.create),
            "DropNamespace": (api.DropNamespaceRequest, self.drop),
            "ListNamespaces": (api.ListNamespacesRequest, self.list),
        }

    async def create(self, _: Any, metadata: Mapping[str, str]) -> api.CreateNamespaceResponse:
        """Make a namespace, with a groot of its own."""
        self._superadmin(metadata, "create namespace")
        await self._cluster.with_zero()
        zero = self._cluster.zero
        zero.namespaces += 1
        namespace = zero.namespaces
        schema = self._cluster.schemas[namespace] = first_schema(namespace)
        for pred in schema.predicates:
            zero.place(namespace, pred, 1)
        zero.timestamp()
        if self._cluster.accounts is not None:
            People.settle(self._cluster, namespace)
        return api.CreateNamespaceResponse(namespace=namespace)

    async def drop(
        self, request: api.DropNamespaceRequest, metadata: Mapping[str, str]
    ) -> api.DropNamespaceResponse:
        """Drop a namespace and all in it; one that there is not is dropped too."""
        self._superadmin(metadata, "drop namespace")
        namespace = request.namespace
        if not namespace:
            raise Failed(f"namespace [{namespace}] cannot be deleted")
        zero = self._cluster.zero
        self._cluster.schemas.pop(namespace, None)
        self._cluster.store.drop_namespace(namespace)
        for place in [place for place in zero.membership.tablets if place[0] == namespace]:
            zero.forget(*place)
        return api.DropNamespaceResponse()

    async def list(self, _: Any, metadata: Mapping[str, str]) -> api.ListNamespacesResponse:
        """List the namespaces."""
        self._superadmin(metadata, "list namespaces")
        known = {namespace: api.Namespace(id=namespace) for namespace in namespaces(self._cluster)}
        return api.ListNamespacesResponse(namespaces=known)

    def _superadmin(self, metadata: Mapping[str, str], what: str) -> None:
        """Raise Failed unless a guardian of the first namespace asks."""
        accounts = self._cluster.accounts
        if accounts is None:
            return
        refused = f"Non superadmin user cannot {what}. "
        try:
            caller = accounts.caller(metadata)
        except Failed as failed:
            unread = "Authorize guardian of the galaxy, extracting jwt token, error:: "
            unread += "extracting namespace from JWT"
            colon = "" if failed.text == NO_JWT else ":"
            raise Failed(f"{refused}{unread}{colon} {failed.text}") from None
        if caller.namespace:
            raise Failed(f"{refused}Only superadmin is allowed to do this operation", PERMISSION_DENIED)
        try:
            caller.guard()
        except Failed as failed:
            said = f"{refused}AuthSuperAdmin: failed to authorize guardians. {failed.text}"
            raise Failed(said, PERMISSION_DENIED) from None


def own_state(state: dict[str, Any], namespace: int) -> dict[str, Any]:
    """Return `state` as a guardian of `namespace` sees it: with his tablets only, under their bare names."""
    if not namespace:
        return state
    prefix = f"{namespace:x}-"
    groups = {}
    for id, group in state["groups"].items():
        own = {
            name.removeprefix(prefix): t for name, t in group["tablets"].items() if name.startswith(prefix)
        }
        groups[id] = {**group, "tablets": {name: {**t, "predicate": name} for name, t in own.items()}}
    return {**state, "groups": groups}
