"""The usual frame read in one step: what is taken so, and that Autobahn would have taken it the same way."""

from itertools import pairwise
from struct import pack
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from otterd.edges.ws.frames import BY_HAND, whole_text
from otterd.edges.ws.protocol import OtterSocket
from tests.edges.ws.fakes import House, frame

SIZES = (0, 1, 2, 3, 4, 5, 125, 126, 127, BY_HAND - 1, BY_HAND, BY_HAND + 1, 65_535)
LIMIT = 70_000


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("mask", [b"mask", bytes(4), b"\xff\x00\x80\x01"])
def test_takes_a_whole_text(size: int, mask: bytes) -> None:
    text = (b'{"type":"ping"}' * (size // 15 + 1))[:size]
    whole = frame(1, text, mask=mask)
    assert whole_text(whole, LIMIT) == (text, len(whole))
    assert whole_text(whole + b"\x81more", LIMIT) == (text, len(whole))
    assert whole_text(whole, size) == (text, len(whole))
    assert whole_text(whole, size - 1) is None
    for cut in {at for at in (1, 2, 5, 6, 7, len(whole) - 1) if at < len(whole)}:
        assert whole_text(whole[:cut], LIMIT) is None


def test_takes_text_that_is_not_ascii_only_when_it_is_utf8() -> None:
    assert whole_text(frame(1, "naïve".encode()), LIMIT) == ("naïve".encode(), 12)
    assert whole_text(frame(1, "naïve".encode("latin-1")), LIMIT) is None
    assert whole_text(frame(1, "ï".encode()[:1]), LIMIT) is None


@pytest.mark.parametrize(
    "other",
    [
        b"",
        frame(0, b"text"),
        frame(2, b"text"),
        frame(8, b""),
        frame(9, b"text"),
        frame(1, b"text", fin=False),
        frame(1, b"text", rsv=4),
        frame(1, b"text", mask=None),
        frame(1, b"text" * 100, mask=None),
        frame(1, b"t" * 65_536),
        b"\x81\xfe" + pack("!H", 125) + b"mask" + b"t" * 125,
        b"\x81\xff" + pack("!Q", 4) + b"masktext",
    ],
)
def test_leaves_every_other_frame_to_autobahn(other: bytes) -> None:
    assert whole_text(other, 100_000) is None


texts = st.sampled_from(
    [
        b'{"type":"ping"}',
        b'{"type":"query","query":"{q}"}',
        b"",
        b"no JSON",
        "ü".encode(),
        b"\xff",
        b"x" * 130,
    ]
)
frames = st.one_of(
    st.builds(frame, st.just(1), texts, mask=st.binary(min_size=4, max_size=4)),
    st.builds(
        frame,
        st.sampled_from([0, 1, 2, 8, 9, 10]),
        texts,
        fin=st.booleans(),
        rsv=st.sampled_from([0, 0, 0, 4]),
    ),
    st.builds(frame, st.just(1), texts, mask=st.none()),
)


def _heard(pieces: list[bytes]) -> tuple[Any, ...]:
    house = House(ws_max_message_bytes=128)
    client = house.client().open().authenticate()
    for piece in pieces:
        client.send(piece)
    told = (client.wire.received, client.wire.closing, house.gateway.queries, house.ledger.lines)
    client.hang_up()
    return told


@settings(max_examples=200, deadline=None)
@given(st.lists(frames, max_size=5), st.lists(st.integers(1, 200), max_size=6))
def test_a_conversation_is_the_same_as_with_autobahn_alone(sent: list[bytes], cuts: list[int]) -> None:
    whole = b"".join(sent)
    edges = sorted({0, len(whole), *(cut for cut in cuts if cut < len(whole))})
    pieces = [whole[a:b] for a, b in pairwise(edges)]
    heard = _heard(pieces)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(OtterSocket, "_between_texts", False)
        assert _heard(pieces) == heard


def test_a_text_shows_that_a_client_lives() -> None:
    house = House(ws_ping_interval=10, ws_ping_timeout=5)
    client = house.client().open().authenticate()
    house.pass_time(12)
    client.say(type="ping")
    house.pass_time(6)
    assert client.wire.closing is None
    client.hang_up()
