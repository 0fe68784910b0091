"""Header blocks: ours against the `hpack` library, and what may be remembered of them."""

from contextlib import suppress

import hpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from otterd.wire.h2 import Broken, Code, Limits, Memo, block, block_of, field, huffman
from otterd.wire.h2.decode import Decoder
from otterd.wire.h2.encode import literal
from otterd.wire.h2.errors import Malformed, Oversized
from otterd.wire.h2.fields import STATIC, check_name
from tests.wire.h2.peers import ANSWER, REQUEST, TRAILERS

names = st.from_regex(rb"[a-z][a-z0-9-]{0,20}", fullmatch=True).filter(
    lambda name: (
        name not in (b"te", b"connection", b"upgrade", b"keep-alive", b"transfer-encoding", b"content-length")
    )
)
values = st.binary(max_size=200).map(lambda raw: raw.translate(None, b"\0\r\n"))
lists = st.lists(st.tuples(names, values), max_size=8).map(lambda more: [*REQUEST, *more])


def settled(memo: Memo | None = None, limits: Limits | None = None) -> Decoder:
    decoder = Decoder(limits or Limits(), memo or Memo())
    decoder.settle()
    return decoder


def stateless() -> hpack.Encoder:
    encoder = hpack.Encoder()
    encoder.header_table_size = 0
    return encoder


@given(lists)
def test_what_we_encode_the_library_decodes(fields: list[tuple[bytes, bytes]]) -> None:
    found = hpack.Decoder().decode(block(fields), raw=True)
    assert [tuple(each) for each in found] == fields


@given(st.lists(lists, max_size=6), st.booleans())
def test_what_the_library_encodes_we_decode_whatever_came_before(
    blocks: list[list[tuple[bytes, bytes]]], huff: bool
) -> None:
    encoder, decoder = stateless(), settled()
    for fields in blocks:
        for _ in range(3):  # new, known by its fields, known as a whole
            raw = encoder.encode(fields, huffman=huff)
            head = decoder.known.get(raw) or decoder.head(raw)
            assert list(head.fields) == fields


@given(st.lists(lists, max_size=5))
def test_before_the_table_is_gone_blocks_depend_on_earlier_ones(
    blocks: list[list[tuple[bytes, bytes]]],
) -> None:
    encoder, decoder = hpack.Encoder(), Decoder(Limits(), Memo())
    for fields in blocks:
        assert list(decoder.head(encoder.encode(fields)).fields) == fields
    assert not decoder.known


def test_the_switch_to_no_table_takes_the_peers_resize() -> None:
    encoder, decoder = hpack.Encoder(), Decoder(Limits(), Memo())
    decoder.head(encoder.encode(REQUEST))
    encoder.header_table_size = 0
    decoder.settle()
    for _ in range(3):
        assert list(decoder.head(encoder.encode(REQUEST)).fields) == REQUEST


def test_an_equal_start_shares_no_more_than_itself() -> None:
    memo = Memo()
    decoder = settled(memo)
    for number in range(50):
        more = [
            (b"grpc-timeout", b"%du" % (number * 7)),
            (b"accessjwt", b"token-%d" % number),
            (b"x-id", b"1"),
        ]
        head = decoder.head(block([*REQUEST, *more]))
        assert list(head.fields) == [*REQUEST, *more]
    other = settled(memo)
    assert list(other.head(block([*REQUEST, (b"x-id", b"2")])).fields) == [*REQUEST, (b"x-id", b"2")]


@pytest.mark.parametrize("never", [True, False])
def test_secrets_are_sent_never_indexed_and_remembered_nowhere(never: bool) -> None:
    memo = Memo()
    decoder = settled(memo)
    for name in (b"authorization", b"accessjwt", b"auth-token", b"cookie", b"x-api-key"):
        raw = field(name, b"hunter2-hunter2")
        assert raw[0] & 0xF0 == 0x10
        for _ in range(3):
            decoder.head(block(REQUEST) + literal(name, b"hunter2-hunter2", never=never))
    for _ in range(3):
        decoder.head(block(REQUEST) + literal(b"x-mine", b"hunter2-hunter2", never=True))
    kept = repr(memo.fields) + repr(memo.blocks) + repr(decoder._starts)
    assert "hunter2" not in kept
    assert all("hunter2" not in repr(head.fields) for _, head in decoder._starts)
    assert "hunter2" not in repr(decoder.head(block(REQUEST) + raw))


def test_a_head_is_passed_on_unchanged_and_written_once() -> None:
    decoder = settled()
    for fields in ([*ANSWER, (b"dgraph-toucheduids", b"7"), (b"x", b"1"), (b"x", b"2")], TRAILERS):
        raw = block(fields)
        heads = [decoder.known.get(raw) or decoder.head(raw) for _ in range(4)]
        assert decoder.head(block_of(heads[0])).fields == tuple(fields)
        assert heads[2] is heads[3]
        assert block_of(heads[2]) is block_of(heads[3])


def test_a_block_that_resizes_is_not_remembered() -> None:
    memo = Memo()
    decoder = settled(memo)
    for _ in range(4):
        decoder.head(b"\x20" + block(REQUEST))
    assert not memo.blocks


def test_an_insertion_into_no_table_inserts_nothing() -> None:
    decoder = settled()
    inserting = b"\x40" + literal(b"x-mine", b"value", never=False)[1:]
    assert decoder.head(inserting).fields == ((b"x-mine", b"value"),)
    with pytest.raises(Broken):
        decoder.head(b"\xbe")


def test_the_memos_are_bounded() -> None:
    memo = Memo()
    decoder = settled(memo)
    for number in range(3 * Memo.MOST_FIELDS):
        raw = block([(b"x-a", b"%d" % number)])
        decoder.head(raw)
        decoder.head(raw)
    assert len(memo.fields) <= Memo.MOST_FIELDS
    assert len(memo.blocks) <= Memo.MOST_BLOCKS
    decoder.head(block([(b"x-a", b"v" * 300)]))
    assert max(map(len, memo.fields)) <= Memo.FIELD_BYTES


@given(st.binary(max_size=200))
def test_huffman_agrees_with_the_library(raw: bytes) -> None:
    coder = hpack.hpack.Encoder().huffman_coder
    assert huffman.decode(coder.encode(raw)) == raw


@given(st.binary(min_size=1, max_size=40))
def test_huffman_refuses_what_the_library_refuses(raw: bytes) -> None:
    try:
        wanted = hpack.huffman_table.decode_huffman(raw)
    except hpack.HPACKError:
        with pytest.raises(Broken):
            huffman.decode(raw)
    else:
        assert huffman.decode(raw) == wanted


BROKEN = {
    "index 0": b"\x80",
    "an index into the table that is gone": b"\xbe",
    "a long index": b"\xff\x00",
    "a name from the table that is gone": b"\x0f\x30\x01a",
    "a resize above 0": b"\x21",
    "a large resize": b"\x3f\xe1\x1f",
    "a resize after a field": b"\x88\x20",
    "a third resize": b"\x20" * 400,
    "a cut value": b"\x00\x01a\x05abc",
    "a cut name": b"\x00\x05abc",
    "no value": b"\x00\x01a",
    "a cut number": b"\x00\x7f\x80\x80",
    "a number without end": b"\x00\x7f" + b"\x80" * 40 + b"\x01",
    "padding of zeros": b"\x00\x01a\x82\x18\x00",
    "padding of eight bits": b"\x00\x01a\x82\x1f\xff",
    "the end-of-string symbol": b"\x00\x01a\x84\xff\xff\xff\xff",
}


@pytest.mark.parametrize("raw", BROKEN.values(), ids=BROKEN)
@pytest.mark.parametrize("start", [b"", block(TRAILERS)], ids=["alone", "after fields"])
def test_a_broken_block_ends_the_connection(raw: bytes, start: bytes) -> None:
    decoder = settled()
    for _ in range(2):
        with pytest.raises(Broken) as caught:
            decoder.head(start + raw)
        assert caught.value.code is Code.COMPRESSION_ERROR


def test_a_resize_within_a_block_with_a_known_start_is_refused() -> None:
    decoder = settled()
    for number in range(4):
        decoder.head(block([*REQUEST, (b"grpc-timeout", b"%du" % number)]))
    with pytest.raises(Broken):
        decoder.head(block(REQUEST) + b"\x20" + field(b"a", b"b"))


@given(st.binary(max_size=64))
def test_random_blocks_raise_nothing_else_and_agree_with_the_library(raw: bytes) -> None:
    library = hpack.Decoder()
    library.max_allowed_table_size = library.header_table_size = 0
    decoder = settled()
    try:
        wanted = [tuple(each) for each in library.decode(raw, raw=True)]
    except (hpack.HPACKError, IndexError):
        with pytest.raises((Broken, Malformed)):
            decoder.head(raw)
        return
    with suppress(Malformed, Broken):  # our rules are those of HTTP/2, too
        assert list(decoder.head(raw).fields) == wanted


def test_a_bomb_of_indices_costs_no_more_than_the_limit_of_fields() -> None:
    decoder = settled(limits=Limits(header_fields=100))
    with pytest.raises(Oversized):
        decoder.head(b"\x90" * 30_000)
    with pytest.raises(Oversized):
        decoder.head(b"".join(field(b"a%d" % n, b"v" * 100) for n in range(100)) + field(b"b", b"v" * 5_000))


def test_a_bomb_of_the_table_is_stopped_before_the_table_is_gone() -> None:
    decoder = Decoder(Limits(), Memo())
    bomb = b"\x40\x01a\x7f\x81\x1f" + b"v" * 4_096 + b"\xbe" * 10_000
    with pytest.raises(Broken) as caught:
        decoder.head(bomb)
    assert caught.value.code in (Code.ENHANCE_YOUR_CALM, Code.COMPRESSION_ERROR)


MALFORMED = {
    "an upper-case name": [*REQUEST, (b"Accept", b"a")],
    "an empty name": [*REQUEST, (b"", b"a")],
    "a space in a name": [*REQUEST, (b"a b", b"a")],
    "a colon in a name": [*REQUEST, (b"a:b", b"a")],
    "a line feed in a value": [*REQUEST, (b"a", b"a\nb")],
    "a NUL in a value": [*REQUEST, (b"a", b"\0")],
    "connection": [*REQUEST, (b"connection", b"close")],
    "transfer-encoding": [*REQUEST, (b"transfer-encoding", b"chunked")],
    "te: gzip": [*REQUEST, (b"te", b"gzip")],
    "no method": REQUEST[1:],
    "no scheme": [REQUEST[0], *REQUEST[2:]],
    "no path": [*REQUEST[:2], *REQUEST[3:]],
    "an empty path": [*REQUEST[:2], (b":path", b""), *REQUEST[3:]],
    "a method twice": [REQUEST[0], *REQUEST],
    "a pseudo-header after a field": [*REQUEST, (b":authority", b"a")],
    "an unknown pseudo-header": [(b":mine", b"a"), *REQUEST],
    "a status in a request": [(b":status", b"200"), *REQUEST],
    "a status of words": [(b":status", b"abc")],
    "a status of four digits": [(b":status", b"2000")],
    "101": [(b":status", b"101")],
    "a content-length of words": [*REQUEST, (b"content-length", b"ten")],
    "two content-lengths": [*REQUEST, (b"content-length", b"1"), (b"content-length", b"2")],
    "CONNECT": [(b":method", b"CONNECT"), (b":authority", b"a")],
}


@pytest.mark.parametrize("fields", MALFORMED.values(), ids=MALFORMED)
@pytest.mark.parametrize("gone", [True, False], ids=["no table", "a table"])
def test_a_malformed_list_ends_its_stream(fields: list[tuple[bytes, bytes]], gone: bool) -> None:
    decoder = Decoder(Limits(), Memo())
    if gone:
        decoder.settle()
    for _ in range(3):
        with pytest.raises(Malformed):
            decoder.head(b"".join(literal(name, value, never=False) for name, value in fields))


def test_malformed_fields_are_found_behind_a_known_start() -> None:
    decoder = settled()
    for number in range(4):
        decoder.head(block([*REQUEST, (b"grpc-timeout", b"%du" % number)]))
    assert decoder._starts
    for bad in ([(b":path", b"/")], [(b"content-length", b"x")]):
        with pytest.raises(Malformed):
            decoder.head(block([*REQUEST, *bad]))
    head = decoder.head(block([*REQUEST, (b"content-length", b"7"), (b"new", b"one")]))
    assert (head.length, head.path, head.get(b"new"), head.get(b"old")) == (
        7,
        b"/api.Dgraph/Query",
        b"one",
        None,
    )


def test_no_entry_of_the_static_table_slips_past_the_rules() -> None:
    for index, (name, _) in enumerate(STATIC, 1):
        decoder = settled()
        if name == b"transfer-encoding":
            for raw in (bytes((0x80 | index,)), b"\x0f" + bytes((index - 15,)) + b"\x01a"):
                with pytest.raises(Malformed):
                    decoder.head(raw)
        else:
            check_name(name)


def test_space_at_the_end_of_a_grpc_message_passes() -> None:
    head = settled().head(block([(b"grpc-status", b"2"), (b"grpc-message", b"line 1: ")]))
    assert head.get(b"grpc-message") == b"line 1: "


def test_the_first_of_two_values_is_got() -> None:
    head = settled().head(block([*ANSWER, (b"a", b"1"), (b"a", b"2")]))
    assert head.get(b"a") == b"1"
    assert head.status == 200
