"""The gRPC port of an alpha: a grpc.aio server behind a relay whose connections can be reset."""

from __future__ import annotations

import asyncio
import socket
import struct
from typing import Any

import grpc
from twisted.internet.defer import Deferred
from twisted.protocols.portforward import ProxyFactory, ProxyServer

from otterd.sandbox.alpha import Alpha
from otterd.sandbox.failures import Failed
from otterd.sandbox.faults import Reset
from otterd.wire import api_pb2 as api

_CODES = {code.value[0]: code for code in grpc.StatusCode}
_UNLIMITED = (("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1))


class GrpcDoor:
    """Serves `alpha` on 127.0.0.1; `port` 0 takes any."""

    def __init__(self, reactor: Any, alpha: Alpha, port: int = 0) -> None:
        self._reactor = reactor
        self._alpha = alpha
        self.port = port
        self.connections: set[_Outer] = set()
        self._inner = 0
        self._listening: Any = None
        self._server: Any = None

    async def start(self) -> None:
        """Listen."""
        self._server = grpc.aio.server(options=(("grpc.so_reuseport", 0), *_UNLIMITED))
        self._server.add_generic_rpc_handlers((_Methods(self._alpha, self),))
        self._inner = self._server.add_insecure_port("127.0.0.1:0")
        await self._server.start()
        self.accept()

    async def stop(self) -> None:
        """Close everything."""
        gone = self.refuse()
        if gone is not None:
            await gone.asFuture(asyncio.get_running_loop())
        if self._server is not None:
            await self._server.stop(None)

    def accept(self) -> None:
        """Take connections (again)."""
        if self._listening is None:
            factory = _Relay(self, self._inner)
            self._listening = self._reactor.listenTCP(self.port, factory, interface="127.0.0.1")
            self.port = self._listening.getHost().port

    def refuse(self) -> Deferred[None] | None:
        """Take no more connections, and reset those that are."""
        listening, self._listening = self._listening, None
        self.cut()
        return listening.stopListening() if listening is not None else None

    def cut(self) -> None:
        """Reset all connections."""
        for connection in list(self.connections):
            reset(connection.transport)


def reset(transport: Any) -> None:
    """Close the socket of `transport` with a RST."""
    handle = transport.getHandle()
    if handle is not None and handle.fileno() >= 0:
        handle.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abortConnection()


class _Methods(grpc.GenericRpcHandler):  # type: ignore[misc]
    """Every unary method of api.Dgraph."""

    def __init__(self, alpha: Alpha, door: GrpcDoor) -> None:
        self._alpha = alpha
        self._door = door

    def service(self, details: Any) -> Any:
        """Return who handles the call that `details` names."""
        service, _, method = details.method.lstrip("/").partition("/")
        if service != "api.Dgraph" or method not in self._alpha.calls:
            return None

        async def answer(payload: bytes, context: Any) -> bytes:
            return await self._answer(method, payload, context)

        return grpc.unary_unary_rpc_method_handler(answer)

    async def _answer(self, method: str, payload: bytes, context: Any) -> bytes:
        metadata = {key: value for key, value in context.invocation_metadata() if isinstance(value, str)}
        try:
            answer = await self._alpha.perform(method, payload, metadata)
        except Failed as failed:
            await context.abort(_CODES[failed.code], failed.text)
            raise
        except Reset:
            self._door.cut()
            await asyncio.Event().wait()
            raise
        if method in ("Query", "RunDQL"):
            touched = api.Response.FromString(answer).metrics.num_uids.get("_total", 0)
            await context.send_initial_metadata((("dgraph-toucheduids", str(touched)),))
        return answer


class _Outer(ProxyServer):
    """The outer end of a relayed connection."""

    factory: _Relay

    def connectionMade(self) -> None:  # noqa: N802
        self.reactor = self.factory.door._reactor
        self.factory.door.connections.add(self)
        super().connectionMade()

    def connectionLost(self, reason: Any = None) -> None:  # noqa: N802
        self.factory.door.connections.discard(self)
        super().connectionLost(reason)


class _Relay(ProxyFactory):
    """Relays connections to the inner server."""

    protocol = _Outer
    noisy = False

    def __init__(self, door: GrpcDoor, port: int) -> None:
        super().__init__("127.0.0.1", port)
        self.door = door
