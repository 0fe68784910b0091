"""Every malformed request has a clear end: an answer that says what is wrong, then the close."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.edges.http.bad_requests import BAD
from tests.edges.http.wirerig import House, get

PIECES = (10**9, 1, 7)


@pytest.mark.parametrize("name", BAD)
def test_a_bad_request_is_refused_and_the_next_one_works(name: str) -> None:
    raw, status = BAD[name]
    for size in PIECES if len(raw) < 2000 else PIECES[:1]:
        house = House()
        client = house.connect()
        for at in range(0, len(raw), size):
            client.send(raw[at : at + size])
        house.wait(130)
        assert client.socket.ended, "left open"
        if status is None:
            assert client.raw == b""
        else:
            assert client.statuses == [status]
            assert client.reply.complete
            assert not client.reply.keep_alive
            message = client.reply.body.decode()
            assert "\n" not in message
            assert len(message) < 200
            assert house.ledger.statuses() == [status]
            assert house.ledger.closed[0].verdict
        assert not house.site.requests
        assert house.connect().send(get("/next")).statuses == [200]
        house.clear()


def test_a_bad_request_behind_good_ones_is_refused_after_their_replies() -> None:
    house = House()
    client = house.connect().send(get("/a") + get("/b") + BAD["two Hosts"][0] + get("/never"))
    assert client.statuses == [200, 200, 400]
    assert len(house.site.requests) == 2
    house.clear()


def test_what_comes_after_a_refusal_is_thrown_away_within_bounds() -> None:
    house = House()
    client = house.connect().send(BAD["a body over the limit"][0])
    assert client.socket.half_closed
    for _ in range(31):
        client.send(bytes(1048576))
    assert not client.socket.ended
    client.send(bytes(1048577))
    assert client.socket.aborted
    assert client.statuses == [413]
    house.clear()


def test_a_refused_client_is_closed_at_once_when_it_closes_or_soon_when_not() -> None:
    house = House()
    polite, rude = house.connect(), house.connect()
    for client in (polite, rude):
        client.send(BAD["no Host"][0])
        assert not client.socket.ended
    polite.finish()
    assert polite.socket.disconnecting
    house.wait(3)
    assert rude.socket.disconnecting
    house.wait(3)
    assert rude.socket.aborted
    house.clear()


seeds = [raw for raw, _ in BAD.values() if len(raw) < 500]


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.sampled_from(seeds),
    st.lists(st.tuples(st.integers(0, 400), st.integers(0, 30), st.binary(max_size=8)), max_size=3),
    st.integers(1, 60),
)
def test_a_mangled_request_never_raises_nor_hangs(
    raw: bytes, edits: list[tuple[int, int, bytes]], size: int
) -> None:
    for at, length, replacement in edits:
        raw = raw[:at] + replacement + raw[at + length :]
    house = House()
    client = house.connect()
    for at in range(0, len(raw), size):
        client.send(raw[at : at + size])
    house.wait(170)
    assert client.socket.ended
    house.clear()
