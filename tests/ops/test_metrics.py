import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from otterd.ops.metrics import SERIES, Registry


def text(registry: Registry) -> str:
    return "".join(registry.pieces())


@given(st.lists(st.sampled_from([0.0, 0.5, 1.0, 1.5, 2.0, 99.0]) | st.floats(0, 100)))
def test_a_histogram_counts_as_prometheus_reads_it(values: list[float]) -> None:
    registry = Registry()
    histogram = registry.histogram("otter_x_seconds", "A time.", (1.0, 2.0))
    histogram.row()
    for value in values:
        histogram.observe(value)
    (family,) = text_string_to_metric_families(text(registry))
    shown = {(s.name, s.labels.get("le")): s.value for s in family.samples}
    for bound in ("1.0", "2.0", "+Inf"):
        assert shown["otter_x_seconds_bucket", bound] == sum(v <= float(bound) for v in values)
    assert shown["otter_x_seconds_count", None] == len(values)
    assert math.isclose(shown["otter_x_seconds_sum", None], sum(values), abs_tol=1e-9)


@given(st.text())
def test_any_label_value_is_escaped(value: str) -> None:
    registry = Registry()
    registry.counter("otter_x_total", "Some.", ("a", "b")).add(2, value, "plain")
    (family,) = text_string_to_metric_families(text(registry).replace("\r", "?"))
    (sample,) = family.samples
    assert sample.labels == {"a": value.replace("\r", "?"), "b": "plain"}
    assert sample.value == 2


def test_gauges_are_set_or_read_when_shown() -> None:
    registry = Registry()
    gauge = registry.gauge("otter_g", "Some.", ("door",))
    gauge.set(3, "a")
    level = [1.0]
    gauge.read(lambda: level[0], "b")
    gauge.read_all(lambda: [(("c",), 7.0)])
    level[0] = 5
    (family,) = text_string_to_metric_families(text(registry))
    assert {s.labels["door"]: s.value for s in family.samples} == {"a": 3, "b": 5, "c": 7}


def test_too_many_series_are_counted_together() -> None:
    registry = Registry()
    counter = registry.counter("otter_x_total", "Some.", ("n",))
    for number in range(SERIES + 50):
        counter.add(1, str(number))
    assert len(counter.cells) == SERIES + 1
    assert counter.cell("other") == [50]


def test_the_number_of_labels_is_held() -> None:
    counter = Registry().counter("otter_x_total", "Some.", ("n",))
    with pytest.raises(ValueError, match="expected the labels"):
        counter.add(1)


def test_a_name_is_taken_once() -> None:
    registry = Registry()
    registry.gauge("otter_x", "Some.")
    with pytest.raises(ValueError, match="there already"):
        registry.gauge("otter_x", "Other.")


def test_series_of_what_is_gone_are_forgotten() -> None:
    registry = Registry()
    counter = registry.counter("otter_x_total", "Some.", ("door", "alpha"))
    counter.add(1, "http", "a:1")
    counter.add(1, "http", "b:1")
    counter.forget("alpha", {"a:1"}.__contains__)
    counter.forget("purpose", lambda _: True)
    assert list(counter.cells) == [("http", "b:1")]
