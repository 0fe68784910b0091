"""The table of a run, made of its samples. Pure."""

from collections.abc import Sequence

from bench.figures import Spread, ratio, spread
from bench.measuring import Sample
from bench.rows import Row

HEAD = ("gateway", "calls/s", "spread", "against", "CPU µs", "p50 ms", "p99 ms", "core", "errors", "by")
FULL = 0.95
"""The part of its core from which on a gateway's throughput counts as its capacity."""
STRANGERS = 0.1
"""The part of that core that other processes may have had."""


def rendered(rows: Sequence[Row], samples: Sequence[Sample], missing: dict[str, str]) -> str:
    """Return the tables of `rows`; `missing` says of a gateway why it was not measured."""
    parts = [part for row in rows if (part := _row(row, samples))]
    parts += [f"{name}: not measured: {why}" for name, why in missing.items()]
    return "\n\n".join(parts)


def lines(head: Sequence[str], body: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table whose columns line up."""
    every = [head, *body]
    widths = [max(len(line[at]) for line in every) for at in range(len(head))]
    drawn = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |"
        for line in every
    ]
    drawn.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(drawn)


def of(samples: Sequence[Sample], row: str, gateway: str) -> list[Sample]:
    """Return the samples of `gateway` in `row`, in the order of the rounds."""
    found = [one for one in samples if one.row == row and one.gateway == gateway]
    return sorted(found, key=lambda one: one.round)


def rates(samples: Sequence[Sample]) -> list[float]:
    """Return the calls a second of each."""
    return [one.rate for one in samples]


def known(values: Sequence[float | None]) -> list[float]:
    """Return the values that there are."""
    return [value for value in values if value is not None]


def _row(row: Row, samples: Sequence[Sample]) -> str:
    names = list(dict.fromkeys(one.gateway for one in samples if one.row == row.name))
    body = [_line(row, name, samples) for name in names]
    return f"{row.title}\n\n{lines(HEAD, body)}" if body else ""


def _line(row: Row, name: str, samples: Sequence[Sample]) -> list[str]:
    ours = of(samples, row.name, name)
    note = "" if row.rate or full(ours) else " (not full)"
    rate = spread(rates(ours))
    share = spread([one.share for one in ours])
    return [
        name,
        _number(rate, 0),
        f"±{rate.width / 2:.0%}" if rate else "–",
        _against(row, name, ours, samples),
        _number(spread(known([one.cpu for one in ours])), 1),
        _number(spread([value / 1e3 for value in known([one.p50 for one in ours])]), 2),
        _number(spread([value / 1e3 for value in known([one.p99 for one in ours])]), 2),
        f"{share.middle:.0%}{note}" if share and share.middle else "–",
        str(sum(one.errors for one in ours)),
        ", ".join(sorted({one.tool for one in ours})),
    ]


def full(samples: Sequence[Sample]) -> bool:
    """Return whether the gateway itself kept its core busy, so that its throughput is a capacity."""
    busy, share = spread([one.busy for one in samples]), spread([one.share for one in samples])
    return bool(busy and share and busy.middle >= FULL and busy.middle - share.middle <= STRANGERS)


def _against(row: Row, name: str, ours: Sequence[Sample], samples: Sequence[Sample]) -> str:
    """Return how many times the calls/s of each peer this is; nothing in an open loop."""
    if row.rate or not name.startswith("otter"):
        return ""
    found = []
    for peer in row.beside:
        times = ratio(rates(ours), rates(of(samples, row.name, peer)))
        if times is not None:
            found.append(f"{times:.2f} × {peer}")
    return ", ".join(found)


def _number(found: Spread | None, digits: int) -> str:
    return "–" if found is None else f"{found.middle:,.{digits}f}"
