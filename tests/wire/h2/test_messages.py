"""gRPC messages in DATA of any pieces."""

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otterd.wire.h2 import BadMessage, MessageReader, only, pack
from otterd.wire.h2.messages import head


@dataclass
class Read:
    """A sink that notes all, long messages as their length and what came of them."""

    found: list[tuple[bytes, bool]] = field(default_factory=list)
    begun: list[int] = field(default_factory=list)
    passing: list[bytes] = field(default_factory=list)
    completions: int = 0

    def message(self, payload: bytes, *, compressed: bool) -> None:
        self.found.append((payload, compressed))

    def began(self, length: int, *, compressed: bool) -> None:
        self.begun.append(length)

    def part(self, payload: bytes) -> None:
        self.passing.append(payload)

    def completed(self) -> None:
        self.completions += 1


@given(st.lists(st.tuples(st.binary(max_size=60), st.booleans()), max_size=6), st.lists(st.integers(1, 40)))
def test_messages_are_found_in_any_pieces(messages: list[tuple[bytes, bool]], cuts: list[int]) -> None:
    wire = b"".join(pack(payload, compressed=compressed) for payload, compressed in messages)
    sink = Read()
    reader = MessageReader(sink, 1_000)
    for cut in cuts:
        reader.feed(wire[:cut])
        wire = wire[cut:]
    reader.feed(wire)
    assert sink.found == messages
    assert reader.between


@given(st.binary(min_size=11, max_size=100), st.integers(1, 30))
def test_a_long_message_passes_without_being_put_together(payload: bytes, step: int) -> None:
    wire = pack(b"short") + pack(payload) + pack(b"") + pack(b"after")
    sink = Read()
    reader = MessageReader(sink, 1_000, whole=10)
    for at in range(0, len(wire), step):
        reader.feed(wire[at : at + step])
        assert sum(map(len, reader._parts or ())) < 10
    assert sink.found == [(b"short", False), (b"", False), (b"after", False)]
    assert sink.begun == [len(payload)]
    assert b"".join(sink.passing) == payload
    assert sink.completions == 1
    assert all(len(part) <= step for part in sink.passing)


@pytest.mark.parametrize("cut", range(1, 9))
def test_a_message_cut_short_is_seen(cut: int) -> None:
    reader = MessageReader(Read(), 100)
    reader.feed(pack(b"four")[:cut])
    assert not reader.between


def test_a_message_over_the_bound_is_refused_by_its_head() -> None:
    sink = Read()
    reader = MessageReader(sink, 100)
    reader.feed(pack(b"x" * 100))
    with pytest.raises(BadMessage) as caught:
        reader.feed(head(101))
    assert caught.value.too_long
    assert len(sink.found) == 1


def test_an_unknown_flag_is_refused() -> None:
    with pytest.raises(BadMessage) as caught:
        MessageReader(Read(), 100).feed(b"\x02\0\0\0\0")
    assert not caught.value.too_long


def test_only_takes_exactly_one_plain_message() -> None:
    assert only(pack(b"abc")) == b"abc"
    assert only(pack(b"")) == b""
    for other in (b"", b"\0\0\0", pack(b"abc")[:-1], pack(b"a") * 2, pack(b"abc", compressed=True)):
        assert only(other) is None
