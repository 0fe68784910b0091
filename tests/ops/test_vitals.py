import gc

from twisted.internet.task import Clock

from otterd.ops.instruments import Metrics
from otterd.ops.vitals import BEAT, Vitals


def test_lateness_of_the_reactor_is_measured() -> None:
    clock, metrics = Clock(), Metrics()
    vitals = Vitals(clock, metrics)
    vitals.start()
    clock.advance(BEAT)
    clock.advance(BEAT + 0.3)
    vitals.stop()
    row = metrics.reactor_delay.row()
    assert sum(row[:-1]) == 2
    assert abs(row[-1] - 0.3) < 1e-6
    assert not clock.getDelayedCalls()


def test_pauses_of_the_collector_are_measured_until_the_stop() -> None:
    metrics = Metrics()
    vitals = Vitals(Clock(), metrics)
    vitals.start()
    gc.collect()
    vitals.stop()
    seen = sum(metrics.gc_pause.row("2")[:-1])
    assert seen >= 1
    gc.collect()
    assert sum(metrics.gc_pause.row("2")[:-1]) == seen
    vitals.stop()


def test_the_process_is_described() -> None:
    metrics = Metrics()
    vitals = Vitals(Clock(), metrics)
    vitals.start()
    text = "".join(metrics.registry.pieces())
    vitals.stop()
    values = dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    assert float(values["otter_process_resident_memory_bytes"]) > 1e6
    assert float(values["otter_process_open_fds"]) >= 3
    assert float(values["otter_process_cpu_seconds_total"]) > 0
    assert any(name.startswith('otter_build_info{version="') for name in values)
