"""What passes through the door: metadata in, headers and trailers out, deadlines, cancels, large messages."""

import gzip
import zlib
from typing import Any

import pytest

from otterd.core.operation import Answer
from otterd.edges.grpc.call import Call
from otterd.errors import Draining
from otterd.wire import api_pb2 as api
from tests.circles import left_in_circles
from tests.doors import PeerWire
from tests.edges.grpc.peer import Fields, Peer, framed
from tests.edges.grpc.rig import DGRAPH, Rig, mutation, query
from tests.fakes.memory import HANG

LOCAL = "127.0.0.1"
RST_STREAM = 3


def scripted(*outcomes: Any, method: str = "Query", **keys: Any) -> Rig:
    """Return a rig whose alphas answer from a script."""
    rig = Rig(**keys)
    for alpha in rig.alphas.values():
        alpha.channel.on(method, *outcomes)
    return rig


def test_metadata_passes_unchanged_and_in_order() -> None:
    sent: Fields = (
        ("auth-token", "poor man"),
        ("namespace", "7"),
        ("debug", "true"),
        ("accessjwt", "mine"),
        ("traceparent", "00-1-2-03"),
        ("twice", "1"),
        ("grpc-trace-bin", "AAEC"),
        ("twice", "2"),
        ("some-bin", "/w==,AA"),
        ("authorization", "Basic other"),
        ("x-forwarded-for", "10.0.0.1"),
        ("x-request-id", "ask-1"),
    )
    rig = Rig()
    told = rig.call(fields=sent)
    assert told.code == 0
    assert told.headers["x-request-id"] == "ask-1"
    assert rig.last.metadata == (
        *sent[:6],
        ("grpc-trace-bin", b"\x00\x01\x02"),
        ("twice", "2"),
        ("some-bin", b"\xff"),
        ("some-bin", b"\x00"),
        *sent[9:],
    )


def test_what_is_of_the_hop_or_of_otter_does_not_pass() -> None:
    rig = Rig(client_token="visitor")
    fields: Fields = (
        ("user-agent", "a client"),
        ("grpc-accept-encoding", "gzip"),
        ("grpc-encoding", "identity"),
        ("grpc-timeout", "5S"),
        ("x-otter-max-stale", "2s"),
        ("x-otter-admin-token", "no"),
        ("authorization", "Bearer visitor"),
        ("accessjwt", "mine"),
    )
    assert rig.call(fields=fields).code == 0
    assert rig.last.metadata == (("accessjwt", "mine"),)


@pytest.mark.parametrize(
    "field",
    [("a", "\u00e9"), ("a!", "b"), ("a-bin", "no base64!"), ("grpc-timeout", "5"),
     ("grpc-timeout", "123456789S"), ("x-otter-max-stale", "soon")],
)  # fmt: skip
def test_what_grpc_cannot_carry_is_refused(field: tuple[str, str]) -> None:
    rig = Rig()
    assert rig.call(fields=(field,)).code == 3
    assert not rig.rpcs
    assert rig.ledger.closed[0].verdict == "ErrorBadRequest"


def test_headers_and_trailers_pass_unchanged() -> None:
    headers = ((b"dgraph-toucheduids", b"2"), (b"more-bin", b"\x00\xff"), (b"content-type", b"application/x"))
    trailers = ((b"later", b"1"), (b"later", b"2"), (b"t-bin", b"\x01"))
    told = scripted(Answer(0, b"abc", headers, trailers)).call()
    assert told.body == b"abc"
    assert told.headers["dgraph-toucheduids"] == "2"
    assert told.headers["more-bin"] == "AP8"
    assert told.headers["content-type"] == "application/grpc"
    assert told.trailers == {"grpc-status": "0", "grpc-message": "", "later": "2", "t-bin": "AQ"}


@pytest.mark.parametrize("code", [2, 5, 7, 9, 10, 12, 13, 16])
def test_an_error_passes_with_code_text_and_details(code: int) -> None:
    trailers = ((b"grpc-status-details-bin", b"\x08\x02\xff"), (b"x", b"y"))
    told = scripted(Answer(code, b"", ((b"h", b"1"),), trailers, "100 % wrong: é\n")).call(
        "Query", mutation()
    )
    assert (told.code, told.message) == (code, "100 %25 wrong: %C3%A9%0A")
    assert told.details == b"\x08\x02\xff"
    assert told.headers["h"] == "1"
    assert told.data == b""


def test_otters_own_refusals_say_when_to_come_back() -> None:
    rig = Rig()
    rig.gateway.draining = True
    told = rig.call()
    assert told.code == Draining.grpc == 14
    assert told.details == (
        b"\x08\x0e\x12\x1athis gateway is going away\x1a\x30"
        b"\x0a\x28type.googleapis.com/google.rpc.RetryInfo\x12\x04\x0a\x02\x08\x01"
    )
    assert "x-otter-alpha" not in told.headers


def test_an_unknown_outcome_never_invites_to_send_again() -> None:
    said = "rpc error: code = Unavailable desc = error reading from server: Please retry"
    told = scripted(Answer(14, b"", message=said)).call("Query", mutation(commit_now=True))
    assert told.code == 2
    assert "outcome unknown" in told.message
    assert "Please retry" not in told.message


def test_it_says_which_alpha_answered_and_how_old_that_is() -> None:
    told = scripted(Answer(0, b"", stale=1.5)).call()
    assert (told.headers["x-otter-alpha"], told.headers["x-otter-stale"]) == ("a:9080", "1.500")


def test_a_caller_content_with_an_old_answer_says_so() -> None:
    rig = scripted(HANG)
    rig.client.ask(DGRAPH + "Query", query(read_only=True), (("x-otter-max-stale", "5s"),))
    [passage] = rig.gateway._passages
    assert passage.operation.max_stale == 5.0


def test_the_deadline_goes_on_less_the_time_spent() -> None:
    rig = scripted(HANG)
    stream = rig.client.open(DGRAPH + "Query", (("grpc-timeout", "2S"),))
    rig.client.talk()
    rig.clock.advance(0.5)
    rig.client.send(stream, framed(query()))
    [call] = rig.alphas["a:9080"].channel.calls
    assert call.timeout == 1.5
    rig.clock.advance(1.5)
    rig.settle(rig.client.told[stream])
    assert rig.client.told[stream].code == 4


def test_without_a_deadline_that_of_the_file_holds() -> None:
    rig = scripted(HANG, answer_timeout=7.0)
    rig.client.ask(DGRAPH + "Query", query())
    assert rig.alphas["a:9080"].channel.calls[0].timeout == 7.0


@pytest.mark.parametrize(("payload", "reaches"), [(query(), True), (mutation(commit_now=True), False)])
def test_a_cancel_reaches_the_alpha_for_reads(payload: bytes, reaches: bool) -> None:
    rig = scripted(HANG)
    stream = rig.client.open(DGRAPH + "Query")
    rig.client.send(stream, framed(payload))
    rig.client.h2.reset_stream(stream, 8)
    rig.client.talk()
    [call] = rig.alphas["a:9080"].channel.calls
    assert call.done.called is reaches
    assert rig.ledger.lines == [("grpc Query", 1)]
    assert rig.gateway.in_flight == (0 if reaches else 1)
    rig.alphas["a:9080"].channel.settle(call, Answer(0, b""))
    assert rig.gateway.in_flight == 0


def test_a_lost_connection_cancels_all_reads() -> None:
    rig = scripted(HANG)
    for _ in range(3):
        rig.client.ask(DGRAPH + "Query", query())
    rig.client.wire.gone()
    assert rig.gateway.in_flight == 0
    assert rig.calls.connections == 0
    assert [status for _, status in rig.ledger.lines] == [1, 1, 1]
    assert rig.front.budget.held == 0


def test_a_message_in_gzip_reaches_the_alpha_as_it_was() -> None:
    rig = Rig()
    stream = rig.client.open(DGRAPH + "Query", (("grpc-encoding", "gzip"),))
    whole = query()
    rig.client.send(stream, framed(gzip.compress(whole[:5]) + gzip.compress(whole[5:]), flag=1))
    assert rig.settle(rig.client.told[stream]).code == 0
    assert rig.last.payload == whole


BROKEN = [
    ("", b"", 3),
    ("", framed(b"abc")[:-1], 3),
    ("", framed(b"abc") + b"d", 3),
    ("", framed(query()) * 2, 3),
    ("", framed(b"abc", flag=2), 3),
    ("", framed(b"abc", flag=1), 3),
    ("gzip", framed(b"abc", flag=1), 3),
    ("gzip", framed(gzip.compress(b"abc")[:-4], flag=1), 3),
    ("gzip", framed(zlib.compress(b"abc"), flag=1), 3),
    ("gzip", framed(gzip.compress(bytes(5_000)), flag=1), 8),
    ("", framed(bytes(5_000)), 8),
    ("snappy", framed(b"abc", flag=1), 12),
]


@pytest.mark.parametrize(("encoding", "data", "code"), BROKEN, ids=range(len(BROKEN)))
def test_a_message_that_is_none_is_refused(encoding: str, data: bytes, code: int) -> None:
    rig = Rig(grpc_max_message_bytes=4_000)
    stream = rig.client.open(DGRAPH + "Query", (("grpc-encoding", encoding),) if encoding else ())
    rig.client.send(stream, data)
    told = rig.settle(rig.client.told[stream])
    assert told.code == code
    if encoding == "snappy":
        assert told.headers["grpc-accept-encoding"] == "identity,gzip"
    assert not rig.rpcs
    assert rig.front.budget.held == 0
    assert len(rig.ledger.closed) == 1


@pytest.mark.parametrize(
    ("keys", "status"),
    [({"kind": "application/json"}, 415), ({"kind": ""}, 415), ({"kind": "text/plain"}, 415),
     ({"method": "GET"}, 405)],
)  # fmt: skip
def test_what_is_no_grpc_is_told_in_http(keys: dict[str, str], status: int) -> None:
    rig = Rig()
    told = rig.settle(rig.client.ask(DGRAPH + "Query", query(), **keys))
    assert (told.status, told.ended, told.reset) == (status, True, None)
    assert told.data.startswith(b"This port speaks gRPC")
    assert told.headers["content-length"] == str(len(told.data))
    assert rig.ledger.lines == [("grpc Query", status)]


def test_what_is_no_grpc_is_heard_out_and_not_kept() -> None:
    rig = Rig()
    stream = rig.client.open(DGRAPH + "Query", kind="text/plain")
    for _ in range(300):
        rig.client.send(stream, bytes(16_384), end=False)
    assert rig.front.budget.held == 0
    assert not rig.client.told[stream].headers
    rig.client.send(stream, b"", end=True)
    assert rig.settle(rig.client.told[stream]).status == 415
    [entry] = rig.ledger.closed
    assert (entry.verdict, entry.received) == ("ErrorUnsupportedMedia", 300 * 16_384)


def test_what_is_no_grpc_and_does_not_end_is_not_heard_for_ever() -> None:
    rig = Rig()
    stream = rig.client.open(DGRAPH + "Query", kind="text/plain")
    rig.client.talk()
    for _ in range(80):
        rig.clock.advance(0.5)
        rig.client.talk()
    assert rig.settle(rig.client.told[stream]).status == 415


def test_a_request_that_is_whole_with_its_head_is_answered_without_a_reset() -> None:
    rig = Rig()
    for method in ("GET", "POST"):
        stream = rig.client.open("/api.Dgraph/Nope", method=method, end=True)
        rig.client.talk()
        assert rig.settle(rig.client.told[stream]).ended
    # The library takes no note of one that comes after the end.
    assert RST_STREAM not in rig.client.kinds()


def test_a_subtype_is_grpc_too() -> None:
    rig = Rig()
    told = rig.settle(rig.client.ask(DGRAPH + "Query", query(), kind="application/grpc+proto"))
    assert told.code == 0


def test_a_large_answer_goes_as_fast_as_it_is_read() -> None:
    large = bytes(range(256)) * 4_096 * 2
    rig = scripted(Answer(0, large))
    rig.client.auto = False
    told = rig.call()
    assert len(told.data) == 65_535
    assert not told.ended
    assert not rig.ledger.closed
    rig.client.auto = True
    for _ in range(3_000):
        if told.ended:
            break
        rig.client.h2.increment_flow_control_window(1 << 20)
        rig.client.h2.increment_flow_control_window(1 << 20, 1)
        rig.settle(told)
    assert told.body == large
    assert rig.ledger.lines == [("grpc Query", 0)]


def test_an_answer_that_nobody_reads_is_given_up() -> None:
    rig = scripted(Answer(0, bytes(1 << 20)), progress_timeout=5.0)
    rig.client.auto = False
    rig.call()
    for _ in range(13):
        rig.clock.advance(0.5)
    rig.client.talk()
    assert rig.client.told[1].reset == 8
    assert [(e.status, e.verdict) for e in rig.ledger.closed] == [(0, "lost")]


def test_while_much_waits_for_a_reader_no_further_call_is_begun() -> None:
    rig = scripted(Answer(0, bytes(5 << 20)))
    rig.client.auto = False
    rig.call()
    second = rig.call()
    assert len(rig.rpcs) == 1
    rig.client.h2.increment_flow_control_window(5 << 20)
    rig.client.h2.increment_flow_control_window(5 << 20, 1)
    rig.settle(second)
    assert len(rig.rpcs) == 2


def test_a_request_that_does_not_come_in_is_given_up() -> None:
    rig = Rig(request_timeout=5.0)
    for fields in ((), (("grpc-timeout", "1S"),)):
        stream = rig.client.open(DGRAPH + "Query", fields)
        rig.client.send(stream, framed(query())[:-1], end=False)
    rig.clock.pump([0.5] * 4)
    rig.client.talk()
    assert [told.ended for told in (rig.client.told[1], rig.client.told[3])] == [False, True]
    rig.clock.pump([0.5] * 10)
    rig.client.talk()
    assert [rig.client.told[number].code for number in (1, 3)] == [4, 4]


def test_requests_of_all_doors_share_one_budget() -> None:
    rig = Rig(max_buffered_bytes=50_000, max_body_bytes=1_000, grpc_max_message_bytes=40_000)
    rig.front.budget.take(30_000)
    told = rig.call(payload=bytes(25_000))
    assert told.code == 14
    assert b"RetryInfo" in told.details
    rig.front.budget.give(30_000)
    assert rig.front.budget.held == 0


@pytest.mark.parametrize("later", [False, True])
def test_an_alter_waits_for_the_schema_unless_told_not_to(later: bool) -> None:
    rig = scripted(HANG, method="Alter")
    peer = Peer(rig.calls, PeerWire(LOCAL))
    peer.ask(DGRAPH + "Alter", api.Operation(schema="a: int .", run_in_background=later).SerializeToString())
    [passage] = rig.gateway._passages
    assert passage.operation.settles is not later


def test_an_operation_carries_what_the_call_says() -> None:
    rig = scripted(HANG)
    fields = (("x-forwarded-for", "1.1.1.1"), ("x-forwarded-for", "2.2.2.2"), ("origin", "https://a.example"))
    rig.client.ask(DGRAPH + "Query", mutation(commit_now=True, start_ts=9), fields)
    [passage] = rig.gateway._passages
    operation = passage.operation
    assert (operation.commit_now, operation.start_ts, operation.writes) == (True, 9, True)
    assert operation.caller.forwarded == b"1.1.1.1,2.2.2.2"
    assert operation.caller.origin == b"https://a.example"
    rig.client.wire.gone()
    rig.alphas["b:9080"].channel.on("Query", HANG)
    peer = Peer(rig.calls, PeerWire(LOCAL))
    peer.ask(DGRAPH + "Query", query(read_only=True, best_effort=True), (("sec-fetch-site", "cross-site"),))
    [operation] = [each.operation for each in rig.gateway._passages if not each.operation.writes]
    assert (operation.read_only, operation.best_effort) == (True, True)
    assert operation.caller.origin == b"null"


@pytest.mark.parametrize("step", [1, 2, 3, 7, 50])
def test_it_does_not_matter_how_the_bytes_are_cut(step: int) -> None:
    spoken = Rig()
    told = [spoken.call(), spoken.call("Query", mutation(commit_now=True)), spoken.call("Nope")]
    stream = spoken.client.open(DGRAPH + "Query")
    spoken.client.send(stream, framed(query()))
    rig, wire = Rig(), PeerWire("192.0.2.7")
    wire.protocol = rig.calls.buildProtocol(None)
    wire.protocol.makeConnection(wire)
    for at in range(0, len(spoken.client.sent), step):
        wire.protocol.dataReceived(spoken.client.sent[at : at + step])
        rig.clock.advance(0)
    assert [entry.status for entry in rig.ledger.closed] == [each.code for each in told] + [0]
    assert [rpc.payload for rpc in rig.rpcs] == [rpc.payload for rpc in spoken.rpcs]


def test_a_line_names_the_client_of_what_was_refused() -> None:
    rig = Rig(client_token="visitor")
    assert rig.call().code == 16
    assert rig.call("Nope").code == 12
    assert [entry.client for entry in rig.ledger.closed] == ["192.0.2.7"] * 2


def test_an_answered_call_is_gone_without_a_collection() -> None:
    rig = Rig()

    def answered() -> None:
        assert rig.call().code == 0

    assert left_in_circles(answered, Call) == 0
