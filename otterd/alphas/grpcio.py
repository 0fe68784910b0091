"""The engine on grpc.aio: unary calls to one alpha over one HTTP/2 connection."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, TypeVar

import grpc
from twisted.internet.defer import CancelledError, Deferred, fail
from twisted.internet.defer import TimeoutError as Late
from twisted.internet.interfaces import IReactorTime
from twisted.python.failure import Failure

from otterd.alphas.awaited import awaited, tell_answer, tell_failure
from otterd.alphas.channel import Asked, Ear
from otterd.alphas.ending import failure_of
from otterd.alphas.fields import sendable
from otterd.alphas.resolve import Addresses, Resolver, split
from otterd.alphas.tls import ClientTls
from otterd.core.operation import Answer, Headers, Rpc
from otterd.errors import AlphaFailure, Lost, NotReached

T = TypeVar("T")

METADATA_LIMIT = 64 * 1024 * 1024
"""Bytes of headers or trailers taken. gRPC's own limit of 8 KiB turns an alpha's error that quotes a
long query into RESOURCE_EXHAUSTED, and such a text may grow to several times the largest body."""

OPTIONS: tuple[tuple[str, Any], ...] = (
    ("grpc.max_receive_message_length", -1),
    ("grpc.max_send_message_length", -1),
    ("grpc.max_metadata_size", METADATA_LIMIT),
    ("grpc.absolute_max_metadata_size", METADATA_LIMIT),
    ("grpc.enable_http_proxy", 0),
    ("grpc.enable_retries", 0),
    ("grpc.service_config_disable_resolution", 1),
    ("grpc.use_local_subchannel_pool", 1),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 1000),
    # An alpha bears a ping every 5 minutes, and only while calls are in flight. The timeout is also the
    # kernel's (TCP_USER_TIMEOUT): a host that vanished is noticed that long after a call was sent.
    ("grpc.keepalive_time_ms", 330_000),
    ("grpc.keepalive_timeout_ms", 20_000),
    ("grpc.keepalive_permit_without_calls", 0),
)

Connect = Callable[[str, list[tuple[str, Any]]], grpc.aio.Channel]
"""Makes a grpc.aio channel to a target with options; connects when it is first used."""


def deferred_of(call: Awaitable[T]) -> Deferred[T]:
    """Return a Deferred for `call`; cancelling it cancels the call."""

    def ours(failure: Failure) -> Failure:
        if failure.check(asyncio.CancelledError):
            return Failure(CancelledError())
        return failure

    return Deferred.fromFuture(asyncio.ensure_future(call)).addErrback(ours)


def connect_with(tls: ClientTls | None) -> Connect:
    """Return what makes channels, over TLS when `tls` is given."""
    if tls is None:
        return lambda target, options: grpc.aio.insecure_channel(target, options=options)
    credentials = grpc.ssl_channel_credentials(tls.roots, tls.key, tls.chain)
    return lambda target, options: grpc.aio.secure_channel(target, credentials, options=options)


class _Link:
    """A grpc.aio channel to fixed addresses, with the count of what is on it.

    `terms` are what it was made with: its target and the seconds that connecting may take.
    """

    __slots__ = ("channel", "closed", "in_flight", "stubs", "terms")

    def __init__(self, channel: grpc.aio.Channel, terms: tuple[str, float]) -> None:
        self.channel = channel
        self.terms = terms
        self.stubs: dict[str, Any] = {}
        self.in_flight = 0
        self.closed = False

    def begin(self, rpc: Rpc, timeout: float) -> Any:
        """Start the call; what it returns is to be given to `answer`."""
        stub = self.stubs.get(rpc.method)
        if stub is None:
            stub = self.stubs[rpc.method] = self.channel.unary_unary(f"/api.Dgraph/{rpc.method}")
        call = stub(rpc.payload, timeout=timeout, metadata=rpc.metadata)
        self.in_flight += 1
        return call

    async def answer(self, call: Any) -> Answer:
        """Return the alpha's answer to `call`, or raise an AlphaFailure."""
        try:
            body = await call
            headers = pairs(await call.initial_metadata())
            trailers = pairs(await call.trailing_metadata())
        except grpc.aio.AioRpcError as error:
            return _refusal(error, call.time_remaining())
        except asyncio.CancelledError:
            if self.closed:
                raise Lost("the channel was closed") from None
            raise
        except Exception as error:
            # gRPC's own mistakes and misuse of it have no common class.
            raise Lost(f"gRPC failed: {type(error).__name__}") from error
        if body is None:
            raise Lost("an answer without a message")
        return Answer(0, body, headers, trailers)

    async def close(self) -> None:
        """Cut the connection and every call on it."""
        self.closed = True
        await self.channel.close(None)


class _Asked:
    """A call whose `ear` hears what `calling` fires with, until it is given up."""

    __slots__ = ("_calling", "_ear")

    def __init__(self, calling: Deferred[Answer], ear: Ear) -> None:
        self._ear: Ear | None = ear
        self._calling = calling
        calling.addCallbacks(self._answered, self._failed)

    def cancel(self) -> None:
        """Give the call up."""
        if self._ear is not None:
            self._ear = None
            self._calling.cancel()

    def _answered(self, answer: Answer) -> None:
        ear, self._ear = self._ear, None
        if ear is not None:
            tell_answer(ear, answer)

    def _failed(self, failure: Failure) -> None:
        ear, self._ear = self._ear, None
        if ear is not None:
            error = failure.value
            if not isinstance(error, AlphaFailure):
                error = Lost(f"gRPC failed: {type(error).__name__}")
            tell_failure(ear, error)


async def _all(endings: Iterable[Awaitable[None]]) -> None:
    await asyncio.gather(*endings)


def _refusal(error: grpc.aio.AioRpcError, left: float | None) -> Answer:
    """Return the alpha's own status, or raise the failure that gRPC made up with `left` seconds to go."""
    code, text = error.code().value[0], error.details() or ""
    failure = failure_of(code, text, 0.0 if left is None else left)
    if failure is not None:
        raise failure
    return Answer(code, b"", pairs(error.initial_metadata()), pairs(error.trailing_metadata()), message=text)


def pairs(metadata: Iterable[tuple[str, str | bytes]] | None) -> Headers:
    """Return gRPC metadata as header fields."""
    return tuple(
        (name.encode(), value if isinstance(value, bytes) else value.encode())
        for name, value in metadata or ()
    )


def target_of(addresses: Addresses, port: int) -> str:
    """Return gRPC's name for `addresses`, so that it resolves nothing itself.

    One scheme must hold them all, so among IPv6 addresses an IPv4 one is written mapped.
    """
    if not any(":" in address for address in addresses):
        return "ipv4:" + ",".join(f"{address}:{port}" for address in addresses)
    mapped = (address if ":" in address else f"::ffff:{address}" for address in addresses)
    return "ipv6:" + ",".join(f"[{address}]:{port}" for address in mapped)


class GrpcioChannel:
    """Calls one alpha; connects at the first call and again whenever its addresses change."""

    def __init__(
        self,
        address: str,
        resolver: Resolver,
        clock: IReactorTime,
        tls: ClientTls | None,
        connect_timeout: Callable[[], float],
    ) -> None:
        self.address = address
        self._resolver = resolver
        self._clock = clock
        self._tls = tls
        self._connect: Connect | None = None
        self._connect_timeout = connect_timeout
        self._host, self._port = split(address)
        self._link: _Link | None = None
        self._retired: list[_Link] = []
        self._ending: set[asyncio.Future[None]] = set()
        self._closed = False
        self._unwatch = resolver.watch(self._moved)

    @property
    def open(self) -> int:
        """Return 0: every answer comes whole."""
        return 0

    def ask(self, rpc: Rpc, timeout: float, ear: Ear) -> Asked:
        """Send `rpc`; `timeout` is in seconds and reaches the alpha as its deadline."""
        return _Asked(self._begun(rpc, timeout), ear)

    def call(self, rpc: Rpc, timeout: float) -> Deferred[Answer]:
        """Ask, and fire with what comes of it."""
        return awaited(self, rpc, timeout)

    def _begun(self, rpc: Rpc, timeout: float) -> Deferred[Answer]:
        if self._closed:
            return fail(NotReached("the channel is closed"))
        if rpc.metadata and not sendable(rpc.metadata):
            return fail(NotReached("gRPC cannot carry this metadata"))
        link = self._link
        if link is None or link.terms[1] != self._connect_timeout():
            known = self._resolver.known(self._host)
            if not known:
                return self._call_when_found(rpc, timeout)
            link = self._relink(known)
        try:
            call = link.begin(rpc, timeout)
        except Exception as error:
            return fail(NotReached(f"gRPC took no call: {type(error).__name__}"))
        return deferred_of(link.answer(call)).addBoth(self._landed, link, call)

    def close(self) -> Deferred[None]:
        """Cut the connection; calls in flight fail with `Lost`."""
        if not self._closed:
            self._closed = True
            self._unwatch()
            links, self._link, self._retired = [self._link, *self._retired], None, []
            for link in links:
                if link is not None:
                    self._end(link)
        return deferred_of(_all(self._ending))

    def _landed(self, result: T, link: _Link, call: Any) -> T:
        if isinstance(result, Failure):
            # A task that is cancelled before its first step has not told the call.
            call.cancel()
        link.in_flight -= 1
        if not link.in_flight and link in self._retired:
            self._retired.remove(link)
            self._end(link)
        return result

    def _end(self, link: _Link) -> None:
        ending = asyncio.ensure_future(link.close())
        self._ending.add(ending)
        ending.add_done_callback(self._ending.discard)

    def _call_when_found(self, rpc: Rpc, timeout: float) -> Deferred[Answer]:
        since = self._clock.seconds()
        patience = min(timeout, self._connect_timeout())

        def late(failure: Failure) -> Failure:
            failure.trap(Late)
            raise NotReached(f"the name {self._host} was not resolved in time")

        def found(_: Addresses) -> Deferred[Answer]:
            return self._begun(rpc, timeout - (self._clock.seconds() - since))

        finding = self._resolver.find(self._host).addTimeout(patience, self._clock)
        return finding.addErrback(late).addCallback(found)

    def _moved(self, host: str) -> None:
        if host == self._host and self._link is not None:
            self._relink(self._resolver.known(host))

    def _relink(self, addresses: Addresses) -> _Link:
        """Make the channel for new calls; the old one ends with its last call."""
        terms = (target_of(addresses, self._port), self._connect_timeout())
        old = self._link
        if old is not None and old.terms == terms:
            return old
        if self._connect is None:
            self._connect = connect_with(self._tls)
        self._link = _Link(self._connect(terms[0], self._options(terms[1])), terms)
        if old is not None and old.in_flight:
            self._retired.append(old)
        elif old is not None:
            self._end(old)
        return self._link

    def _options(self, connect_timeout: float) -> list[tuple[str, Any]]:
        # gRPC bounds one attempt to connect, TLS and SETTINGS included, by this oddly named option; it does
        # not make it wait longer between attempts.
        options = [*OPTIONS, ("grpc.min_reconnect_backoff_ms", max(1, int(connect_timeout * 1000)))]
        host = self._tls.server_name if self._tls and self._tls.server_name else self._host
        bracketed = f"[{host}]" if ":" in host else host
        # TLS expects the name in it, too.
        return [*options, ("grpc.default_authority", f"{bracketed}:{self._port}")]
