"""Every door before one guard and one corridor, spoken to in bytes, and alphas of a sandbox behind them.

A fake is left only of what a sandbox does not have: subscriptions of GraphQL.
"""

import json
from functools import partial
from typing import Any

from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress
from twisted.internet.testing import StringTransport

from otterd.core.operation import Answer, HttpCall, Rpc
from otterd.edges.grpc.factory import GrpcFactory
from otterd.edges.http.factory import HttpFactory
from otterd.edges.ws.factory import OtterSocketFactory
from otterd.wire import api_pb2 as api
from tests.edges.grpc.peer import Peer, Told
from tests.edges.http.siterig import SiteRig
from tests.edges.ws.fakes import FakeLedger, Wire, frame, frames
from tests.fakes.memory import FakeTunnel
from tests.sandboxed import Sandboxed

TOKEN = "socket-token"
QUERY = b"{q(func:uid(1)){uid}}"
GRPC_QUERY = api.Request(query=QUERY.decode()).SerializeToString()
UPGRADE = (
    ("Connection", "Upgrade"),
    ("Upgrade", "websocket"),
    ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ("Sec-WebSocket-Version", "13"),
)
SWITCHED = ((b"Upgrade", b"websocket"), (b"Connection", b"Upgrade"), (b"Sec-WebSocket-Accept", b"x"))

Fields = tuple[tuple[str, str], ...]


def address(peer: str) -> Any:
    """Return the address of a peer as Twisted has it; "" stands for a UNIX socket."""
    if not peer:
        return UNIXAddress(None)
    return IPv6Address("TCP", peer, 1) if ":" in peer else IPv4Address("TCP", peer, 1)


class PeerWire(Wire):
    """A Wire from a peer of the test's choice."""

    def __init__(self, peer: str) -> None:
        super().__init__()
        self.peer = peer

    def getPeer(self) -> Any:
        return address(self.peer)


class Reply:
    """One HTTP answer: `status`, `headers` by lower-case name, `body`."""

    def __init__(self, data: bytes) -> None:
        head, _, self.body = data.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        self.status = int(first.split(" ")[1])
        self.headers = {name.lower(): value.strip() for name, _, value in (x.partition(":") for x in lines)}

    @property
    def message(self) -> str:
        """What the error in the body says."""
        told = json.loads(self.body)
        return str(told["error"] if "error" in told else told["errors"][0]["message"])


class Socket:
    """A WebSocket client; `status` is that of its handshake."""

    def __init__(self, doors: "Doors", peer: str, headers: Fields) -> None:
        self.wire = PeerWire(peer)
        self.wire.protocol = doors.sockets.buildProtocol(None)
        self.wire.protocol.makeConnection(self.wire)
        self.feed(_head("GET", "/ws", (*UPGRADE, *headers)))
        self.reply = Reply(self.wire.received)
        self.status = self.reply.status
        self.wire.received = b""

    def feed(self, data: bytes) -> None:
        if self.wire.protocol is not None:
            self.wire.protocol.dataReceived(data)

    def say(self, **members: Any) -> bytes:
        """Send one message and return the last text that came."""
        self.feed(frame(1, json.dumps(members).encode()))
        return [payload for opcode, payload in frames(self.wire.received) if opcode == 1][-1]

    def authenticate(self, **members: Any) -> "Socket":
        assert self.say(type="auth", token=TOKEN, **members) == b'{"status":"authenticated"}'
        return self

    @property
    def closed(self) -> int | None:
        """The code with which the server closed."""
        return next(
            (int.from_bytes(payload[:2]) for opcode, payload in frames(self.wire.received) if opcode == 8),
            None,
        )


class Doors(SiteRig):
    """`http`, `upgrade`, `socket` and `grpc` each try one door as `peer`."""

    def __init__(self, **keys: Any) -> None:
        keys.setdefault("ws_token", TOKEN)
        super().__init__(**keys)
        self.ledger = FakeLedger()
        self.front = HttpFactory(self.live, self.clock, self.site, self.ledger)
        self.sockets = OtterSocketFactory(self.live, self.clock, self.gateway, self.guard, self.ledger)
        self.calls = GrpcFactory(
            self.live,
            self.clock,
            self.clock,
            self.gateway,
            self.guard,
            self.ledger,
            self.report,
            self.front.budget,
        )
        self.sandbox = Sandboxed(self.clock, len(self.alphas))
        self.trouble = self.sandbox.trouble
        for number, alpha in enumerate(self.alphas.values()):
            alpha.channel.outcomes.clear()
            alpha.channel.default = partial(self.sandbox.call, number)
            alpha.http.default = partial(self._page, number)

    def _page(self, number: int, call: HttpCall) -> Any:
        if call.upgrade:
            return Answer(101, FakeTunnel(), SWITCHED)
        return self.sandbox.page(number, call)

    def raw(self, data: bytes, *, peer: str = "127.0.0.1") -> bytes:
        """Send bytes on a new HTTP connection and return what came back so far."""
        transport = StringTransport(peerAddress=address(peer))
        connection = self.front.buildProtocol(None)
        connection.makeConnection(transport)
        connection.dataReceived(data)
        told: bytes = transport.value()
        return told

    def http(
        self,
        method: str = "POST",
        target: str = "/query",
        headers: Fields = (),
        body: bytes = QUERY,
        *,
        peer: str = "127.0.0.1",
    ) -> Reply:
        """Send one HTTP request; by default a query."""
        fields = (("Content-Type", "application/dql"), ("Content-Length", str(len(body))), *headers)
        return Reply(self.raw(_head(method, target, fields) + body, peer=peer))

    def upgrade(self, target: str = "/graphql", headers: Fields = (), *, peer: str = "127.0.0.1") -> Reply:
        """Ask for a WebSocket of GraphQL."""
        fields = (*UPGRADE, ("Sec-WebSocket-Protocol", "graphql-ws"), *headers)
        return Reply(self.raw(_head("GET", target, fields), peer=peer))

    def socket(self, headers: Fields = (), *, peer: str = "127.0.0.1") -> Socket:
        """Shake hands with the WebSocket door."""
        return Socket(self, peer, headers)

    def grpc(
        self,
        method: str = "Query",
        headers: Fields = (),
        payload: bytes = GRPC_QUERY,
        *,
        peer: str = "127.0.0.1",
    ) -> Told:
        """Make one gRPC call on a connection of its own; by default a query."""
        client = Peer(self.calls, PeerWire(peer))
        fields = tuple((name.lower(), value) for name, value in headers)
        told = client.ask(f"/api.Dgraph/{method}", payload, fields)
        self.clock.advance(0)
        client.talk()
        client.wire.gone()
        return told

    @property
    def rpcs(self) -> list[Rpc]:
        """Every gRPC call that reached an alpha."""
        return [call.request for alpha in self.alphas.values() for call in alpha.channel.calls]


def _head(method: str, target: str, headers: Fields) -> bytes:
    lines = [f"{method} {target} HTTP/1.1", "Host: otter", *(f"{name}: {value}" for name, value in headers)]
    return "\r\n".join((*lines, "", "")).encode()
