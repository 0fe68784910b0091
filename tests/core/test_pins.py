"""Which alpha a transaction stays with."""

import gc

from hypothesis import given
from hypothesis import strategies as st

from otterd.core.pins import Pin, Pins

steps = st.lists(
    st.tuples(
        st.sampled_from(["learn", "find", "forget"]),
        st.integers(1, 12),
        st.sampled_from(["a:1", "b:1"]),
        st.booleans(),
        st.floats(0, 4),
    ),
    max_size=60,
)


def test_what_was_learnt_is_found_until_it_is_forgotten() -> None:
    pins = Pins()
    pins.learn(7, "a:1", 0.0, wrote=False)
    assert pins.find(7, 1.0) == Pin("a:1", False)
    assert pins.find(8, 1.0) is None
    pins.forget(7)
    assert pins.find(7, 1.0) is None
    pins.forget(7)


def test_a_write_is_remembered_when_a_read_follows() -> None:
    pins = Pins()
    pins.learn(7, "a:1", 0.0, wrote=True)
    pins.learn(7, "a:1", 1.0, wrote=False)
    assert pins.find(7, 1.0) == Pin("a:1", True)


def test_a_read_elsewhere_leaves_it_with_the_alpha_that_has_its_writes() -> None:
    pins = Pins()
    pins.learn(7, "a:1", 0.0, wrote=False)
    pins.learn(7, "b:1", 0.0, wrote=False)
    assert pins.find(7, 0.0) == Pin("b:1", False)
    pins.learn(7, "c:1", 0.0, wrote=True)
    pins.learn(7, "a:1", 0.0, wrote=False)
    assert pins.find(7, 0.0) == Pin("c:1", True)
    pins.learn(7, "b:1", 0.0, wrote=True)
    assert pins.find(7, 0.0) == Pin("b:1", True)


def test_each_answer_prolongs_its_life() -> None:
    pins = Pins(life=600.0)
    for now in (0.0, 599.0, 1198.0):
        pins.learn(7, "a:1", now, wrote=False)
    assert pins.find(7, 1797.9) is not None
    assert pins.find(7, 1798.0) is None


def test_after_its_life_its_writes_are_forgotten_too() -> None:
    pins = Pins(life=10.0)
    pins.learn(7, "a:1", 0.0, wrote=True)
    pins.learn(7, "b:1", 10.0, wrote=False)
    assert pins.find(7, 10.0) == Pin("b:1", False)


def test_the_latest_are_kept_when_it_is_full() -> None:
    pins = Pins(most=100)
    for start_ts in range(1, 1000):
        pins.learn(start_ts, "a:1", 0.0, wrote=False)
    assert len(pins) <= 100
    assert all(pins.find(start_ts, 0.0) for start_ts in range(975, 1000))


def test_a_hundred_thousand_are_kept_for_ten_minutes_at_the_most() -> None:
    pins = Pins()
    for start_ts in range(1, 150_000):
        pins.learn(start_ts, "a:1", 0.0, wrote=start_ts % 2 == 0)
    assert len(pins) <= 100_000
    assert pins.find(149_999, 599.0)
    assert not pins.find(149_999, 600.0)


def test_no_number_of_reads_drives_out_a_transaction_with_writes() -> None:
    pins = Pins(most=100)
    pins.learn(1, "a:1", 0.0, wrote=True)
    for start_ts in range(2, 5000):
        pins.learn(start_ts, "b:1", 0.0, wrote=False)
    assert pins.find(1, 0.0) == Pin("a:1", True)
    assert len(pins) <= 100


def test_garbage_collection_passes_over_them() -> None:
    pins = Pins()
    for start_ts in range(100):
        pins.learn(start_ts, "a:1", 0.0, wrote=False)
    gc.collect()
    assert not any(gc.is_tracked(entry) for entry in pins._readers.young.values())


@given(steps)
def test_it_does_as_a_plain_table_would(script: list[tuple[str, int, str, bool, float]]) -> None:
    pins, table, now = Pins(most=40, life=10.0), dict[int, tuple[str, bool, float]](), 0.0
    for step, start_ts, address, wrote, passed in script:
        now += passed
        known = table.get(start_ts)
        if known is not None and now - known[2] >= 10.0:
            known = table.pop(start_ts) and None
        if step == "learn":
            stays = known is not None and known[1] and not wrote
            table[start_ts] = (known[0], True, now) if known and stays else (address, wrote, now)
            pins.learn(start_ts, address, now, wrote)
        elif step == "forget":
            table.pop(start_ts, None)
            pins.forget(start_ts)
        else:
            assert pins.find(start_ts, now) == (Pin(known[0], known[1]) if known else None)
        assert len(pins) <= 40
