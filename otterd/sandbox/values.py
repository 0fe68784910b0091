"""Values, their kinds, and how Dgraph converts one kind into another."""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from otterd.sandbox.failures import Failed, unsupported
from otterd.sandbox.instants import Instant, parsed

Scalar = str | int | float | bool | Instant
Facets = Mapping[str, Scalar]

KINDS = ("default", "string", "int", "float", "bool", "datetime", "uid")
"""What a predicate of the sandbox can be; Dgraph has more."""

_INT = re.compile(r"[+-]?[0-9]+", re.ASCII).fullmatch
_FLOAT = re.compile(
    r"[+-]?(?:(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:e[+-]?[0-9]+)?|inf(?:inity)?|nan)", re.ASCII | re.IGNORECASE
).fullmatch
_TRUE = frozenset(("1", "t", "T", "true", "TRUE", "True"))
_FALSE = frozenset(("0", "f", "F", "false", "FALSE", "False"))
_BILLION = 1_000_000_000
_PLAIN = 6
"""Powers of ten from here on are printed with an exponent."""


@dataclass(slots=True, frozen=True)
class Value:
    """`data` of a `kind`: text for default and string, else the Python type that is nearest."""

    kind: str
    data: Scalar

    def stored(self) -> bytes:
        """Return the bytes in which Dgraph keeps it."""
        data = self.data
        if isinstance(data, bool):
            return bytes((data,))
        if isinstance(data, int):
            return struct.pack("<q", data)
        if isinstance(data, float):
            return struct.pack("<d", data)
        return data.stored() if isinstance(data, Instant) else data.encode("utf-8", "surrogatepass")


def converted(value: Value, kind: str) -> Value:
    """Return `value` as `kind`; raise Failed with Go's words when it is none."""
    if kind == value.kind:
        return value
    if kind not in KINDS or value.kind not in KINDS:
        raise unsupported(f"type {kind if kind not in KINDS else value.kind}")
    data = value.data
    if kind in ("default", "string"):
        return Value(kind, printed(data))
    try:
        return Value(kind, _READ[kind](data) if isinstance(data, str) else _cast(value, kind))
    except ValueError as error:
        raise Failed(str(error)) from None


def printed(data: Scalar) -> str:
    """Return the text of `data` as a conversion to a string gives it."""
    if isinstance(data, bool):
        return "true" if data else "false"
    if isinstance(data, float):
        return go_float(data)
    return data.text() if isinstance(data, Instant) else str(data)


def go_float(number: float) -> str:
    """Return `number` with as few digits as tell it, as Go's %G does."""
    if math.isinf(number):
        return "+Inf" if number > 0 else "-Inf"
    digits, power = _shortest(number)
    if -4 <= power < _PLAIN:
        return f"{number:.{max(0, digits - 1 - power)}f}"
    mantissa = f"{number:.{digits - 1}e}".partition("e")[0]
    return f"{mantissa}E{'-' if power < 0 else '+'}{abs(power):02}"


def _shortest(number: float) -> tuple[int, int]:
    """Return how many digits tell `number` from all others, and its power of ten."""
    for digits in range(1, 18):
        text = f"{number:.{digits - 1}e}"
        if float(text) == number:
            break
    return digits, int(text.partition("e")[2])


def read_int(text: str) -> int:
    """Read a decimal of 64 bits as Go does."""
    if not _INT(text):
        raise ValueError(f'strconv.ParseInt: parsing "{text}": invalid syntax')
    number = int(text)
    if not -(1 << 63) <= number < 1 << 63:
        raise ValueError(f'strconv.ParseInt: parsing "{text}": value out of range')
    return number


def read_float(text: str) -> float:
    """Read a float as Go does; its hexadecimal form is not taken."""
    if not _FLOAT(text):
        raise ValueError(f'strconv.ParseFloat: parsing "{text}": invalid syntax')
    number = float(text)
    if math.isinf(number) and "inf" not in text.lower():
        raise ValueError(f'strconv.ParseFloat: parsing "{text}": value out of range')
    if math.isnan(number):
        raise ValueError("Got invalid value: NaN")
    return number


def read_bool(text: str) -> bool:
    """Read a truth as Go does."""
    if text not in _TRUE and text not in _FALSE:
        raise ValueError(f'strconv.ParseBool: parsing "{text}": invalid syntax')
    return text in _TRUE


_READ: dict[str, Callable[[str], Scalar]] = {
    "int": read_int,
    "float": read_float,
    "bool": read_bool,
    "datetime": parsed,
}


def _cast(value: Value, kind: str) -> Scalar:
    """Convert what is no text to what is no text."""
    data = value.data
    if isinstance(data, Instant):
        if kind == "int":
            return data.seconds
        if kind == "float":
            return data.ns / _BILLION
    elif isinstance(data, int | float):
        if kind == "int":
            return _whole(data)
        if kind == "float":
            return float(data)
        if kind == "bool":
            return data != 0
        if kind == "datetime" and not isinstance(data, bool):
            whole = int(data)
            return Instant(whole * _BILLION + int((data - whole) * _BILLION))
    raise ValueError(f"Cannot convert {value.kind} to type {kind}")


def _whole(number: float) -> int:
    if isinstance(number, float) and not -(2.0**63) <= number <= 2.0**63 - 1:
        raise ValueError("Float out of int64 range")
    return int(number)
