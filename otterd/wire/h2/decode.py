"""HPACK as we receive it: by `hpack` until our table size of 0 is acknowledged, then without state."""

import logging
from itertools import repeat
from typing import Final

import hpack

from otterd.wire.h2 import huffman
from otterd.wire.h2.errors import Broken, Code, Oversized
from otterd.wire.h2.fields import STATIC, Field, Head, check_name, check_value, extended, head_of, keeping
from otterd.wire.h2.limits import Limits

# At DEBUG the library writes every value, tokens too.
logging.getLogger("hpack").setLevel(logging.INFO)

_STATIC_MOST: Final = max(len(name) + len(value) for name, value in STATIC) + 32
_NEVER_INDEXED: Final = 0x10
_TRANSFER_ENCODING: Final = 57
"""The one entry of the static table that HTTP/2 forbids."""
_MOST_STARTS: Final = 4
"""Starts of blocks kept for a connection: as many methods as a caller mixes."""
_MOST_RESIZES: Final = 2
"""An encoder resizes at most twice at once (RFC 7541, 4.2)."""

Name = tuple[bytes, int]
"""A name, and whether its values may be kept, as `fields.keeping` says."""

_STATIC_NAMES: Final = tuple((name, keeping(name)) for name, _ in STATIC)


class Memo:
    """Fields and whole blocks seen before, for all connections of one role; holds no secrets."""

    MOST_FIELDS: Final = 2_048
    MOST_BLOCKS: Final = 512
    FIELD_BYTES: Final = 192
    BLOCK_BYTES: Final = 1_024
    MOST_NAMES: Final = 512

    __slots__ = ("blocks", "fields", "names")

    def __init__(self) -> None:
        self.fields: dict[bytes, Field] = {}
        self.blocks: dict[bytes, Head] = {}
        self.names: dict[bytes, Name] = {}
        """Checked names of less than 127 bytes by how they are written out."""

    def name(self, block: bytes, pos: int) -> tuple[Name, int]:
        """Return the checked name that is written out at `pos`, and where it ends."""
        text, stop = _string(block, pos)
        if stop > len(block):
            raise IndexError
        check_name(text)
        name = text, keeping(text)
        if block[pos] & 127 < 127:
            if len(self.names) >= self.MOST_NAMES:
                self.names.clear()
            self.names[block[pos:stop]] = name
        return name, stop

    def learn_field(self, raw: bytes, field: Field) -> None:
        """Remember what `raw` stands for."""
        if len(raw) <= self.FIELD_BYTES:
            if len(self.fields) >= self.MOST_FIELDS:
                self.fields.clear()
            self.fields[raw] = field

    def learn_block(self, block: bytes, head: Head) -> None:
        """Remember what `block` stands for; it must neither insert nor resize nor hold a secret."""
        if len(block) <= self.BLOCK_BYTES:
            if len(self.blocks) >= self.MOST_BLOCKS:
                self.blocks.clear()
            self.blocks[block] = head


class Decoder:
    """The header blocks of one connection, in the order in which they came."""

    __slots__ = ("_fresh", "_library", "_limits", "_memo", "_settled", "_starts", "_sure", "known")

    def __init__(self, limits: Limits, memo: Memo) -> None:
        self._limits = limits
        self._memo = memo
        self._settled = False
        self._library: hpack.Decoder | None = None
        self._starts: list[tuple[bytes, Head]] = []
        self._fresh = -1
        """Where in the last block the first field stood that was not in the memo, or -1."""
        self._sure = 0
        """How many fields stood before that one."""
        self.known: dict[bytes, Head] = {}
        """Blocks whose Head needs no call of `head`; empty until the table is gone."""

    def settle(self) -> None:
        """Take the peer's word that its table is gone: blocks no longer depend on earlier ones."""
        self._settled = True
        self._library = None
        self.known = self._memo.blocks

    def head(self, block: bytes) -> Head:
        """Return the checked list of `block`; raise Malformed (the stream ends) or Broken (all does)."""
        if not self._settled:
            return self._by_library(block)
        for start, begun in self._starts:
            if block.startswith(start):
                more = self._walk(block, len(start))
                head = extended(begun, more)
                break
        else:
            fields = self._walk(block, 0)
            head = head_of(tuple(fields))
            if self._fresh >= 0:
                self._keep_start(block, head.fields[: self._sure])
        count, limits = len(head.fields), self._limits
        # Huffman's shortest code has five bits, and a byte of index stands for an entry of the static table.
        most = len(block) * 8 // 5 + _STATIC_MOST * count
        if count > limits.header_fields or most > limits.header_list_bytes:
            self._bound(head.fields)
        # A peer may go on to insert: into a table of size 0 that does nothing (RFC 7541, 4.4).
        if self._fresh < 0 and block and block[0] & 0xE0 != 0x20:
            self._memo.learn_block(block, head)
        return head

    def _keep_start(self, block: bytes, fields: tuple[Field, ...]) -> None:
        """Remember the fields before the first new one: deadlines and tokens differ, the rest does not.

        What a walk yields depends on nothing to the right, so an equal start means equal fields.
        """
        start = block[: self._fresh]
        if (
            len(start) > Memo.BLOCK_BYTES
            or not fields
            or fields[-1][0][:1] == b":"
            or start[0] & 0xE0 == 0x20
        ):
            return
        if len(self._starts) >= _MOST_STARTS:
            del self._starts[0]
        self._starts.append((start, head_of(fields)))

    def _by_library(self, block: bytes) -> Head:
        if self._library is None:
            self._library = hpack.Decoder(self._limits.header_list_bytes)
        try:
            found = tuple(
                (bytes(name), bytes(value)) for name, value in self._library.decode(block, raw=True)
            )
        except hpack.OversizedHeaderListError:
            raise Broken(Code.ENHANCE_YOUR_CALM, "a header list is too long") from None
        except hpack.HPACKError:
            raise Broken(Code.COMPRESSION_ERROR, "a header block cannot be decoded") from None
        if len(found) > self._limits.header_fields:
            raise Oversized("a header list has too many fields")
        for name, value in found:
            check_name(name)
            check_value(name, value)
        return head_of(found)

    def _bound(self, fields: tuple[Field, ...]) -> None:
        """Raise Oversized for a list that is longer than announced."""
        limits = self._limits
        if len(fields) > limits.header_fields:
            raise Oversized("a header list has too many fields")
        if sum([len(name) + len(value) + 32 for name, value in fields]) > limits.header_list_bytes:
            raise Oversized("a header list is too long")

    def _walk(self, block: bytes, begin: int) -> list[Field]:
        """Return the fields of `block` from `begin` on."""
        fields: list[Field] = []
        self._fresh = -1
        end, pos = len(block), begin
        try:
            for _ in repeat(None, self._limits.header_fields + _MOST_RESIZES + 1):
                if pos >= end:
                    return fields
                first = block[pos]
                if first > 0x80:
                    fields.append(_indexed(first))
                    pos += 1
                elif first & 0xE0 == 0x20 and not fields and not begin:
                    pos = _resized(block, pos)
                else:
                    pos = self._literal(block, pos, first, fields)
        except IndexError:
            raise Broken(Code.COMPRESSION_ERROR, "a header block ends within a field") from None
        if len(fields) > self._limits.header_fields:
            raise Oversized("a header list has too many fields")
        raise Broken(Code.COMPRESSION_ERROR, "a header block resizes without end")

    def _literal(self, block: bytes, pos: int, first: int, fields: list[Field]) -> int:
        """Add the literal field at `pos` to `fields`; return where it ends.

        It is remembered unless it is a secret or sent as one, and looked for only where it may be.
        """
        memo = self._memo
        name: Name | None = None
        if not first & 0xBF or first == _NEVER_INDEXED:
            # The name is written out, as a caller's own are.
            start = pos + 2 + (block[pos + 1] & 127)
            name = memo.names.get(block[pos + 1 : start])
        if name is None:
            name, start = self._name(block, pos, first)
        coded = block[start]
        length, at = coded & 127, start + 1
        if length == 127:
            length, at = integer(block, start, 127)
        stop = at + length
        text, keeps = name
        kept = keeps > (1 if first & 0xF0 == _NEVER_INDEXED else 0)
        field = memo.fields.get(block[pos:stop]) if kept else None
        if field is None:
            if stop > len(block):
                raise IndexError
            if self._fresh < 0:
                self._fresh, self._sure = pos, len(fields)
            value = block[at:stop]
            if coded > 127:
                value = huffman.decode(value)
            # Deadlines and most tokens are letters and digits, which nothing forbids.
            if not value.isalnum() or text == b"te":
                check_value(text, value)
            field = text, value
            if kept:
                memo.learn_field(block[pos:stop], field)
        fields.append(field)
        return stop

    def _name(self, block: bytes, pos: int, first: int) -> tuple[Name, int]:
        """Return the name of the literal field at `pos`, and where its value begins."""
        if first & 0xC0 == 0x40:
            index, pos = integer(block, pos, 0x3F)
        elif first < 0x20:
            index, pos = integer(block, pos, 0x0F)
        else:
            raise Broken(Code.COMPRESSION_ERROR, "index 0, or a resize after a field")
        if not index:
            return self._memo.name(block, pos)
        if index > len(STATIC):
            raise Broken(Code.COMPRESSION_ERROR, "an index into a table that is gone")
        if index == _TRANSFER_ENCODING:
            check_name(STATIC[index - 1][0])
        return _STATIC_NAMES[index - 1], pos


def integer(block: bytes, pos: int, mask: int) -> tuple[int, int]:
    """Return the number whose prefix is under `mask` at `pos`, and where it ends (RFC 7541, 5.1)."""
    value = block[pos] & mask
    pos += 1
    if value < mask:
        return value, pos
    for shift in (0, 7, 14, 21):
        byte = block[pos]
        pos += 1
        value += (byte & 127) << shift
        if byte < 128:
            return value, pos
    raise Broken(Code.COMPRESSION_ERROR, "a number is too long")


def _string(raw: bytes, pos: int) -> tuple[bytes, int]:
    coded = raw[pos] & 128
    length, pos = integer(raw, pos, 127)
    data = raw[pos : pos + length]
    return (huffman.decode(data) if coded else data), pos + length


def _indexed(first: int) -> Field:
    index = first & 127
    if index > len(STATIC):
        raise Broken(Code.COMPRESSION_ERROR, "an index into a table that is gone")
    if index == _TRANSFER_ENCODING:
        check_name(STATIC[index - 1][0])
    return STATIC[index - 1]


def _resized(block: bytes, pos: int) -> int:
    size, pos = integer(block, pos, 0x1F)
    # RFC 7541, 6.3; three cases of h2spec fail here, for its encoder acknowledges our 0 and keeps its table.
    if size:
        raise Broken(Code.COMPRESSION_ERROR, "a table larger than announced")
    return pos
