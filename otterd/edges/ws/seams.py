"""What a WebSocket needs of its surroundings."""

from typing import Protocol

from otterd.core.operation import Caller, Door, Entry, Operation
from otterd.edges.ws.task import Task
from otterd.gateway.seams import Asked, Ear


class Unsent(Protocol):
    """What waits to be sent: `size` is its bytes."""

    size: int

    @property
    def largest(self) -> int:
        """Bytes of the largest answer among them."""


class Line(Protocol):
    """The socket, as its session needs it: `held` while nothing is read, `open` while text may be sent."""

    held: bool
    open: bool

    @property
    def outbox(self) -> Unsent:
        """What waits to be sent."""

    def send(self, text: bytes) -> None:
        """Send one text frame."""

    def send_part(self, text: bytes, *, first: bool, last: bool) -> None:
        """Send one frame of a message that has many."""

    def perform(self, task: Task) -> None:
        """Carry `task` to an alpha; `Session.performed` is called in the end."""

    def pace(self) -> None:
        """Read on, or stop reading while the session is `full`."""

    def authenticated(self) -> None:
        """Be told that the client showed the token."""

    def dismiss(self, code: int, reason: str, after: float) -> None:
        """Close in `after` seconds, once all is sent."""


class Hearer(Protocol):
    """The session, as its socket needs it."""

    @property
    def full(self) -> bool:
        """Whether no further message is wanted now."""

    def receive(self, payload: bytes) -> None:
        """Take a message."""


class Tokens(Protocol):
    """Knows `ws_token`."""

    def ws_token_matches(self, token: str) -> bool:
        """Tell whether `token` is the one."""


class Books(Protocol):
    """Keeps the account of every message."""

    def open(self, door: Door, route: str, offered: bytes | None = None) -> Entry:
        """Begin an entry."""

    def close(self, entry: Entry) -> None:
        """End it."""


class Gatekeeper(Tokens, Protocol):
    """The guard, as this door needs it."""

    def admit_socket(self, caller: Caller) -> None:
        """Admit a handshake, or raise an OtterError."""

    def client(self, caller: Caller) -> str | None:
        """Return the client's address."""


class Corridor(Protocol):
    """The gateway, as a door needs it."""

    def ask(self, operation: Operation, ear: Ear) -> Asked:
        """Carry `operation` to an alpha and tell `ear` what came of it, perhaps before this returns."""
