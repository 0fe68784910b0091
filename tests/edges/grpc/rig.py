"""The gRPC door over the true corridor and guard, in front of alphas of a sandbox."""

from typing import Any

from otterd.core.operation import Rpc
from otterd.wire import api_pb2 as api
from tests.doors import Doors
from tests.edges.grpc.peer import Fields, Peer, Told

DGRAPH = "/api.Dgraph/"


def query(text: str = "{q(func:uid(1)){uid}}", **more: Any) -> bytes:
    """Return the bytes of an api.Request."""
    return api.Request(query=text, **more).SerializeToString()


def mutation(nquads: str = '_:a <b> "c" .', **more: Any) -> bytes:
    """Return the bytes of an api.Request that sets `nquads`."""
    return api.Request(mutations=[api.Mutation(set_nquads=nquads.encode())], **more).SerializeToString()


class Rig(Doors):
    """`call` makes one call on a connection that stays; `last` is the Rpc that reached an alpha."""

    def __init__(self, **keys: Any) -> None:
        super().__init__(**keys)
        self.client = Peer(self.calls)

    def call(self, method: str = "Query", payload: bytes | None = None, fields: Fields = ()) -> Told:
        told = self.client.ask(DGRAPH + method, query() if payload is None else payload, fields)
        return self.settle(told)

    def settle(self, told: Told) -> Told:
        """Let the turn end, so that what was answered goes out."""
        self.clock.advance(0)
        self.client.talk()
        return told

    @property
    def last(self) -> Rpc:
        return self.rpcs[-1]
