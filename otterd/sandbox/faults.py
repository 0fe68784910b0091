"""What can be wrong with an alpha, on demand, and how its requests meet that."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, fields
from typing import Any

from otterd.core.judge import DRAINING, NOT_READY, THROTTLED
from otterd.sandbox.failures import Failed


class Reset(Exception):
    """The connection of this request is to be reset without an answer."""


@dataclass(slots=True)
class Faults:
    """What is wrong with one alpha now.

    `delay` (seconds), `hang` and the resets concern only the gRPC methods or HTTP paths in `only`, or all
    when it is empty. `refuse` takes no connections. `lag` stops applying what other alphas commit:
    reads wait, best-effort ones see the past.
    """

    delay: float = 0.0
    hang: bool = False
    refuse: bool = False
    reset_before: bool = False
    reset_after: bool = False
    draining: bool = False
    unready: bool = False
    overloaded: bool = False
    lag: bool = False
    only: frozenset[str] = frozenset()
    changed: asyncio.Event = field(default_factory=asyncio.Event, repr=False, compare=False)

    def change(self, **values: Any) -> None:
        """Set some of them; what hangs looks again."""
        for name, value in values.items():
            if name not in KNOWN:
                raise ValueError(f"unknown fault: {name}; there are {', '.join(sorted(KNOWN))}")
            setattr(self, name, frozenset(value) if name == "only" else value)
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

    def concern(self, name: str) -> bool:
        """Tell whether the request `name` is one of those that `only` names."""
        return not self.only or name in self.only

    async def before(self, name: str) -> None:
        """Meet what comes before any work; raise Reset."""
        if self.delay and self.concern(name):
            await asyncio.sleep(self.delay)
        while self.hang and self.concern(name):
            await self.changed.wait()
        if self.reset_before and self.concern(name):
            raise Reset

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


KNOWN = frozenset(f.name for f in fields(Faults)) - {"changed"}
