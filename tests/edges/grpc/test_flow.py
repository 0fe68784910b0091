"""An answer that flows from the alpha to its caller."""

from otterd.core.operation import Answer, Sink
from tests.edges.grpc.peer import Fields, Told
from tests.edges.grpc.rig import Rig, mutation, query


class Source:
    """A body that the test lets flow."""

    def __init__(self) -> None:
        self.sink: Sink | None = None
        self.told: list[str] = []

    def start(self, sink: Sink) -> None:
        self.sink = sink

    def pause(self) -> None:
        self.told.append("pause")

    def resume(self) -> None:
        self.told.append("resume")

    def stop(self) -> None:
        self.told.append("stop")


def flowing(length: int, fields: Fields = ()) -> tuple[Rig, Source, Answer, Told]:
    """Return a call with `fields` whose answer of `length` bytes has begun."""
    rig, source = Rig(), Source()
    answer = Answer(0, source, ((b"h", b"1"),), length=length)
    rig.alphas["a:9080"].channel.on("Query", answer)
    told = rig.call(payload=query(read_only=True), fields=fields)
    assert source.sink is not None
    return rig, source, answer, told


def test_it_is_passed_on_piece_by_piece_with_the_trailers_of_its_end() -> None:
    rig, source, answer, told = flowing(6)
    assert told.headers["h"] == "1"
    source.sink.write(b"abc")
    rig.settle(told)
    assert told.data == b"\0\0\0\0\x06abc"
    source.sink.write(b"def")
    answer.trailers = ((b"t", b"2"),)
    source.sink.finish()
    rig.settle(told)
    assert told.body == b"abcdef"
    assert (told.code, told.trailers["t"]) == (0, "2")
    assert [(entry.status, entry.sent) for entry in rig.ledger.closed] == [(0, 11)]


def test_it_waits_for_its_reader() -> None:
    rig, source, _, told = flowing(100_000)
    rig.client.auto = False
    source.sink.write(bytes(60_000))
    assert source.told == []
    source.sink.write(bytes(40_000))
    assert source.told == ["pause"]
    source.sink.finish()
    assert not rig.ledger.closed
    rig.settle(told)
    rig.client.h2.increment_flow_control_window(1 << 20)
    rig.client.h2.increment_flow_control_window(1 << 20, 1)
    rig.settle(told)
    assert told.body == bytes(100_000)
    assert [entry.status for entry in rig.ledger.closed] == [0]


def test_it_goes_on_when_the_reader_does() -> None:
    rig, source, _, told = flowing(200_000)
    rig.client.auto = False
    source.sink.write(bytes(100_000))
    rig.settle(told)
    rig.client.h2.increment_flow_control_window(1 << 20)
    rig.client.h2.increment_flow_control_window(1 << 20, 1)
    rig.settle(told)
    assert source.told == ["pause", "resume"]


def test_one_that_breaks_off_says_so() -> None:
    for end in ("fail", "short", "long"):
        rig, source, _, told = flowing(6)
        source.sink.write(b"abc")
        if end == "fail":
            source.sink.fail("the stream was reset")
        elif end == "short":
            source.sink.finish()
        else:
            source.sink.write(b"defghi")
        rig.settle(told)
        assert told.code == 14
        assert "the answer broke off" in told.message
        assert source.told == ["stop"]
        assert [(entry.status, entry.verdict) for entry in rig.ledger.closed] == [(14, "ErrorAlphaFailed")]


def test_one_that_its_callers_deadline_ends_says_so() -> None:
    rig, source, _, told = flowing(6, (("grpc-timeout", "2S"),))
    assert (rig.last.streams, rig.last.strict) == (True, True)
    source.sink.write(b"abc")
    rig.clock.advance(2.0)
    source.sink.fail("no answer within the deadline")
    rig.settle(told)
    assert told.code == 4
    assert [(entry.status, entry.verdict) for entry in rig.ledger.closed] == [(4, "ErrorDeadline")]


def test_without_a_deadline_it_may_take_its_time() -> None:
    rig, *_ = flowing(6)
    assert (rig.last.streams, rig.last.strict) == (True, False)


def test_the_answer_to_a_write_never_flows() -> None:
    rig = Rig()
    rig.call(payload=mutation(commit_now=True))
    assert not rig.last.streams


def test_a_caller_that_goes_stops_it() -> None:
    rig, source, _, _ = flowing(6)
    source.sink.write(b"abc")
    rig.client.h2.reset_stream(1, 8)
    rig.client.talk()
    assert source.told == ["stop"]
    assert [(entry.status, entry.sent) for entry in rig.ledger.closed] == [(1, 8)]
    source.sink.write(b"def")
