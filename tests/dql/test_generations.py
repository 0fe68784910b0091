"""What is remembered of shapes, and how much memory that takes."""

import gc
import tracemalloc

import pytest

from otterd.dql.generations import Generations, Sightings, Weighed, weighed
from otterd.dql.shape import Purpose, Shape
from otterd.dql.touched import Called


def large(number: int, names: int) -> Shape:
    """Return a shape that reads so many predicates and calls as many functions."""
    reads = frozenset(f"p{number}_{each}" for each in range(names))
    functions = frozenset(Called("eq", f"f{number}_{each}") for each in range(names))
    return Shape(Purpose.QUERY, reads, frozenset(), functions, f"{number:032x}", parsed=True)


@pytest.mark.parametrize("names", [0, 1, 10, 100])
@pytest.mark.parametrize("text", ["{}", "{é}" * 500, "{" * 10_000])
def test_takes_no_more_memory_than_it_may(names: int, text: str) -> None:
    most = 200_000
    kept = Generations(1_000_000, most)
    gc.collect()
    tracemalloc.start()
    try:
        for number in range(3 * most // (300 + 200 * names + len(text))):
            kept.keep(f"{number}{text}", weighed(large(number, names)))
        taken, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most / 5 < taken < most


def test_what_is_asked_for_outlives_what_is_not() -> None:
    kept = Generations(10, 1_000_000)
    hot = Weighed(large(0, 1), 100)
    kept.keep("hot", hot)
    for number in range(100):
        assert kept.get("hot") is hot
        kept.keep(f"cold {number}", Weighed(large(number, 1), 100))
        assert len(kept) <= 10
    assert kept.get("cold 1") is None
    assert kept.get("cold 99") is not None


def test_one_that_is_too_large_drives_nothing_out() -> None:
    kept = Generations(10, 10_000)
    kept.keep("small", Weighed(large(0, 1), 100))
    kept.keep("large", Weighed(large(1, 1), 10_000))
    assert kept.get("small") is not None
    assert kept.get("large") is None


@pytest.mark.parametrize("key", ["{ q }", b"\x0a\x05{ q }"])
def test_what_comes_again_is_told_from_what_is_new(key: str | bytes) -> None:
    sightings = Sightings(16)
    assert [sightings.again(key) for _ in range(3)] == [False, True, True]


def test_sightings_take_the_same_room_whatever_comes() -> None:
    sightings = Sightings(64)
    assert not sightings.again("early")
    for number in range(5_000):
        sightings.again(f"text {number}")
    assert not sightings.again("early")
    tracemalloc.start()
    try:
        for number in range(5_000):
            sightings.again(f"another {number}")
        taken, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert taken < 100 * 64
