"""The gRPC port of an alpha: a grpc.aio server behind a relay whose connections can be reset."""

from __future__ import annotations

import asyncio
from typing import Any

import grpc
from twisted.protocols.portforward import ProxyClientFactory, ProxyFactory, ProxyServer

from otterd.sandbox.alpha import Alpha
from otterd.sandbox.failures import Failed
from otterd.sandbox.faults import Reset
from otterd.sandbox.port import Port
from otterd.wire import api_pb2 as api

_CODES = {code.value[0]: code for code in grpc.StatusCode}
_UNLIMITED = (("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1))


class GrpcDoor:
    """Serves `alpha` on 127.0.0.1; `port` 0 takes any."""

    def __init__(self, reactor: Any, alpha: Alpha, port: int = 0) -> None:
        self.reactor = reactor
        self._alpha = alpha
        self.inner = 0
        self._server: Any = None
        self.listener = Port(reactor, _Relay(self), port)

    @property
    def port(self) -> int:
        """Where it listens."""
        return self.listener.number

    async def start(self) -> None:
        """Listen."""
        self._server = grpc.aio.server(options=(("grpc.so_reuseport", 0), *_UNLIMITED))
        self._server.add_generic_rpc_handlers((_Methods(self._alpha, self.listener),))
        self.inner = self._server.add_insecure_port("127.0.0.1:0")
        await self._server.start()
        self.listener.accept()

    async def stop(self) -> None:
        """Close everything."""
        await self.listener.refuse().asFuture(asyncio.get_running_loop())
        if self._server is not None:
            await self._server.stop(None)


class _Methods(grpc.GenericRpcHandler):  # type: ignore[misc]
    """Every unary method of api.Dgraph."""

    def __init__(self, alpha: Alpha, listener: Port) -> None:
        self._alpha = alpha
        self._listener = listener

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
            self._listener.cut()
            await asyncio.Event().wait()
            raise
        if method in ("Query", "RunDQL"):
            touched = api.Response.FromString(answer).metrics.num_uids.get("_total", 0)
            await context.send_initial_metadata((("dgraph-toucheduids", str(touched)),))
        return answer


class _Inwards(ProxyClientFactory):
    noisy = False


class _Outer(ProxyServer):
    """The outer end of a relayed connection."""

    clientProtocolFactory = _Inwards  # noqa: N815 -- as the library names it

    factory: _Relay
    held = False

    def connectionMade(self) -> None:  # noqa: N802
        self.reactor = self.factory.door.reactor
        self.factory.door.listener.connections.add(self)
        self.held = self.factory.door.listener.frozen
        if self.held:
            self.transport.pauseProducing()
        else:
            super().connectionMade()

    def connectionLost(self, reason: Any = None) -> None:  # noqa: N802
        self.factory.door.listener.connections.discard(self)
        super().connectionLost(reason)

    def freeze(self) -> None:
        """Pass nothing on, in neither direction."""
        for transport in self._transports():
            transport.pauseProducing()

    def thaw(self) -> None:
        """Go on."""
        if self.held:
            self.held = False
            super().connectionMade()
            return
        for transport in self._transports():
            transport.resumeProducing()

    def _transports(self) -> list[Any]:
        return [end.transport for end in (self, self.peer) if end is not None]


class _Relay(ProxyFactory):
    """Relays connections to the inner server."""

    protocol = _Outer
    noisy = False

    def __init__(self, door: GrpcDoor) -> None:
        super().__init__("127.0.0.1", 0)
        self.door = door

    @property
    def port(self) -> int:
        """Where the inner server listens."""
        return self.door.inner

    @port.setter
    def port(self, _: int) -> None:
        """Leave it to the door."""
