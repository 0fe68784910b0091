"""What a run of a load generator gave, and what several runs give together. Pure."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True, slots=True)
class Figures:
    """One run: whole calls, errors, seconds, and latencies in µs (None where the tool tells none)."""

    calls: int
    errors: int
    seconds: float
    p50: float | None = None
    p99: float | None = None
    why: str = ""

    @property
    def rate(self) -> float:
        """Return calls a second."""
        return self.calls / self.seconds if self.seconds else 0.0


class Unreadable(Exception):
    """A tool printed something else than it should."""


_UNITS = {"us": 1.0, "ms": 1e3, "s": 1e6, "m": 60e6}


def micros(text: str) -> float:
    """Return what `text` as `1.25ms` is in µs."""
    found = re.fullmatch(r"([\d.]+)(us|ms|s|m)", text.strip())
    if not found:
        raise Unreadable(f"no duration: {text!r}")
    return float(found[1]) * _UNITS[found[2]]


def of_wrk(told: str) -> Figures:
    """Read what `wrk --latency` printed."""
    whole = re.search(r"(\d+) requests in ([\d.]+\w+),", told)
    if not whole:
        raise Unreadable(told[-400:])
    bad = re.search(r"Non-2xx or 3xx responses: (\d+)", told)
    socket = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", told)
    errors = int(bad[1]) if bad else 0
    errors += sum(map(int, socket.groups())) if socket else 0
    p50, p99 = (re.search(rf"^\s+{part}%\s+(\S+)", told, re.MULTILINE) for part in (50, 99))
    return Figures(
        calls=int(whole[1]) - (int(bad[1]) if bad else 0),
        errors=errors,
        seconds=micros(whole[2]) / 1e6,
        p50=micros(p50[1]) if p50 else None,
        p99=micros(p99[1]) if p99 else None,
        why=" ".join(line.strip() for line in told.splitlines() if "rrors:" in line or "Non-2xx" in line),
    )


def of_h2load(told: str, least: int) -> Figures:
    """Read what `h2load` printed; where answers have fewer than `least` bytes each, all are errors.

    It sees neither gRPC's status nor messages, so that their size has to tell.
    """
    whole = re.search(r"finished in ([\d.]+\w+),", told)
    counts = re.search(r"(\d+) succeeded, (\d+) failed, (\d+) errored, (\d+) timeout", told)
    data = re.search(r"\((\d+)\) data", told)
    if not (whole and counts and data):
        raise Unreadable(told[-400:])
    good, failed, errored, late = map(int, counts.groups())
    short = good > 0 and int(data[1]) / good < least
    return Figures(
        calls=0 if short else good,
        errors=failed + errored + late + (good if short else 0),
        seconds=micros(whole[1]) / 1e6,
        why="answers are too short" if short else "",
    )


def of_loader(told: str) -> Figures:
    """Read the line of JSON that the bench's own loader printed."""
    try:
        said = json.loads(told)
        return Figures(
            calls=said["calls"],
            errors=said["errors"],
            seconds=said["seconds"],
            p50=said.get("p50_us"),
            p99=said.get("p99_us"),
            why=said["first_error"],
        )
    except (ValueError, KeyError):
        raise Unreadable(told[-400:]) from None


@dataclass(frozen=True, slots=True)
class Spread:
    """The median of several values, and the least and the most of them."""

    middle: float
    least: float
    most: float

    @property
    def width(self) -> float:
        """Return how far the values lie apart, as a part of the median."""
        return (self.most - self.least) / self.middle if self.middle else 0.0


def spread(values: Sequence[float]) -> Spread | None:
    """Return the spread of `values`, None when there are none."""
    return Spread(median(values), min(values), max(values)) if values else None


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> float | None:
    """Return the median of the ratios round by round, None where nothing stands beside the other.

    Rounds are interleaved, so what else the machine does in one of them falls on both.
    """
    pairs = [(a, b) for a, b in zip(ours, theirs, strict=False) if b]
    return median(a / b for a, b in pairs) if pairs else None
