"""What a protocol and its peer see is the same on Twisted's own transports and on ours."""

import random
import socket
from typing import Any

import pytest

from tests.transport.ends import KINDS, SIDES, SMALL, End, Halves, Recorder, joined, within

BIG = bytes(range(256)) * 16384
"""4 MiB, more than the kernel takes at once here."""


def squeeze(end: End) -> None:
    """Let the kernel take little at once."""
    end.transport.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SMALL)


def runs(calls: list[str]) -> list[str]:
    """Return `calls` with repetitions left out."""
    return [call for at, call in enumerate(calls) if not at or calls[at - 1] != call]


class Push:
    """A producer that writes pieces while it may."""

    def __init__(self, end: End, pieces: int, size: int) -> None:
        self.end, self.left, self.size = end, pieces, size
        self.calls: list[str] = []
        self.paused = False
        self.most = 0

    def pour(self) -> None:
        while self.left and not self.paused:
            self.left -= 1
            self.end.transport.write(bytes([self.left % 256]) * self.size)
            transport = self.end.transport
            held = len(transport.dataBuffer) - transport.offset + transport._tempDataLen
            self.most = max(self.most, held)
        if not self.left:
            self.end.transport.unregisterProducer()

    def pauseProducing(self) -> None:
        self.calls.append("pause")
        self.paused = True

    def resumeProducing(self) -> None:
        self.calls.append("resume")
        self.paused = False
        self.pour()

    def stopProducing(self) -> None:
        self.calls.append("stop")


class Pull(Push):
    """A producer that writes one piece when asked."""

    def resumeProducing(self) -> None:
        self.calls.append("resume")
        self.left -= 1
        self.end.transport.write(bytes([self.left]) * self.size)
        if not self.left:
            self.end.transport.unregisterProducer()


async def all_ways_of_writing_keep_their_order(end: End) -> Any:
    write, put = end.transport.write, end.transport.writeSequence

    def answer(data: bytes) -> None:
        write(b"<")
        put([data, b"", b"-", data])
        put((b"a", b"b"))
        write(b"")
        write(b">")

    end.protocol.on_data = answer
    write(b"first ")
    put([b"second ", b"third "])
    put([])
    await end.send(b"question")
    return await end.read_exactly(19 + 21), end.protocol.events


async def much_is_flushed_before_the_end(end: End) -> Any:
    end.transport.write(b"small")
    end.transport.write(BIG)
    end.transport.writeSequence([b"x", BIG])
    end.transport.loseConnection()
    end.transport.loseConnection()
    same = await end.read_all() == b"small" + BIG + b"x" + BIG
    await end.protocol.ended
    return same, end.protocol.events


async def writes_after_the_end_was_asked_for(end: End) -> Any:
    end.transport.write(b"before")
    end.transport.loseConnection()
    end.transport.write(b" after")
    end.transport.writeSequence([b" and", b" so on"])
    told = await end.read_all()
    await end.protocol.ended
    return told, end.protocol.events


async def the_end_asked_for_while_reading(end: End) -> Any:
    def answer(data: bytes) -> None:
        end.transport.write(b"answer")
        end.transport.loseConnection()

    end.protocol.on_data = answer
    await end.send(b"question")
    told = await end.read_all()
    await end.protocol.ended
    return told, end.protocol.events


async def an_abort_with_much_unsent(end: End) -> Any:
    end.transport.write(BIG)
    end.transport.write(BIG)
    end.transport.abortConnection()
    end.transport.abortConnection()
    end.transport.write(b"too late")
    await end.protocol.ended
    told = await end.read_all()
    return len(told) < 2 * len(BIG), b"too late" not in told, end.protocol.events


async def an_abort_then_a_write(end: End) -> Any:
    end.transport.abortConnection()
    end.transport.write(b"too late")
    end.transport.writeSequence([b"too late"])
    await end.protocol.ended
    return await end.read_all(), end.protocol.events


async def an_abort_while_reading(end: End) -> Any:
    def answer(data: bytes) -> None:
        end.transport.write(b"lost")
        end.transport.abortConnection()
        end.transport.write(b"lost")

    end.protocol.on_data = answer
    await end.send(b"question")
    await end.protocol.ended
    return await end.read_all(), end.protocol.events


async def an_abort_then_reading_resumed(end: End) -> Any:
    end.transport.pauseProducing()
    await end.send(b"too late")
    end.transport.abortConnection()
    end.transport.resumeProducing()
    await end.protocol.ended
    return end.protocol.data, end.protocol.events


async def a_protocol_that_raises(end: End) -> Any:
    logged = []

    class Told:
        def failure(self, text: Any) -> None:
            logged.append(text)

    def fall(data: bytes) -> None:
        raise ValueError

    end.protocol.on_data = fall
    end.reactor._log, log = Told(), end.reactor._log
    try:
        await end.send(b"question")
        await end.protocol.ended
    finally:
        end.reactor._log = log
    return await end.read_all(), logged, end.protocol.events


async def a_pushing_producer_is_held_back(end: End) -> Any:
    squeeze(end)
    producer = Push(end, 400, 10_000)
    end.transport.registerProducer(producer, True)
    producer.pour()
    await end.turn(20)
    assert producer.paused
    assert producer.most <= end.transport.bufferSize + producer.size
    end.transport.loseConnection()
    told = await end.read_all()
    await end.protocol.ended
    ordered = told == b"".join(bytes([left % 256]) * 10_000 for left in reversed(range(400)))
    return ordered, producer.most <= end.transport.bufferSize + producer.size, set(producer.calls)


async def one_great_write_holds_the_producer_back(end: End) -> Any:
    squeeze(end)
    producer = Push(end, 0, 0)
    end.transport.registerProducer(producer, True)
    end.transport.write(BIG)
    before = list(producer.calls)
    same = await end.read_exactly(len(BIG)) == BIG
    await end.until(lambda: len(producer.calls) > 1)
    return before, same, producer.calls


async def a_producer_held_back_while_reading(end: End) -> Any:
    producer = Push(end, 40, 50_000)
    end.transport.registerProducer(producer, True)
    end.protocol.on_data = lambda data: producer.pour()
    await end.send(b"go")
    told = await end.read_exactly(40 * 50_000)
    return len(told), runs(producer.calls)[:2], producer.left


async def a_write_behind_one_that_holds_the_producer_back(end: End) -> Any:
    producer = Push(end, 0, 0)
    end.transport.registerProducer(producer, True)
    end.protocol.on_data = lambda data: end.transport.write(b"a" * 70_000)
    end.peer.send(b"go")
    end.transport.doRead()
    end.transport.write(b"b")
    told = await end.read_exactly(70_001)
    return told[-1:], producer.calls


async def a_pulled_producer_is_asked_for_each_piece(end: End) -> Any:
    producer = Pull(end, 50, 20_000)
    end.transport.registerProducer(producer, False)
    told = await end.read_exactly(50 * 20_000)
    return told == b"".join(bytes([left]) * 20_000 for left in reversed(range(50))), producer.calls


async def a_pulled_producer_registered_while_reading(end: End) -> Any:
    producer = Pull(end, 5, 10)
    end.protocol.on_data = lambda data: end.transport.registerProducer(producer, False)
    await end.send(b"go")
    return await end.read_exactly(50), producer.calls


async def an_end_waits_for_the_producer(end: End) -> Any:
    producer = Push(end, 1, 1)
    end.transport.registerProducer(producer, True)
    end.transport.write(b"one ")
    end.transport.loseConnection()
    await end.turn(5)
    before = list(end.protocol.events)
    end.transport.write(b"two")
    end.transport.unregisterProducer()
    told = await end.read_all()
    await end.protocol.ended
    return before, told, end.protocol.events, producer.calls


async def only_one_producer_is_taken(end: End) -> Any:
    producer, late = Push(end, 1, 1), Push(end, 1, 1)
    end.transport.registerProducer(producer, True)
    with pytest.raises(RuntimeError):
        end.transport.registerProducer(late, True)
    end.peer.close()
    await end.protocol.ended
    end.transport.registerProducer(late, True)
    return producer.calls, late.calls


async def a_peer_that_breaks_off(end: End) -> Any:
    await end.turn()
    end.reset()
    await end.until(lambda: bool(end.protocol.events))
    end.transport.loseConnection()  # a UNIX socket only ends
    await end.protocol.ended
    await end.turn(3)
    return end.protocol.events


async def a_peer_that_breaks_off_with_much_unsent(end: End) -> Any:
    producer = Push(end, 400, 10_000)
    end.transport.registerProducer(producer, True)
    producer.pour()
    await end.turn(5)
    end.reset()
    await end.protocol.ended
    await end.turn(3)
    return end.protocol.events, producer.calls[-1]


async def a_reset_that_a_write_meets_first(end: End) -> Any:
    end.reset()
    end.transport.write(b"to nobody")
    end.transport.write(b"to nobody")
    await end.protocol.ended
    await end.turn(3)
    return end.protocol.events


async def a_reset_that_a_write_meets_while_reading_is_paused(end: End) -> Any:
    end.transport.pauseProducing()
    await end.send(b"unread")
    end.reset()
    end.transport.write(b"to nobody")
    await end.protocol.ended
    return end.protocol.events, end.protocol.data


async def a_reset_behind_input_that_is_answered(end: End) -> Any:
    end.protocol.on_data = end.protocol.echo
    end.peer.send(b"last words")
    end.reset()  # before anybody has read
    await end.protocol.ended
    return end.protocol.events, end.protocol.data


async def a_reset_while_it_is_flushed(end: End) -> Any:
    end.transport.write(BIG)
    end.transport.loseConnection()
    await end.read(1000)
    end.reset()
    await end.protocol.ended
    return end.protocol.events


async def an_orderly_end_of_the_peer(end: End) -> Any:
    await end.send(b"last words")
    end.peer.shutdown(socket.SHUT_WR)
    if isinstance(end.protocol, Halves):
        await end.until(lambda: bool(end.protocol.events))
        end.transport.write(b"still")
        end.transport.write(b" there")
        end.transport.loseConnection()
    told = await end.read_all()
    await end.protocol.ended
    return told, end.protocol.data, end.protocol.events


async def an_orderly_end_that_a_write_meets_first(end: End) -> Any:
    end.transport.pauseProducing()
    end.peer.close()
    end.transport.write(b"x")
    end.transport.resumeProducing()
    if isinstance(end.protocol, Halves):
        await end.until(lambda: bool(end.protocol.events))
        end.transport.write(b"y")
        await end.turn()
        end.transport.write(b"z")
    await end.protocol.ended
    return end.protocol.events


async def one_direction_is_closed(end: End) -> Any:
    end.transport.write(b"last words")
    end.transport.write(BIG)
    end.transport.loseWriteConnection()
    end.transport.write(b" before the end")
    told = await end.read_all()
    end.transport.write(b"too late")
    await end.send(b"still there?")
    await end.until(lambda: bool(end.protocol.data))
    end.transport.loseConnection()
    await end.protocol.ended
    return told[:20], len(told), end.protocol.data, end.protocol.events


async def one_direction_is_closed_while_reading(end: End) -> Any:
    def answer(data: bytes) -> None:
        end.transport.write(b"answer")
        end.transport.loseWriteConnection()

    end.protocol.on_data = answer
    await end.send(b"question")
    told = await end.read_all()
    end.peer.close()
    await end.until(lambda: len(end.protocol.events) > 1 or end.protocol.ended.called)
    return told, end.protocol.events


async def reading_stops_and_goes_on(end: End) -> Any:
    end.transport.pauseProducing()
    await end.send(b"one")
    await end.turn(5)
    before = end.protocol.data
    end.transport.resumeProducing()
    await end.until(lambda: bool(end.protocol.data))
    end.protocol.on_data = lambda data: end.transport.pauseProducing()
    await end.send(b" two")
    await end.until(lambda: len(end.protocol.data) > 3)
    await end.send(b" three")
    await end.turn(5)
    return before, end.protocol.data


async def what_is_not_bytes_is_refused(end: End) -> Any:
    refused = 0
    for wrong in ("text", bytearray(b"x"), memoryview(b"x"), 3, None):
        for call, given in ((end.transport.write, wrong), (end.transport.writeSequence, [b"a", wrong])):
            with pytest.raises(TypeError):
                call(given)
            refused += 1
    end.transport.write(b"good")
    return refused, await end.read()


async def any_mixture_keeps_its_order(end: End) -> Any:
    chance = random.Random(7)
    squeeze(end)
    sent: list[bytes] = []

    def some(_: bytes = b"") -> None:
        for _ in range(chance.randrange(1, 6)):
            piece = chance.randbytes(chance.choice((1, 100, 3000, 40_000)))
            sent.append(piece)
            if chance.random() < 0.5:
                end.transport.write(piece)
            else:
                end.transport.writeSequence([piece[:40], piece[40:]])

    end.protocol.on_data = some
    got = 0
    pieces = []
    for _ in range(60):
        if chance.random() < 0.5:
            some()
        else:
            await end.send(b"?")
            await end.turn(chance.randrange(3))
        if got < sum(map(len, sent)):
            pieces.append(await end.read(chance.choice((1, 5000, 300_000))))
            got += len(pieces[-1])
    await end.turn(10)
    end.transport.loseConnection()
    pieces.append(await end.read_all())
    return b"".join(pieces) == b"".join(sent)


PLAIN = (
    all_ways_of_writing_keep_their_order,
    much_is_flushed_before_the_end,
    writes_after_the_end_was_asked_for,
    the_end_asked_for_while_reading,
    an_abort_with_much_unsent,
    an_abort_then_a_write,
    an_abort_while_reading,
    an_abort_then_reading_resumed,
    a_protocol_that_raises,
    a_pushing_producer_is_held_back,
    one_great_write_holds_the_producer_back,
    a_producer_held_back_while_reading,
    a_write_behind_one_that_holds_the_producer_back,
    a_pulled_producer_is_asked_for_each_piece,
    a_pulled_producer_registered_while_reading,
    an_end_waits_for_the_producer,
    only_one_producer_is_taken,
    a_peer_that_breaks_off,
    a_peer_that_breaks_off_with_much_unsent,
    a_reset_that_a_write_meets_first,
    a_reset_that_a_write_meets_while_reading_is_paused,
    a_reset_behind_input_that_is_answered,
    a_reset_while_it_is_flushed,
    an_orderly_end_of_the_peer,
    an_orderly_end_that_a_write_meets_first,
    reading_stops_and_goes_on,
    what_is_not_bytes_is_refused,
    any_mixture_keeps_its_order,
)
HALVES = (
    one_direction_is_closed,
    one_direction_is_closed_while_reading,
    an_orderly_end_of_the_peer,
    an_orderly_end_that_a_write_meets_first,
    a_peer_that_breaks_off,
    a_reset_that_a_write_meets_first,
    a_reset_that_a_write_meets_while_reading_is_paused,
    a_reset_while_it_is_flushed,
    much_is_flushed_before_the_end,
)
CASES = [*((each, Recorder) for each in PLAIN), *((each, Halves) for each in HALVES)]


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize(
    ("scenario", "protocol"), CASES, ids=[f"{each.__name__}-{kind.__name__}" for each, kind in CASES]
)
async def test_is_the_same_on_both(
    scenario: Any, protocol: Any, side: str, reactor: Any, tmp_path: Any
) -> None:
    outcomes = [
        await within(reactor, joined(reactor, kind, side, protocol(), tmp_path, scenario)) for kind in KINDS
    ]
    assert outcomes[0] == outcomes[1]
