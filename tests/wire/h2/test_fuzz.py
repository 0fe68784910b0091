"""Bytes that nobody should send: nothing but the two outcomes, and nothing left behind."""

from hypothesis import example, given
from hypothesis import strategies as st

from otterd.wire.h2 import ClientConnection, Limits, ServerConnection, block, pack
from otterd.wire.h2.frames import PREFACE, SETTINGS_ACK, goaway, ping, rst_stream, settings, window_update
from tests.wire.h2.peers import ASK, HEADED, REQUEST, TRAILED, Echo, Heard, Holder, frame, frames

FEW = Limits(open_streams=3, stream_window=1_000, connection_window=66_000)

CORPUS = [
    frame(1, 4, 1, ASK),
    frame(1, 5, 1, ASK),
    frame(1, 5, 3, block([*REQUEST, (b"grpc-timeout", b"1S")])),
    frame(1, 0, 5, ASK[:7]) + frame(9, 4, 5, ASK[7:]),
    frame(1, 0x2D, 7, b"\1\0\0\0\0\0" + ASK + b"\0"),
    frame(1, 4, 1, HEADED),
    frame(1, 5, 1, TRAILED),
    frame(1, 5, 1, b"\x40\x01a\x01b\xbe"),
    frame(0, 1, 1, pack(b"data")),
    frame(0, 9, 1, b"\2ab\0\0"),
    frame(0, 0, 1),
    settings({4: 0}),
    settings({4: 100_000, 5: 20_000}),
    settings({1: 0, 3: 1}),
    SETTINGS_ACK,
    ping(b"12345678"),
    rst_stream(1, 8),
    goaway(1, 0),
    window_update(0, 1 << 20),
    window_update(1, 5),
    frame(2, 0, 1, bytes(5)),
    frame(50, 0, 1, b"x"),
]

pieces = st.one_of(
    st.sampled_from(CORPUS),
    st.builds(
        frame,
        st.integers(0, 10),
        st.integers(0, 255),
        st.sampled_from([0, 1, 2, 3, 5, 1 << 31]),
        st.binary(max_size=30),
    ),
    st.binary(max_size=20),
)


@st.composite
def noise(draw: st.DrawFn) -> bytes:
    """Draw frames right and wrong, some bytes of them changed."""
    said = bytearray(b"".join(draw(st.lists(pieces, max_size=20))))
    for _ in range(draw(st.integers(0, 3)) if said else 0):
        said[draw(st.integers(0, len(said) - 1))] = draw(st.integers(0, 255))
    return bytes(said)


def check(link: ClientConnection | ServerConnection, owner: Holder, said: bytes, step: int) -> list[object]:
    """Feed `said`, and return what can be seen of the link after it."""
    for at in range(0, len(said), step):
        link.receive(said[at : at + step], 0.0)
    sent = frames(link.data_to_send())
    assert link.over is bool(owner.closes)
    assert len(owner.closes) <= 1
    if link.over:
        assert not link.streams
        assert link.queued == 0
    assert link.queued == sum(stream.queued for stream in link.streams.values())
    held = sum(stream.got - stream.returned for stream in link.streams.values())
    assert 0 <= held <= link._got - link._returned
    assert len(link.streams) <= 4
    code = owner.closes[0].code if owner.closes and owner.closes[0] else None
    return [sent, code]


def served(said: bytes, step: int, start: bytes) -> list[object]:
    owner = Holder(Echo)
    link = owner.link = ServerConnection(owner, FEW)
    link.start(0.0)
    link.receive(start, 0.0)
    return check(link, owner, said, step)


def asked(said: bytes, step: int, start: bytes) -> list[object]:
    owner = Holder(Heard)
    link = ClientConnection(owner, FEW)
    link.start(0.0)
    link.receive(start, 0.0)
    for _ in range(2 if link.room > 1 else 0):
        call = Heard(link)
        call.stream = link.request(ASK, call, pack(b"question"), end=False)
    return [*check(link, owner, said, step)]


@given(noise(), st.integers(1, 50), st.sampled_from([b"", SETTINGS_ACK]))
@example(frame(1, 5, 1, ASK) + settings({4: 0}) + frame(0, 1, 1), 1, SETTINGS_ACK)
def test_a_server_survives_noise_in_any_pieces(said: bytes, step: int, ack: bytes) -> None:
    start = PREFACE + settings({}) + ack
    assert served(said, step, start) == served(said, 1 << 30, start)


@given(noise(), st.integers(1, 50), st.sampled_from([b"", SETTINGS_ACK]))
def test_a_client_survives_noise_in_any_pieces(said: bytes, step: int, ack: bytes) -> None:
    start = settings({}) + ack
    assert asked(said, step, start) == asked(said, 1 << 30, start)


@given(st.binary(max_size=100))
def test_a_server_survives_strangers(said: bytes) -> None:
    assert served(said, 7, b"") == served(said, 1 << 30, b"")


@given(st.dictionaries(st.integers(0, 9), st.integers(0, (1 << 32) - 1), max_size=5))
def test_any_settings_are_acknowledged_or_break_the_connection(values: dict[int, int]) -> None:
    sent, code = served(settings(values), 1 << 30, PREFACE + settings({}) + SETTINGS_ACK)
    assert isinstance(sent, list)
    assert (code is None) == ([kind for kind, *_ in sent].count(4) == 3)
