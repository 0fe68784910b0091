"""Sending to a reader that may be slow."""

from twisted.internet.interfaces import IPushProducer
from twisted.internet.task import Clock
from zope.interface.verify import verifyObject

from otterd.edges.ws.outbox import PIECE, Outbox
from tests.edges.ws.fakes import BUFFER, Wire

PATIENCE = 30.0


class Box:
    """An outbox on a wire, and what it told."""

    def __init__(self) -> None:
        self.wire = Wire()
        self.clock = Clock()
        self.eased = self.stuck = 0
        self.outbox = Outbox(self.wire, self.clock, lambda: PATIENCE, self._ease, self._stick)

    def _ease(self) -> None:
        self.eased += 1

    def _stick(self) -> None:
        self.stuck += 1

    def wait(self, seconds: int) -> None:
        for _ in range(seconds):
            self.clock.advance(1)


def test_is_a_producer_for_transports() -> None:
    assert verifyObject(IPushProducer, Box().outbox)


def test_passes_on_at_once_to_a_quick_reader() -> None:
    box = Box()
    big = bytes(range(256)) * 4096
    box.outbox.write(b"small")
    box.outbox.write(big)
    box.outbox.write(b"end")
    assert box.wire.received == b"small" + big + b"end"
    assert box.outbox.size == box.outbox.largest == 0
    assert not box.clock.getDelayedCalls()


def test_gives_a_stalled_transport_little_and_keeps_the_order() -> None:
    box = Box()
    box.wire.stalled = True
    parts = [bytes([n]) * n * 40_000 for n in range(1, 6)]
    for part in parts:
        box.outbox.write(part)
    assert len(box.wire.dataBuffer) <= BUFFER + PIECE
    assert box.outbox.size == sum(map(len, parts)) - len(box.wire.dataBuffer)
    assert box.outbox.largest == len(parts[-1])
    box.wire.take()
    assert box.wire.received == b"".join(parts)
    assert box.outbox.size == box.outbox.largest == 0
    assert box.eased
    box.wait(10)
    assert not box.clock.getDelayedCalls()


def test_a_reader_that_takes_nothing_is_stuck_after_the_patience() -> None:
    box = Box()
    box.wire.stalled = True
    box.outbox.write(bytes(1_000_000))
    box.wait(29)
    assert box.stuck == 0
    box.wait(2)
    assert box.stuck == 1


def test_a_slow_reader_that_takes_a_little_is_not_stuck() -> None:
    box = Box()
    box.wire.stalled = True
    box.outbox.write(bytes(1_000_000))
    for _ in range(20):
        box.wait(20)
        box.wire.take(100)
    assert box.stuck == 0


def test_small_writes_to_a_reader_that_takes_nothing_do_not_hide_it() -> None:
    box = Box()
    box.wire.stalled = True
    box.outbox.write(bytes(1_000_000))
    for _ in range(31):
        box.wait(1)
        box.outbox.write(b"ping")
    assert box.stuck == 1


def test_at_its_end_hands_over_all_and_still_watches() -> None:
    box = Box()
    box.wire.stalled = True
    box.outbox.write(bytes(1_000_000))
    box.outbox.end()
    assert len(box.wire.dataBuffer) == 1_000_000
    assert box.wire.producer is None
    assert box.outbox.size == 0
    box.wait(31)
    assert box.stuck == 1


def test_forgets_all_when_the_socket_is_gone() -> None:
    box = Box()
    box.wire.stalled = True
    box.outbox.write(bytes(1_000_000))
    box.outbox.stop()
    assert box.outbox.size == 0
    assert not box.clock.getDelayedCalls()
