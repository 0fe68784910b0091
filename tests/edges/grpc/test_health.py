"""grpc.health.v1.Health, answered by Otter's own readiness."""

import pytest

from tests.edges.grpc.peer import Told, framed
from tests.edges.grpc.rig import Rig

CHECK, WATCH = "/grpc.health.v1.Health/Check", "/grpc.health.v1.Health/Watch"
SERVING, NOT_SERVING, UNKNOWN = (framed(bytes((8, status))) for status in (1, 2, 3))


def named(service: bytes) -> bytes:
    return b"\x0a" + bytes((len(service),)) + service


def looked(rig: Rig, told: Told) -> bytes:
    """Let the door look around once, and return all that was said."""
    rig.clock.advance(0.5)
    rig.settle(told)
    return told.data


@pytest.mark.parametrize("service", [b"", b"api.Dgraph", b"grpc.health.v1.Health"])
def test_a_check_tells_how_it_stands(service: bytes) -> None:
    rig = Rig(client_token="visitor")
    for status, said in ((200, SERVING), (503, NOT_SERVING)):
        rig.report.status = status
        told = rig.settle(rig.client.ask(CHECK, named(service)))
        assert (told.code, told.data) == (0, said)
    assert rig.ledger.lines == [("grpc health Check", 0)] * 2
    assert rig.ledger.closed[0].client == "192.0.2.7"


def test_no_other_service_is_found() -> None:
    rig = Rig()
    assert rig.settle(rig.client.ask(CHECK, named(b"other"))).code == 5
    assert rig.settle(rig.client.ask(CHECK, b"\x0a\x7f")).code == 3
    assert rig.settle(rig.client.ask(CHECK, bytes(5_000))).code == 8


def test_a_watch_is_told_what_changes_and_ends_with_otter() -> None:
    rig = Rig()
    told = rig.settle(rig.client.ask(WATCH))
    assert told.data == SERVING
    assert looked(rig, told) == SERVING
    rig.report.status = 503
    assert looked(rig, told) == SERVING + NOT_SERVING
    rig.report.status = 200
    assert looked(rig, told) == SERVING + NOT_SERVING + SERVING
    rig.calls.drain()
    assert rig.settle(told).code == 14
    assert rig.ledger.lines == [("grpc health Watch", 14)]
    assert rig.calls.connections == 0


def test_a_watch_of_another_service_waits_for_it() -> None:
    rig = Rig()
    told = rig.settle(rig.client.ask(WATCH, named(b"other")))
    assert looked(rig, told) == UNKNOWN
    assert not told.ended


def test_a_watcher_that_goes_is_forgotten() -> None:
    rig = Rig()
    rig.settle(rig.client.ask(WATCH))
    rig.client.h2.reset_stream(1, 8)
    rig.client.talk()
    assert rig.ledger.lines == [("grpc health Watch", 1)]
    rig.settle(rig.client.ask(WATCH))
    rig.client.wire.gone()
    assert len(rig.ledger.closed) == 2


def test_a_watch_that_comes_while_otter_stops_is_told_and_ended() -> None:
    rig = Rig()
    rig.report.status = 503
    rig.calls.drain()
    stream = rig.client.open(WATCH)
    rig.client.h2.send_data(stream, framed(b""), end_stream=True)
    rig.client.wire.protocol.dataReceived(rig.client.h2.data_to_send())
    rig.settle(rig.client.told[stream])
    assert (rig.client.told[stream].data, rig.client.told[stream].code) == (NOT_SERVING, 14)
    assert rig.calls.connections == 0
