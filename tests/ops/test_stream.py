import os
import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from twisted.internet.task import Clock

from otterd.ops.stream import RETRY, Stream


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    read, write = os.pipe()
    yield read, write
    for fd in (read, write):
        with suppress(OSError):
            os.close(fd)


def fill(stream: Stream, line: bytes, times: int = 10_000) -> int:
    """Write `line` until one is dropped and return how many were taken."""
    for count in range(times):
        if not stream.write(line):
            return count
    raise AssertionError("nothing was dropped")


def drain(fd: int, stream: Stream) -> bytes:
    os.set_blocking(fd, False)
    read = b""
    while True:
        try:
            read += os.read(fd, 1 << 20)
        except BlockingIOError:
            if stream.flush():
                return read + _rest(fd)


def _rest(fd: int) -> bytes:
    try:
        return os.read(fd, 1 << 20)
    except BlockingIOError:
        return b""


def test_a_slow_reader_costs_a_bounded_buffer_and_whole_lines(pipe: tuple[int, int]) -> None:
    stream = Stream(pipe[1], limit=100_000, spare=0)
    line = b"x" * 999 + b"\n"
    taken = fill(stream, line)
    assert 100 <= taken <= 100 + 65  # the buffer, and what the pipe itself holds
    assert drain(pipe[0], stream) == line * taken


def test_a_line_longer_than_a_pipe_takes_at_once_stays_whole(pipe: tuple[int, int]) -> None:
    stream = Stream(pipe[1])
    line = b"".join(b"%d," % number for number in range(30_000)) + b"\n"
    assert stream.write(line)
    assert drain(pipe[0], stream) == line


def test_the_writer_never_waits_and_leaves_the_descriptor_blocking(pipe: tuple[int, int]) -> None:
    stream = Stream(pipe[1], limit=10_000, spare=0)
    fill(stream, b"y" * 5000)
    assert os.get_blocking(pipe[1])


def test_urgent_lines_have_room_of_their_own(pipe: tuple[int, int]) -> None:
    stream = Stream(pipe[1], limit=50_000, spare=10_000)
    fill(stream, b"z" * 1000)
    assert not stream.write(b"z" * 1000)
    assert stream.write(b"u" * 1000, urgent=True)


def test_a_clock_tries_again_for_a_slow_reader(pipe: tuple[int, int]) -> None:
    clock = Clock()
    stream = Stream(pipe[1], limit=200_000, spare=0)
    stream.attach(clock)
    fill(stream, b"a" * 1000)
    assert len(clock.getDelayedCalls()) == 1
    read = len(os.read(pipe[0], 1 << 20))
    clock.advance(RETRY)
    assert len(os.read(pipe[0], 1 << 20)) > 0
    assert read > 0
    os.close(pipe[0])
    clock.advance(RETRY)
    assert not clock.getDelayedCalls()


def test_a_socket_is_not_waited_for_either() -> None:
    here, there = socket.socketpair()
    with here, there:
        stream = Stream(here.fileno(), limit=100_000, spare=0)
        taken = fill(stream, b"s" * 1000)
        assert drain(there.fileno(), stream) == b"s" * 1000 * taken


def test_a_reader_that_left_ends_nothing(pipe: tuple[int, int]) -> None:
    os.close(pipe[0])
    stream = Stream(pipe[1])
    assert stream.write(b"lost\n")
    assert stream.flush()


def test_closing_writes_what_is_left(pipe: tuple[int, int]) -> None:
    stream = Stream(pipe[1], limit=200_000, spare=0)
    taken = fill(stream, b"b" * 1000)
    first = os.read(pipe[0], 30_000)
    os.set_blocking(pipe[0], False)
    stream.close(wait=0.02)
    read = first
    while len(read) < taken * 1000:
        try:
            read += os.read(pipe[0], 1 << 20)
        except BlockingIOError:
            stream.close(wait=0.02)
    assert len(read) == taken * 1000


def test_a_file_is_appended_to_and_opened_anew_after_rotation(tmp_path: Path) -> None:
    path = tmp_path / "otter.log"
    path.write_bytes(b"before\n")
    stream = Stream.at(str(path))
    stream.write(b"one\n")
    path.rename(tmp_path / "otter.log.1")
    stream.write(b"two\n")
    stream.reopen()
    stream.write(b"three\n")
    assert (tmp_path / "otter.log.1").read_bytes() == b"before\none\ntwo\n"
    assert path.read_bytes() == b"three\n"
