"""HPACK as we send it: no table, no Huffman, so that a field's bytes are the same in every block."""

from collections.abc import Iterable
from typing import Final

from otterd.wire.h2.fields import STATIC, Field, Head, secret

NO_TABLE: Final = b"\x20"
"""The size update to 0 that opens the first block of a connection."""

_EXACT: Final = {field: index for index, field in reversed(list(enumerate(STATIC, 1))) if field[1]}
_NAMED: Final = {name: index for index, (name, _) in reversed(list(enumerate(STATIC, 1)))}
_MOST_REMEMBERED: Final = 1_024
_MOST_BYTES: Final = 128
_NEVER_INDEXED: Final = 0x10
_PLAIN: Final = 0x00
_BYTES: Final = tuple(bytes((number,)) for number in range(256))


def _integer(value: int, prefix: int, pattern: int) -> bytes:
    """Return `value` with a prefix of `prefix` bits under `pattern` (RFC 7541, 5.1)."""
    most = (1 << prefix) - 1
    if value < most:
        return _BYTES[pattern | value]
    out = bytearray((pattern | most,))
    value -= most
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


_LENGTHS: Final = tuple([_integer(size, 7, 0) for size in range(1_024)])
"""How long a value is, for nearly all values."""

_remembered: Final[dict[Field, bytes]] = {}
_plains: Final[dict[bytes, bytes]] = {}
"""How a field begins, by its name."""
_secrets: Final[dict[bytes, bytes]] = {}
"""The same of those with a secret's name, which are never to be indexed."""


def literal(name: bytes, value: bytes, *, never: bool) -> bytes:
    """Return a literal field; `never` forbids every hop to put it in a table."""
    if never:
        return _whole(_begun(name, _NEVER_INDEXED), value)
    begun = _plains.get(name)
    if begun is None:
        begun = _begun(name, _PLAIN)
        _keep(_plains, name, begun)
    return _whole(begun, value)


def _begun(name: bytes, pattern: int) -> bytes:
    """Return a literal field up to its value."""
    index = _NAMED.get(name, 0)
    begun = _integer(index, 4, pattern)
    return begun if index else begun + _integer(len(name), 7, 0) + name


def _whole(begun: bytes, value: bytes) -> bytes:
    """Return a literal field whose value follows on `begun`."""
    size = len(value)
    return begun + (_LENGTHS[size] if size < len(_LENGTHS) else _integer(size, 7, 0)) + value


def _keep(memo: dict[bytes, bytes], name: bytes, begun: bytes) -> None:
    if len(name) <= _MOST_BYTES:
        if len(memo) >= _MOST_REMEMBERED:
            memo.clear()
        memo[name] = begun


def field(name: bytes, value: bytes) -> bytes:
    """Return the bytes of one field; a secret is never indexed and not remembered."""
    begun = _secrets.get(name)
    if begun is not None:
        return _whole(begun, value)
    found = _remembered.get((name, value))
    if found is not None:
        return found
    index = _EXACT.get((name, value))
    if index is not None:
        return bytes((0x80 | index,))
    if secret(name):
        begun = _begun(name, _NEVER_INDEXED)
        _keep(_secrets, name, begun)
        return _whole(begun, value)
    encoded = literal(name, value, never=False)
    if len(encoded) <= _MOST_BYTES:
        if len(_remembered) >= _MOST_REMEMBERED:
            _remembered.clear()
        _remembered[name, value] = encoded
    return encoded


def block(fields: Iterable[Field]) -> bytes:
    """Return the bytes of `fields` in their order; blocks may be joined to longer ones."""
    return b"".join([field(name, value) for name, value in fields])


def block_of(head: Head) -> bytes:
    """Return the bytes that pass `head` on unchanged; written once for a head that comes again and again."""
    encoded = head.encoded
    if encoded is None:
        encoded = head.encoded = block(head.fields)
    return encoded
