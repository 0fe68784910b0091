"""The account of every request: opened by a door, closed by it, shown as a line and in the metrics."""

import re
import secrets
from bisect import bisect_left
from collections.abc import Callable, Collection
from typing import Final

from twisted.internet.interfaces import IReactorTime

from otterd.config.live import Live
from otterd.config.schema import Config
from otterd.core.judge import Verdict
from otterd.core.operation import Door, Entry
from otterd.ops.access import AccessLog
from otterd.ops.instruments import Metrics
from otterd.ops.line import Line
from otterd.ops.stamp import Stamp

OFFERED: Final = re.compile(rb"[A-Za-z0-9._-]{1,128}").fullmatch
DIGITS: Final = "0123456789abcdefghijklmnopqrstuvwxyz"
ENDINGS: Final = tuple(a + b for a in DIGITS for b in DIGITS)
KNOWN_ROWS: Final = 10_000
WELL: Final = frozenset(("", Verdict.FINE))
SWITCHED: Final = 101
MICRO: Final = 1e6


class RequestIds:
    """Names requests: a random word for this process, then a count in base 36."""

    def __init__(self, word: str) -> None:
        self._word = word
        self._stem = word + "-"
        self._next = 0
        self._rounds = 0

    def next(self) -> str:
        """Return a name that this process has not given before."""
        at = self._next
        if at == len(ENDINGS):
            at = 0
            self._rounds += 1
            self._stem = f"{self._word}-{_base36(self._rounds)}"
        self._next = at + 1
        return self._stem + ENDINGS[at]


def _base36(number: int) -> str:
    text = ""
    while number:
        number, digit = divmod(number, 36)
        text = DIGITS[digit] + text
    return text


class _Row:
    """The cells that requests of one kind are counted in."""

    __slots__ = ("duration", "errors", "overhead", "received", "requests", "retries", "sent")

    def __init__(self, metrics: Metrics, entry: Entry, alpha: str) -> None:
        door, purpose, verdict = entry.door.value, str(entry.purpose), str(entry.verdict)
        self.requests = metrics.requests.cell(door, purpose, alpha, verdict, status_class(entry))
        self.errors = None if verdict in WELL else metrics.errors.cell(door, verdict)
        self.received = metrics.received.cell(door)
        self.sent = metrics.sent.cell(door)
        self.retries = metrics.retries.cell(purpose)
        self.duration = metrics.duration.row(purpose, alpha)
        self.overhead = metrics.overhead.row(purpose, alpha)


def status_class(entry: Entry) -> str:
    """Return "2xx" and the like; on the gRPC door the code itself; "none" where there is no status."""
    status = entry.status
    if entry.door is Door.GRPC:
        return str(status) if 0 <= status <= 16 else "none"
    return f"{status // 100}xx" if 100 <= status < 600 else "none"


class Ledger:
    """Opens and closes entries. `found` names the alphas that were discovered beside the file's."""

    def __init__(
        self,
        live: Live,
        clock: IReactorTime,
        access: AccessLog,
        metrics: Metrics,
        found: Callable[[], Collection[str]] = frozenset,
    ) -> None:
        self._live = live
        self._clock = clock
        self._access = access
        self._metrics = metrics
        self._slow, self._fast = metrics.duration.bounds, metrics.overhead.bounds
        self._found = found
        self._ids = RequestIds(secrets.token_hex(4))
        self._stamp = Stamp()
        self._rows: dict[tuple[str, str, str, str, int], _Row] = {}
        self._alphas: Collection[str] = frozenset(live.config.alphas())
        self._open = dict.fromkeys(Door, 0)
        for door in Door:
            metrics.in_flight.read(lambda door=door: self._open[door], door.value)  # type: ignore[misc]
        live.watch(self._reconfigured)

    @property
    def in_flight(self) -> int:
        """How many entries are open."""
        return sum(self._open.values())

    def open(self, door: Door, route: str, offered: bytes | None = None) -> Entry:
        """Begin an entry; its id is the `offered` one when that is well-formed, else one of ours."""
        name = offered.decode() if offered is not None and OFFERED(offered) else self._ids.next()
        self._open[door] += 1
        return Entry(door, route, name, self._clock.seconds())

    def close(self, entry: Entry) -> None:
        """End `entry`: count it and write its line. A second call does nothing."""
        if entry.closed:
            return
        entry.closed = True
        self._open[entry.door] -= 1
        now = self._clock.seconds()
        total = now - entry.started
        if total < 0.0:
            # The clock is the wall's, and may be set back.
            total = 0.0
        own = total - entry.upstream
        if own < 0.0:
            own = 0.0
        self._count(entry, total, own)
        if self._live.config.access_log:
            alpha = entry.alpha
            self._access.add(
                Line(
                    self._stamp(now),
                    entry.request_id,
                    entry.door,
                    entry.route,
                    entry.purpose,
                    alpha if alpha in self._alphas else self._alpha(entry),
                    entry.client,
                    entry.status,
                    entry.verdict,
                    entry.received,
                    entry.sent,
                    int(total * MICRO) / 1000,
                    int(own * MICRO) / 1000,
                    int(entry.upstream * MICRO) / 1000,
                    entry.attempts,
                )
            )

    def _count(self, entry: Entry, total: float, own: float) -> None:
        key = (entry.door, entry.purpose, entry.alpha, entry.verdict, entry.status)
        row = self._rows.get(key) or self._new_row(key, entry)
        row.requests[0] += 1
        row.received[0] += entry.received
        row.sent[0] += entry.sent
        if row.errors is not None:
            row.errors[0] += 1
        if entry.attempts > 1:
            row.retries[0] += entry.attempts - 1
        if entry.status != SWITCHED:
            # An upgraded connection lasts as long as its client likes.
            # What `observe_in` does, without two calls for every request.
            duration, overhead = row.duration, row.overhead
            duration[bisect_left(self._slow, total)] += 1
            duration[-1] += total
            overhead[bisect_left(self._fast, own)] += 1
            overhead[-1] += own

    def _new_row(self, key: tuple[str, str, str, str, int], entry: Entry) -> _Row:
        if len(self._rows) >= KNOWN_ROWS:
            self._rows.clear()
        row = self._rows[key] = _Row(self._metrics, entry, self._alpha(entry))
        return row

    def _alpha(self, entry: Entry) -> str:
        """Return the alpha's address; never text of a caller's, who may have named a target."""
        alpha = entry.alpha
        return alpha if not alpha or alpha in self._alphas or alpha in self._found() else "other"

    def _reconfigured(self, old: Config, new: Config) -> None:
        """Forget the series of alphas that are gone, so that reloads cannot pile them up."""
        self._alphas = alphas = frozenset(new.alphas())
        gone = frozenset(old.alphas()) - alphas
        if gone:
            self._rows.clear()
            for family in self._metrics.registry.families.values():
                family.forget("alpha", gone.__contains__)
