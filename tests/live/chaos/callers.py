"""The clients of a storm at the gRPC door, on gRPC's own library: each has a channel, which must hold."""

import asyncio
import json
from typing import Any

import grpc

from otterd.wire import api_pb2 as api
from tests.live.chaos.clients import CONSENT, NOT_BEGUN, Target, question

OPTIONS = (
    # What Otter did not do, the library must not do instead.
    ("grpc.enable_retries", 0),
    ("grpc.use_local_subchannel_pool", 1),
)

ABORTED = "rpc error: code = Aborted desc = "
"""What Dgraph's HTTP puts before the text of an aborted transaction."""

BROKEN = "the channel broke: "


class Channel:
    """A channel to Otter's gRPC door; once it stood, it must stand until it is closed."""

    def __init__(self, otter: Target) -> None:
        self._channel = grpc.insecure_channel(otter.grpc, options=OPTIONS)
        self._stood = False
        self._broken = ""
        self._stubs: dict[str, Any] = {}

    async def open(self) -> None:
        """Connect."""
        self._channel.subscribe(self._stands, try_to_connect=True)
        await asyncio.to_thread(grpc.channel_ready_future(self._channel).result, 30)

    async def call(
        self, method: str, message: Any, *metadata: tuple[str, str]
    ) -> tuple[bytes, str | None, dict[str, Any]]:
        """Return the answer's message, what went wrong, and the fields of its head."""
        stub = self._stubs.get(method)
        if stub is None:
            stub = self._stubs[method] = self._channel.unary_unary(f"/api.Dgraph/{method}")
        call = stub.future(message.SerializeToString(), metadata=metadata)
        loop, over = asyncio.get_running_loop(), asyncio.Event()
        call.add_done_callback(lambda _: loop.call_soon_threadsafe(over.set))
        await over.wait()
        error = _error_of(call)
        if self._broken:
            error = f"{BROKEN}{self._broken} ({error})"
        if error is not None:
            return b"", error, {}
        return call.result(), None, dict(call.initial_metadata())

    async def close(self) -> None:
        """End the connection."""
        self._channel.unsubscribe(self._stands)
        await asyncio.to_thread(self._channel.close)

    def _stands(self, state: grpc.ChannelConnectivity) -> None:
        if state is grpc.ChannelConnectivity.READY:
            self._stood = True
        elif self._stood:
            self._broken = state.name


def _error_of(call: Any) -> str | None:
    code = call.code()
    if code is grpc.StatusCode.OK:
        return None
    text = call.details() or ""
    return f"{ABORTED}{text}" if code is grpc.StatusCode.ABORTED else text or code.name


class GrpcWriter:
    """Writes whole mutations over gRPC."""

    def __init__(self, otter: Target, predicate: str) -> None:
        self.predicate = predicate
        self._channel = Channel(otter)

    async def open(self) -> None:
        """Connect."""
        await self._channel.open()

    async def write(self, mark: str) -> str | None:
        """Write one mark; return what went wrong."""
        _, error, _ = await self._channel.call("Query", self._setting(mark, commit_now=True))
        return error

    async def close(self) -> None:
        """End the connection."""
        await self._channel.close()

    def _setting(self, mark: str, **fields: Any) -> api.Request:
        nquad = f'_:x <{self.predicate}> "{mark}" .'.encode()
        return api.Request(mutations=[api.Mutation(set_nquads=nquad)], **fields)


class GrpcTransactor(GrpcWriter):
    """Writes within transactions of two calls, over gRPC."""

    async def write(self, mark: str) -> str | None:
        """Write one mark and commit it; return what went wrong."""
        payload, error, _ = await self._channel.call("Query", self._setting(mark))
        if error is not None:
            return f"{NOT_BEGUN}{error}"
        txn = api.Response.FromString(payload).txn
        _, error, _ = await self._channel.call("CommitOrAbort", txn)
        return error


class GrpcReader:
    """Reads over gRPC; `consents` to old answers or does not."""

    def __init__(self, otter: Target, predicate: str, *, consents: bool) -> None:
        self._channel = Channel(otter)
        self._request = api.Request(query=question(predicate), read_only=consents)
        self._metadata = (("x-otter-max-stale", CONSENT),) if consents else ()

    async def open(self) -> None:
        """Connect."""
        await self._channel.open()

    async def read(self) -> tuple[str | None, bool]:
        """Ask once; return what went wrong, and whether the answer is marked stale."""
        payload, error, head = await self._channel.call("Query", self._request, *self._metadata)
        if error is None and "q" not in json.loads(api.Response.FromString(payload).json):
            error = f"no data: {payload!r}"
        return error, "x-otter-stale" in head

    async def close(self) -> None:
        """End the connection."""
        await self._channel.close()
