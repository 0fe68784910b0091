"""`StreamExtSnapshot` at the door: opened by its first message, and then a pipe with a bound at each end."""

import gzip
from typing import Any

import pytest

from otterd.config.schema import Engine
from otterd.core.operation import Answer, Duplex
from otterd.errors import Lost, NotReached
from tests.doors import PeerWire
from tests.edges.grpc.peer import Peer, Told, framed
from tests.edges.grpc.rig import DGRAPH, Rig
from tests.fakes.memory import HANG, FakeTunnel

PATH = DGRAPH + "StreamExtSnapshot"
FIRST = framed(b"\x08\x01")
"""It names group 1."""
BOTH = ("a:9080", "b:9080")


class Line:
    """One call at the door of a `rig`, its stream, what came back, and the alpha's end of it."""

    def __init__(self, *fields: tuple[str, str], **keys: Any) -> None:
        keys.setdefault("alpha_engine", Engine.H2)
        self.rig = Rig(**keys)
        self.rig.client = Peer(self.rig.calls, PeerWire("127.0.0.1"))
        self.tunnel = FakeTunnel()
        self.answer = Answer(0, self.tunnel, ((b"h", b"1"),))
        for address in BOTH:
            self.rig.alphas[address].channel.on("StreamExtSnapshot", self.answer)
        self.stream = self.client.open(PATH, fields)

    @property
    def client(self) -> Peer:
        return self.rig.client

    @property
    def told(self) -> Told:
        return self.client.told[self.stream]

    @property
    def calls(self) -> list[Any]:
        return [call for address in BOTH for call in self.rig.alphas[address].channel.calls]

    def say(self, data: bytes, *, end: bool = False) -> Told:
        self.client.send(self.stream, data, end=end)
        return self.settle()

    def fill(self) -> None:
        """Send what the windows allow, and no more than would show that nothing bounds it."""
        for _ in range(200):
            if self.client.h2.local_flow_control_window(self.stream) >= 16_384:
                self.say(bytes(16_384))

    def settle(self) -> Told:
        return self.rig.settle(self.told)

    def pass_time(self, seconds: float) -> Told:
        """Let time pass for a client that still answers pings."""
        for _ in range(round(seconds / 5)):
            for _ in range(10):
                self.rig.clock.advance(0.5)
            self.client.h2.ping(b"12345678")
            self.settle()
        return self.told

    def hears(self, data: bytes) -> Told:
        """Let the alpha send `data`."""
        self.tunnel.push(data)
        return self.settle()

    def ends(self, status: int = 0, message: str = "", *trailers: tuple[bytes, bytes]) -> Told:
        """Let the alpha end it."""
        self.answer.status, self.answer.message, self.answer.trailers = status, message, trailers
        self.tunnel.end()
        return self.settle()

    @property
    def closed(self) -> tuple[int, str, int, int]:
        """The line of the access log: status, verdict, bytes in and out."""
        [entry] = self.rig.ledger.closed
        return entry.status, entry.verdict, entry.received, entry.sent


def test_the_first_message_opens_it_and_then_bytes_pass_both_ways() -> None:
    line = Line(("accessjwt", "mine"), ("x-more-bin", "AQI"))
    line.say(FIRST)
    [call] = line.calls
    assert (call.request.payload, call.request.ended) == (FIRST, False)
    assert call.request.metadata == (("accessjwt", "mine"), ("x-more-bin", b"\1\2"))
    assert (line.told.headers["h"], line.told.headers["x-otter-alpha"]) == ("1", "a:9080")
    line.say(framed(b"one"))
    line.hears(framed(b""))
    line.say(framed(b"two"), end=True)
    assert line.tunnel.sent == framed(b"one") + framed(b"two")
    assert line.tunnel.ended
    assert line.told.data == framed(b"")
    assert not line.told.ended
    line.hears(framed(b"\x08\x01"))
    told = line.ends(0, "", (b"t-bin", b"\xff"))
    assert told.data == framed(b"") + framed(b"\x08\x01")
    assert (told.code, told.trailers["t-bin"]) == (0, "/w")
    sent = len(FIRST) + len(framed(b"one")) + len(framed(b"two"))
    assert line.closed == (0, "fine", sent, len(told.data))


def test_status_message_and_details_pass_unchanged_after_messages() -> None:
    line = Line()
    line.say(FIRST)
    line.hears(framed(b""))
    told = line.ends(9, "no: 100 %", (b"grpc-status-details-bin", b"\1\2"))
    assert (told.code, told.message, told.details) == (9, "no: 100 %25", b"\1\2")
    assert line.closed[:2] == (9, "error")


def test_a_refusal_of_the_alpha_is_told_as_it_is_and_asked_of_no_other() -> None:
    line = Line()
    text = "Please retry again, server is not ready to accept requests"
    for address in BOTH:
        line.rig.alphas[address].channel.on(
            "StreamExtSnapshot", Answer(2, message=text, trailers=((b"t", b"1"),))
        )
    told = line.say(FIRST)
    assert (told.code, told.message, told.trailers["t"], len(line.calls)) == (2, text, "1", 1)


def test_one_that_never_left_goes_elsewhere() -> None:
    line = Line()
    line.rig.alphas["a:9080"].channel.on("StreamExtSnapshot", NotReached("refused"))
    told = line.say(FIRST)
    assert (told.headers["x-otter-alpha"], [call.request.payload for call in line.calls]) == (
        "b:9080",
        [FIRST, FIRST],
    )


def test_one_that_may_have_been_heard_does_not() -> None:
    line = Line()
    line.rig.alphas["a:9080"].channel.on("StreamExtSnapshot", Lost("reset"))
    told = line.say(FIRST)
    assert (told.code, len(line.calls)) == (2, 1)
    assert told.message.startswith("outcome unknown: ")


@pytest.mark.parametrize(
    ("groups", "first", "mute", "expected"),
    [
        ({1: ("b:9080",), 2: ("a:9080",)}, FIRST, (), "b:9080"),
        ({1: ("b:9080",), 2: ("a:9080",)}, framed(b"\x08\x02"), (), "a:9080"),
        ({1: ("b:9080",), 2: ("a:9080",)}, FIRST, ("b:9080",), "a:9080"),
        ({1: ("a:9080", "b:9080")}, FIRST, (), "b:9080"),
        ({1: ("b:9080",)}, framed(b"\x08\x07"), (), "a:9080"),
        ({1: ("b:9080",)}, framed(b"\xff\xff"), (), "a:9080"),
        ({1: ("b:9080",)}, framed(gzip.compress(b"\x08\x01"), 1), (), "b:9080"),
        ({1: ("b:9080",)}, framed(b"\x08\x01" + bytes(20_000)), (), "a:9080"),
    ],
    ids=["first", "second", "mute", "leader", "unknown", "unreadable", "gzip", "long"],
)
def test_it_goes_to_the_leader_of_the_group_that_the_first_message_names(
    groups: dict[int, tuple[str, ...]], first: bytes, mute: tuple[str, ...], expected: str
) -> None:
    line = Line(("grpc-encoding", "gzip"))
    sight = line.rig.gateway.shared.sight
    sight.chart(groups, {}, g1="b:9080")
    sight.silence(*mute)
    assert line.say(first).headers["x-otter-alpha"] == expected


def test_an_alpha_that_drains_for_an_import_is_where_it_goes() -> None:
    line = Line()
    sight = line.rig.gateway.shared.sight
    sight.chart({1: ("b:9080",)}, {})
    sight.usable = frozenset(["a:9080"])
    sight.change()
    assert line.say(FIRST).headers["x-otter-alpha"] == "b:9080"


def test_how_messages_are_packed_is_told_both_ways() -> None:
    line = Line(("grpc-encoding", "gzip"))
    line.answer.headers = ((b"grpc-encoding", b"gzip"),)
    packed = framed(gzip.compress(b"\x08\x01"), 1)
    line.say(packed)
    [call] = line.calls
    assert (call.request.payload, call.request.encoding) == (packed, b"gzip")
    line.hears(packed)
    assert (line.told.headers["grpc-encoding"], line.told.data) == ("gzip", packed)


def test_another_packing_than_gzip_is_not_taken() -> None:
    line = Line(("grpc-encoding", "snappy"))
    assert (line.settle().code, line.calls) == (12, [])


def test_nothing_is_asked_before_the_first_message_is_whole() -> None:
    line = Line()
    for byte in FIRST[:-1]:
        line.say(bytes((byte,)))
        assert not line.calls
    line.say(FIRST[-1:])
    assert line.calls[0].request.payload == FIRST


def test_a_caller_that_says_nothing_at_all_is_passed_on_too() -> None:
    line = Line()
    line.say(b"", end=True)
    assert (line.calls[0].request.payload, line.calls[0].request.ended) == (b"", True)


def test_an_end_that_comes_while_the_alpha_thinks_goes_on_when_it_has_begun() -> None:
    line = Line()
    for address in BOTH:
        line.rig.alphas[address].channel.on("StreamExtSnapshot", HANG)
    line.say(FIRST)
    line.say(b"", end=True)
    [call] = line.calls
    assert not call.request.ended
    line.rig.alphas["a:9080"].channel.settle(call, line.answer)
    assert line.tunnel.ended


def test_what_comes_while_the_alpha_thinks_is_kept_up_to_the_window_and_then_goes_on() -> None:
    line = Line()
    for address in BOTH:
        line.rig.alphas[address].channel.on("StreamExtSnapshot", HANG)
    line.say(FIRST)
    window = line.client.h2.local_flow_control_window(line.stream)
    line.fill()
    held = line.rig.front.budget.held
    assert held == window + len(FIRST) - line.client.h2.local_flow_control_window(line.stream)
    assert held <= 1 << 20
    [call] = line.calls
    line.rig.alphas["a:9080"].channel.settle(call, line.answer)
    line.settle()
    assert len(line.tunnel.sent) == held - len(FIRST)
    assert line.rig.front.budget.held == 0
    assert line.client.h2.local_flow_control_window(line.stream) > window // 2


def test_an_alpha_that_does_not_keep_up_holds_the_caller_at_one_window() -> None:
    line = Line()
    line.say(FIRST)
    line.tunnel.slower()
    line.fill()
    held = line.rig.front.budget.held
    assert 900_000 < held <= 1 << 20
    line.tunnel.faster()
    line.settle()
    assert line.rig.front.budget.held == 0
    assert line.client.h2.local_flow_control_window(line.stream) > 500_000


def test_a_caller_that_does_not_read_holds_the_alpha() -> None:
    line = Line()
    line.client.auto = False
    line.say(FIRST)
    line.hears(bytes(60_000))
    assert not line.tunnel.paused
    line.hears(bytes(40_000))
    assert line.tunnel.paused
    line.client.h2.increment_flow_control_window(1 << 20)
    line.client.h2.increment_flow_control_window(1 << 20, line.stream)
    assert len(line.settle().data) == 100_000
    assert not line.tunnel.paused


def test_one_that_reads_nothing_for_too_long_is_given_up() -> None:
    line = Line()
    line.client.auto = False
    line.say(FIRST)
    line.hears(bytes(100_000))
    told = line.pass_time(35)
    assert (told.reset, line.tunnel.stopped) == (8, True)


@pytest.mark.parametrize("begun", [True, False])
def test_a_caller_that_goes_is_told_to_the_alpha(begun: bool) -> None:
    line = Line()
    if not begun:
        for address in BOTH:
            line.rig.alphas[address].channel.on("StreamExtSnapshot", HANG)
    line.say(FIRST)
    line.client.h2.reset_stream(line.stream, 8)
    line.client.talk()
    [call] = line.calls
    assert (line.tunnel.stopped, call.cancelled) == (begun, not begun)
    assert line.closed[0] == 1
    assert line.rig.front.budget.held == 0


def test_a_lost_connection_is_told_too() -> None:
    line = Line()
    line.say(FIRST)
    line.client.wire.gone()
    assert line.tunnel.stopped


def test_what_breaks_off_has_an_unknown_outcome() -> None:
    line = Line()
    line.say(FIRST)
    line.tunnel.broken("reset")
    told = line.settle()
    assert told.code == 2
    assert told.message.startswith("outcome unknown: the stream broke off: reset;")
    assert "etry" not in told.message
    assert line.closed[:2] == (2, "ErrorOutcomeUnknown")


@pytest.mark.parametrize(("timeout", "within", "beyond"), [("7S", 7.0, 0.0), ("3H", 600.0, 10_200.0)])
def test_the_deadline_goes_on_less_the_time_spent(timeout: str, within: float, beyond: float) -> None:
    line = Line(("grpc-timeout", timeout))
    line.client.talk()
    line.rig.clock.advance(0.25)
    line.say(FIRST)
    [call] = line.calls
    request: Duplex = call.request
    assert call.timeout + request.beyond == within + beyond - 0.25
    assert call.timeout <= 600


def test_without_a_deadline_it_may_last_as_long_as_it_moves() -> None:
    line = Line(slow_answer_timeout=60.0)
    line.say(FIRST)
    for _ in range(3):
        line.pass_time(50)
        line.say(b"x")
        line.pass_time(50)
        line.hears(b"y")
    assert line.calls[0].request.beyond == float("inf")
    assert not line.told.ended
    told = line.pass_time(70)
    assert told.code == 2
    assert "nothing was sent either way for 60 s" in told.message
    assert line.tunnel.stopped


def test_with_a_deadline_it_may_be_silent_until_then() -> None:
    line = Line(("grpc-timeout", "1H"), slow_answer_timeout=60.0)
    line.say(FIRST)
    line.pass_time(200)
    assert not line.told.ended


def test_one_that_does_not_begin_is_given_up() -> None:
    line = Line()
    line.say(FIRST[:3])
    told = line.pass_time(40)
    assert (told.code, line.calls) == (4, [])


def test_too_many_bytes_held_is_said() -> None:
    line = Line(max_buffered_bytes=4 << 20, max_body_bytes=1 << 20)
    line.rig.front.budget.take(4 << 20)
    told = line.say(FIRST)
    assert (told.code, line.calls) == (14, [])
    line.rig.front.budget.give(4 << 20)
    line = Line(max_buffered_bytes=4 << 20, max_body_bytes=1 << 20)
    line.say(FIRST)
    line.rig.front.budget.take(4 << 20)
    told = line.say(b"more")
    assert (told.code, line.tunnel.stopped) == (2, True)
    line.rig.front.budget.give(4 << 20)


def test_it_needs_the_admin_right() -> None:
    refused = Line(dev_mode=False, ws_allowed_origins=("https://a",))
    assert (refused.say(FIRST).code, refused.calls) == (7, [])
    allowed = Line(
        ("x-otter-admin-token", "right"),
        dev_mode=False,
        ws_allowed_origins=("https://a",),
        admin_token="right",
    )
    allowed.say(FIRST)
    assert [call.request.metadata for call in allowed.calls] == [()]


def test_the_engine_grpcio_does_not_carry_it() -> None:
    line = Line(alpha_engine=Engine.GRPCIO)
    told = line.say(FIRST)
    assert (told.code, told.message) == (12, "StreamExtSnapshot needs `alpha_engine: h2`")
    assert line.calls == []


def test_a_stop_waits_for_it() -> None:
    line = Line()
    line.say(FIRST)
    line.rig.calls.drain()
    line.settle()
    line.say(b"more")
    line.hears(b"ack")
    assert (line.tunnel.sent, line.told.data) == (b"more", b"ack")
    assert line.ends().code == 0
    assert line.client.wire.protocol is None


def test_a_stop_that_waits_no_longer_ends_it_at_the_alpha() -> None:
    line = Line()
    line.say(FIRST)
    line.rig.calls.drain()
    line.rig.calls.abort()
    assert line.tunnel.stopped


@pytest.mark.parametrize("step", [1, 2, 9, 10, 13])
def test_it_does_not_matter_how_the_bytes_are_cut(step: int) -> None:
    whole = Line()
    whole.client.h2.send_data(whole.stream, FIRST + framed(b"one"))
    whole.client.h2.send_data(whole.stream, framed(b"two"), end_stream=True)
    sent = whole.client.h2.data_to_send()
    for at in range(0, len(sent), step):
        whole.client.wire.protocol.dataReceived(sent[at : at + step])
    [call] = whole.calls
    assert call.request.payload + whole.tunnel.sent == FIRST + framed(b"one") + framed(b"two")
    assert call.request.ended or whole.tunnel.ended
