"""A transaction's timestamp, overheard in a stream."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otterd.core.started import StartingJson
from otterd.gateway.listening import Listening
from tests.fakes.memory import Collector, FakeBody


def heard(*pieces: bytes, fail: str = "") -> tuple[list[int], Collector]:
    told: list[int] = []
    sink = Collector()
    Listening(FakeBody(*pieces, fail=fail), StartingJson(), told.append).start(sink)
    return told, sink


ANSWER = (
    b'{"data":{"q":[]},"extensions":{"server_latency":{},"txn":{"start_ts":4711,"hash":""},"metrics":{}}}'
)


def test_hears_what_the_alpha_says() -> None:
    told, sink = heard(ANSWER)
    assert told == [4711]
    assert (sink.data, sink.finished) == (ANSWER, True)


@pytest.mark.parametrize("at", range(len(ANSWER)))
def test_hears_it_wherever_the_stream_is_cut(at: int) -> None:
    told, sink = heard(ANSWER[:at], ANSWER[at:])
    assert told == [4711]
    assert sink.data == ANSWER


def test_hears_it_byte_by_byte() -> None:
    told, _ = heard(*(bytes([byte]) for byte in ANSWER))
    assert told == [4711]


def test_the_last_one_is_the_alphas_own() -> None:
    told, _ = heard(b'{"data":{"q":[{"txn":{"start_ts":1}}]},"extensions":{"txn":{"start_ts":2}}}')
    assert told == [2]


@given(st.text())
def test_no_value_sounds_like_it(value: str) -> None:
    told, _ = heard(json.dumps({"data": value + '"txn":{"start_ts":1}'}).encode())
    assert told == []


def test_what_broke_off_tells_nothing() -> None:
    told, sink = heard(ANSWER, fail="reset")
    assert told == []
    assert sink.failed == "reset"
