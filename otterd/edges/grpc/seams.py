"""What the gRPC door needs of its surroundings."""

from typing import Protocol

from otterd.core.operation import Caller, Door, Entry, Headers, Operation
from otterd.gateway.seams import Asked, Ear


class Books(Protocol):
    """Keeps the account of every call."""

    def open(self, door: Door, route: str, offered: bytes | None = None) -> Entry:
        """Begin an entry; `offered` is the request id that the caller wants."""

    def close(self, entry: Entry) -> None:
        """End it."""


class Gatekeeper(Protocol):
    """The guard, as this door needs it."""

    def admit_local(self, caller: Caller, *, charge: bool, admin: bool) -> str:
        """Admit what Otter does itself, or raise an OtterError; return the client's address."""

    def charge(self, caller: Caller) -> None:
        """Take one request from what the caller may ask in its time, or raise an OtterError."""

    def client(self, caller: Caller) -> str | None:
        """Return the client's address."""

    def clean(self, headers: Headers) -> Headers:
        """Return `headers` without what only Otter may read."""


class Corridor(Protocol):
    """The gateway, as a door needs it."""

    def ask(self, operation: Operation, ear: Ear) -> Asked:
        """Carry `operation` to an alpha and tell `ear` what came of it, perhaps before this returns."""


class Readiness(Protocol):
    """Knows whether Otter takes work."""

    def ready(self) -> tuple[bool, str]:
        """Tell whether it does, and why not."""
