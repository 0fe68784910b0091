"""What can be wrong with an alpha, on demand, and how its requests meet that."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import Any

from twisted.internet.interfaces import IReactorTime

from otterd.core.texts import DRAINING, NOT_READY, PENDING_PROPOSALS, THROTTLED
from otterd.sandbox.clock import pause
from otterd.sandbox.failures import Failed


class Reset(Exception):
    """The connection of this request is to be reset without an answer."""


@dataclass(slots=True)
class Faults:
    """What is wrong with one alpha now.

    `delay` (seconds), `hang` and the resets concern only the gRPC methods or HTTP paths in `only`, or all
    when it is empty. The rest concerns the alpha: `refuse` takes no connections of clients, though the
    cluster reaches it; `dead` is a killed process and `frozen` a stopped one, which takes connections and
    answers nothing; `pending_proposals` refuses writes; `lag` stops applying what is committed, so that
    reads wait and best-effort ones see the past; `schema_behind` keeps the schema, and `state_behind` the
    `/state`, as they are now.
    """

    delay: float = 0.0
    hang: bool = False
    refuse: bool = False
    dead: bool = False
    frozen: bool = False
    reset_before: bool = False
    reset_after: bool = False
    draining: bool = False
    unready: bool = False
    overloaded: bool = False
    pending_proposals: bool = False
    lag: bool = False
    schema_behind: bool = False
    state_behind: bool = False
    only: frozenset[str] = frozenset()
    told: Callable[[], None] = field(default=lambda: None, repr=False, compare=False)
    changed: asyncio.Event = field(default_factory=asyncio.Event, repr=False, compare=False)

    def change(self, **values: Any) -> None:
        """Set some of them; what hangs looks again."""
        for name in values:
            if name not in KNOWN:
                raise ValueError(f"unknown fault: {name}; there are {', '.join(sorted(KNOWN))}")
            if name != "only" and not _fits(name, values[name]):
                raise ValueError(f"{name} is {'seconds' if name == 'delay' else 'true or false'}")
        for name, value in values.items():
            setattr(self, name, frozenset(value) if name == "only" else value)
        self.told()
        self.wake()

    def heal(self) -> None:
        """Let everything be well again."""
        self.change(
            **{f.name: f.default for f in fields(self) if f.name in KNOWN and f.name != "only"}, only=()
        )

    def wake(self) -> None:
        """Let those that wait look again."""
        self.changed.set()
        self.changed = asyncio.Event()

    @property
    def stopped(self) -> bool:
        """Whether the process does nothing, neither for clients nor for the cluster."""
        return self.dead or self.frozen

    def shown(self) -> dict[str, Any]:
        """Return what is wrong by name, in JSON's types."""
        found = {name: getattr(self, name) for name in sorted(KNOWN - {"only"})}
        found["only"] = sorted(self.only)
        return {name: value for name, value in found.items() if value}

    def concern(self, name: str) -> bool:
        """Tell whether the request `name` is one of those that `only` names."""
        return not self.only or name in self.only

    async def before(self, name: str, clock: IReactorTime) -> None:
        """Meet what comes before any work; raise Reset."""
        if self.delay and self.concern(name):
            await pause(clock, self.delay)
        await self.running()
        while self.hang and self.concern(name):
            await self.changed.wait()
        if self.reset_before and self.concern(name):
            raise Reset

    async def running(self) -> None:
        """Wait until the process goes on."""
        while self.stopped:
            await self.changed.wait()

    def after(self, name: str) -> None:
        """Meet what comes when the work is done; raise Reset."""
        if self.reset_after and self.concern(name):
            raise Reset

    def health(self) -> str:
        """Return why the alpha takes no requests, or the empty text."""
        if self.unready:
            return NOT_READY
        return DRAINING if self.draining else ""

    def refusal(self) -> None:
        """Raise Failed when the alpha takes no requests."""
        text = self.health()
        if text:
            raise Failed(text)

    def overload(self) -> None:
        """Raise Failed when too many queries are said to be pending."""
        if self.overloaded:
            raise Failed(THROTTLED)

    def proposal(self) -> None:
        """Raise Failed when a write finds too many proposals before it."""
        if self.pending_proposals:
            raise Failed(PENDING_PROPOSALS)


def _fits(name: str, value: Any) -> bool:
    if name == "delay":
        return value is False or (isinstance(value, int | float) and value is not True and value >= 0)
    return isinstance(value, bool)


KNOWN = frozenset(f.name for f in fields(Faults)) - {"changed", "told"}
