"""The ports: opened all or none, before anything else starts."""

from __future__ import annotations

import socket
from typing import Any

from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.endpoints import serverFromString
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IListeningPort, IProtocolFactory
from twisted.python.failure import Failure

from otterd.config.addresses import endpoint_parts
from otterd.config.listen import grpc_listener, http_listener, websocket_listener
from otterd.config.schema import Config
from otterd.transport.eager import hasten


class StartFailed(Exception):
    """Otter could not start; the text is one line that names the listener and why."""


class Listeners:
    """The open ports; `standing` is what to tell of them: door and address."""

    def __init__(self, reactor: Any) -> None:
        self._reactor = reactor
        self.doors: list[IListeningPort] = []
        self.metrics: IListeningPort | None = None
        self.standing: list[tuple[str, str]] = []

    def open(
        self,
        config: Config,
        *,
        http: IProtocolFactory,
        websocket: IProtocolFactory,
        grpc: IProtocolFactory,
        metrics: IProtocolFactory,
    ) -> None:
        """Open what `config` enables; raises StartFailed with everything closed again."""
        factories = {"http": http, "websocket": websocket, "grpc": grpc, "metrics": metrics}
        try:
            for door, endpoint in _wanted(config):
                port = self._listen(door, endpoint, factories[door])
                if door == "metrics":
                    self.metrics = port
                else:
                    self.doors.append(port)
        except StartFailed:
            for port in self.doors:
                port.stopListening()
            self.doors.clear()
            raise

    def close_metrics(self) -> Deferred[Any] | None:
        """Close the metrics' port, which outlives the doors."""
        return maybeDeferred(self.metrics.stopListening) if self.metrics is not None else None

    def _listen(self, door: str, endpoint: str, factory: IProtocolFactory) -> IListeningPort:
        results: list[Any] = []
        try:
            # Every endpoint that Otter takes listens at once, so the Deferred has fired already.
            opened = serverFromString(self._reactor, endpoint).listen(factory)
            opened.addCallback(hasten).addBoth(results.append)
        except Exception as error:
            raise StartFailed(_why(door, endpoint, error)) from None
        port = results[0]
        if isinstance(port, Failure):
            raise StartFailed(_why(door, endpoint, port.value))
        self.standing.append((door, str(_address(port))))
        return port  # type: ignore[no-any-return]


def try_ports(config: Config) -> None:
    """Raise StartFailed when a TCP port of `config` cannot be had now.

    For a process that will fork before it listens, and then has no stderr to tell it on.
    """
    for door, endpoint in _wanted(config):
        args, options = endpoint_parts(endpoint)
        if args[0] not in ("tcp", "ssl"):
            continue
        host = options.get("interface", "")
        port = int(options.get("port", args[1] if args[1:] else "0"))
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                trial.bind((host, port))
                trial.listen(1)
            except OSError as error:
                raise StartFailed(_why(door, endpoint, error)) from None


def _wanted(config: Config) -> list[tuple[str, str]]:
    """Return the doors that `config` opens, each with its endpoint, the metrics last."""
    doors = (
        ("http", http_listener(config) if config.enable_http else ""),
        ("websocket", websocket_listener(config) if config.enable_websocket else ""),
        ("grpc", grpc_listener(config) if config.enable_grpc else ""),
        ("metrics", config.metrics_endpoint),
    )
    return [(door, endpoint) for door, endpoint in doors if endpoint]


def _why(door: str, endpoint: str, error: BaseException | None) -> str:
    if isinstance(error, CannotListenError):
        error = error.socketError
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return f"cannot listen for {door} on {endpoint}: {' '.join(text.split())}"


def _address(port: IListeningPort) -> str:
    address: Any = port.getHost()
    host = getattr(address, "host", None)
    if host is not None:
        return f"{host}:{address.port}"
    name = getattr(address, "name", b"")
    return name.decode() if isinstance(name, bytes) else str(name)
