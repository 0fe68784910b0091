"""What stands behind the data in an answer to `/query`, written straight from the bytes of an `api.Response`.

Of the answers that come by the thousand: to protobuf's objects one goes some thirty times for it, and no
compiler makes that cheaper. Whatever is not quite usual is left to them.
"""

from functools import lru_cache

from otterd.edges.http.golang import quoted
from otterd.wire.varint import varint

_JSON, _TXN, _LATENCY, _METRICS = 0x0A, 0x12, 0x1A, 0x22
_LATENCIES = {
    0x08: ',"parsing_ns":',
    0x10: ',"processing_ns":',
    0x18: ',"encoding_ns":',
    0x20: ',"assign_timestamp_ns":',
    0x28: ',"total_ns":',
}
_MOST_BITS = 63
"""Of a latency: that is 292 years, and what claims more may be too long."""
_START_TS, _HASH = 0x08, 0x32
# A map is written as a list of these.
_ENTRY, _NAME, _NUMBER = 0x0A, 0x0A, 0x10
_LONGEST = 512
"""Bytes of counts up to which they are remembered."""


def told(body: bytes) -> tuple[bytes, str, int] | None:
    """Return the data of the Response in `body`, the text of its extensions, and how many nodes it touched.

    None stands for one that is not usual.
    """
    try:
        return _read(body)
    except (IndexError, ValueError):
        return None


def _read(body: bytes) -> tuple[bytes, str, int] | None:
    data, latency, txn, metrics = b"", "", "", ""
    touched = at = 0
    last, size = 0, len(body)
    while at < size:
        tag = body[at]
        if tag <= last:
            # Twice the same is to be merged.
            return None
        length, start = body[at + 1], at + 2
        if length >= 0x80:
            length, start = varint(body, at + 1)
        last, at = tag, start + length
        part = body[start:at]
        if at > size:
            return None
        if tag == _JSON:
            data = part
        elif tag == _TXN:
            txn = f',"txn":{{{_txn(part)}}}'
        elif tag == _LATENCY:
            latency = f',"server_latency":{{{_latency(part)}}}'
        elif tag == _METRICS:
            metrics, touched = _known(part) if len(part) <= _LONGEST else _metrics(part)
        else:
            return None
    return data, (latency + txn + metrics)[1:], touched


def _latency(part: bytes) -> str:
    text, at, last, size = "", 0, 0, len(part)
    while at < size:
        tag = part[at]
        name = _LATENCIES.get(tag)
        if name is None or tag <= last:
            raise ValueError
        last = tag
        # What `varint` does, without five calls for every answer.
        byte, at = part[at + 1], at + 2
        number, shift = byte & 0x7F, 7
        while byte >= 0x80:
            byte, at = part[at], at + 1
            number |= (byte & 0x7F) << shift
            shift += 7
        if shift > _MOST_BITS:
            raise ValueError
        if number:
            text += f"{name}{number}"
    return text[1:]


def _txn(part: bytes) -> str:
    text, at, last = "", 0, 0
    while at < len(part):
        tag = part[at]
        if tag <= last:
            raise ValueError
        last = tag
        number, at = varint(part, at + 1)
        if tag == _START_TS:
            text = f',"start_ts":{number}' if number else ""
        elif tag == _HASH and at + number <= len(part):
            text += f',"hash":{quoted(part[at : at + number].decode())}' if number else ""
            at += number
        else:
            raise ValueError
    return text[1:]


def _metrics(part: bytes) -> tuple[str, int]:
    """Return the member that tells the counts in `part`, and their total."""
    counts: dict[bytes, int] = {}
    at, whole = 0, len(part)
    while at < whole:
        # An entry of the map: its length, then a name and a number. Longer ones are rare.
        end, size = at + 2 + part[at + 1], part[at + 3]
        value = at + 4 + size
        if part[at] != _ENTRY or part[at + 1] >= 0x80 or part[at + 2] != _NAME or part[value] != _NUMBER:
            raise ValueError
        number, stop = part[value + 1], value + 2
        if number >= 0x80:
            number, stop = varint(part, value + 1)
        if stop != end:
            raise ValueError
        counts[part[at + 4 : value]] = number
        at = end
    if not counts:
        return ',"metrics":{}', 0
    # The order of UTF-8 is that of its code points.
    members = ",".join([f"{_named(name)}{counts[name]}" for name in sorted(counts)])
    return f',"metrics":{{"num_uids":{{{members}}}}}', counts.get(b"_total", 0)


_known = lru_cache(maxsize=1024)(_metrics)
"""The same, remembered: a query that finds as many nodes as before has the same counts."""


@lru_cache(maxsize=4096)
def _named(name: bytes) -> str:
    """Return `name` as that of a member in JSON; they come again and again."""
    return quoted(name.decode()) + ":"
