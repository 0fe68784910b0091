"""Points in time as Go reads, keeps and prints them: nanoseconds and an offset from UTC."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_YEAR_1 = 62_135_596_800
_BILLION = 1_000_000_000
_LONG = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:[.,](\d+))?(Z|[+-]\d\d:\d\d)?", re.ASCII
).fullmatch
_SHORT = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?", re.ASCII).fullmatch
_SPACED = re.compile(
    r"(\d{4})-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d)(?:[.,](\d+))? ([+-]\d{4}) [A-Z]{3,4}", re.ASCII
).fullmatch
_RFC3339 = "2006-01-02T15:04:05Z07:00"
_NO_ZONE = "2006-01-02T15:04:05"
_LAYOUTS = {4: "2006", 7: "2006-01", 10: "2006-01-02"}
_WIDTHS = {"2006": 4, "01": 2, "02": 2, "15": 2, "04": 2, "05": 2, "Z07:00": 0}
_NAMES = {"01": "month", "02": "day", "15": "hour", "04": "minute", "05": "second"}
_MOST = {"01": 12, "02": 31, "15": 23, "04": 59, "05": 59}
_PARTS = re.compile("2006|01|02|15|04|05|Z07:00|[-:T]").findall


@dataclass(slots=True, frozen=True, order=True)
class Instant:
    """`ns` nanoseconds since 1970 in UTC; `offset` from UTC, in minutes, is only for printing."""

    ns: int
    offset: int | None = None

    @property
    def seconds(self) -> int:
        """Whole seconds since 1970, rounded down."""
        return self.ns // _BILLION

    @property
    def local(self) -> datetime:
        """Date and time of day at the offset, in whole seconds and without a zone."""
        return (_EPOCH + timedelta(seconds=self.seconds, minutes=self.offset or 0)).replace(tzinfo=None)

    def text(self) -> str:
        """Return it as Go prints it, in RFC 3339 with as many digits as are needed."""
        local = self.local
        part = f".{self.ns % _BILLION:09}".rstrip("0").rstrip(".")
        return f"{local.year:04}-{local:%m-%dT%H:%M:%S}{part}{_zone(self.offset)}"

    def stored(self) -> bytes:
        """Return the bytes in which Go keeps it."""
        offset = -1 if self.offset is None else self.offset
        return b"".join((
            b"\x01",
            (self.seconds + _YEAR_1).to_bytes(8, "big", signed=True),
            (self.ns % _BILLION).to_bytes(4, "big"),
            offset.to_bytes(2, "big", signed=True),
        ))  # fmt: skip


def _zone(offset: int | None) -> str:
    if not offset:
        return "Z"
    hours, minutes = divmod(abs(offset), 60)
    return f"{'-' if offset < 0 else '+'}{hours:02}:{minutes:02}"


def parsed(text: str) -> Instant:
    """Return the time that `text` says in a form that Dgraph takes; raise ValueError in Go's words."""
    match = _SHORT(text) if len(text) in _LAYOUTS else _LONG(text) or _SPACED(text)
    if match is None:
        raise ValueError(_complaint(text))
    parts = match.groups()
    zone, part = None, "0"
    if len(parts) > 3:
        zone, part = parts[7], (parts[6] or "")[:9].ljust(9, "0")
    numbers = [int(parts[0]), int(parts[1] or 1), int(parts[2] or 1), *map(int, parts[3:6])]
    try:
        if numbers[0] == 0:
            raise ValueError(_complaint(text))
        moment = datetime(*numbers, tzinfo=UTC)  # type: ignore[arg-type, misc]
    except ValueError:
        raise ValueError(_complaint(text)) from None
    offset = _minutes(zone)
    seconds = int((moment - _EPOCH) / timedelta(seconds=1)) - 60 * (offset or 0)
    return Instant(seconds * _BILLION + int(part), offset)


def _minutes(zone: str | None) -> int | None:
    if zone is None or zone == "Z":
        return None
    minutes = int(zone[1:3]) * 60 + int(zone[-2:])
    return -minutes if zone[0] == "-" else minutes


def _complaint(text: str) -> str:
    """Return what Go says of a `text` that is no time: the first part of the layout that does not fit."""
    layout = _LAYOUTS.get(len(text)) or _NO_ZONE
    if len(text) > len(_NO_ZONE) and text[10] == "T" and (text[-1] == "Z" or text[-3] == ":"):
        layout = _RFC3339
    rest = text
    for part in _PARTS(layout):
        width = _WIDTHS.get(part, 1)
        head = rest[:width]
        if part in _MOST and head.isdigit() and len(head) == width:
            if not (part in ("15", "04", "05") or int(head)) or int(head) > _MOST[part]:
                return f'parsing time "{text}": {_NAMES[part]} out of range'
        elif part in _WIDTHS and not (head.isdigit() and len(head) == width):
            if part != "Z07:00":
                return _cannot(text, layout, rest, part)
        elif part not in _WIDTHS and head != part:
            return _cannot(text, layout, rest, part)
        rest = rest[width:]
        if part == "05":
            rest = re.sub(r"^[.,]\d+", "", rest)
    if layout is _RFC3339 and not re.fullmatch(r"Z|[+-]\d\d:\d\d", rest):
        return _cannot(text, layout, rest, "Z07:00")
    if layout is not _RFC3339 and rest:
        return f'parsing time "{text}": extra text: "{rest}"'
    return f'parsing time "{text}": day out of range'


def _cannot(text: str, layout: str, rest: str, part: str) -> str:
    return f'parsing time "{text}" as "{layout}": cannot parse "{rest}" as "{part}"'
