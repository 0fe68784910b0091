from dataclasses import replace

from bench.measuring import Sample
from bench.memory import Memory
from bench.rows import HTTP, LATENCY
from bench.table import full, lines, rendered
from bench.targets import judged
from bench.targets import rendered as verdicts

OURS = Sample("http", "otter", 0, "wrk", 2000, 0, 2000.0, 40.0, 1.0, 1.0, 1500.0, 3900.0)
THEIRS = replace(OURS, gateway="go", rate=1000.0, cpu=80.0)
DIRECT = replace(OURS, row="grpc-500", gateway="direct", cpu=None, p50=100.0, p99=300.0)


def seen(samples, memory=(), cores=2):
    return {one.what: one for one in judged(samples, memory, cores)}


def test_columns_line_up():
    drawn = lines(("a", "long"), [["12345", "6"]]).splitlines()
    assert drawn == ["| a     | long |", "|-------|------|", "| 12345 | 6    |"]


def test_a_gateway_stands_in_its_row_with_its_ratio():
    told = rendered([HTTP], [OURS, THEIRS], {"envoy": "not installed"})
    assert "2.00 × go" in told
    assert "40.0" in told
    assert told.endswith("envoy: not measured: not installed")


def test_a_row_that_nobody_ran_is_left_out():
    assert rendered([HTTP], [], {}) == ""


def test_throughput_is_a_capacity_only_where_the_core_was_full():
    idle = replace(OURS, busy=0.94, share=0.94)
    assert full([OURS])
    assert not full([idle])
    assert not full([replace(OURS, share=0.85)])  # others had the rest of it
    assert "(not full)" in rendered([HTTP], [idle], {})
    target = seen([idle, THEIRS])["http: calls/s, times the Go gateway"]
    assert not target.met
    assert "not counted" in (target.seen or "")
    assert "missed" not in verdicts([target])


def test_an_open_loop_need_not_fill_the_core():
    row = LATENCY[0]
    paced = replace(OURS, row=row.name, busy=0.1, share=0.1)
    assert "(not full)" not in rendered([row], [paced], {})


def test_a_peer_that_is_absent_counts_as_not_measured_and_not_as_met():
    target = seen([OURS])["http: calls/s, times the Go gateway"]
    assert target.seen is None
    assert "| not measured | –" in verdicts([target])


def test_a_target_is_met_or_missed():
    assert seen([OURS, THEIRS])["http: calls/s, times the Go gateway"].met
    assert not seen([OURS, replace(THEIRS, rate=1200.0)])["http: calls/s, times the Go gateway"].met
    assert seen([OURS])["http: p99, ms"].met
    assert not seen([replace(OURS, p99=4001.0)])["http: p99, ms"].met


def test_errors_keep_a_target_from_being_met():
    assert not seen([replace(OURS, errors=1), THEIRS])["http: calls/s, times the Go gateway"].met


def test_added_latency_is_what_lies_over_a_direct_call():
    ours = replace(OURS, row="http-500", p50=340.0, p99=1900.0)
    found = seen([ours, DIRECT])
    assert (found["http-500: added p50, ms"].seen, found["http-500: added p50, ms"].met) == ("0.24", True)
    assert (found["http-500: added p99, ms"].seen, found["http-500: added p99, ms"].met) == ("1.60", False)


def test_a_time_is_also_told_at_the_pace_of_the_machine_it_was_set_for():
    ours = replace(OURS, row="http-500", p50=420.0, p99=1900.0)
    slow = seen([ours, DIRECT, replace(THEIRS, rate=11_700.0)])["http-500: added p50, ms"]
    assert (slow.seen, slow.met, slow.paced) == ("0.32", False, "0.24")
    assert "missed here, met at the targets' pace: 0.24" in verdicts([slow])
    for other in (replace(THEIRS, rate=15_600.0), replace(THEIRS, rate=11_700.0, busy=0.5)):
        alike = seen([ours, DIRECT, other])["http-500: added p50, ms"]
        assert verdicts([alike]).endswith("| missed |")
    broken = seen([replace(ours, errors=1), DIRECT, replace(THEIRS, rate=11_700.0)])[
        "http-500: added p50, ms"
    ]
    assert verdicts([broken]).endswith("| missed |")


def test_nothing_is_said_of_added_latency_while_direct_calls_take_longer():
    ours = replace(OURS, row="grpc-500", p99=200.0)
    target = seen([ours, DIRECT])["grpc-500: added p99, ms"]
    assert not target.met
    assert "| –" in verdicts([target])


def test_two_instances_are_held_against_one():
    twice = replace(OURS, row="instances", gateway="otter twice", rate=1800.0)
    alone = replace(OURS, row="instances", gateway="otter alone", rate=1000.0)
    target = seen([OURS, twice, alone], cores=4)["two instances on one port, times one"]
    assert (target.seen, target.met) == ("1.80", True)


def test_idle_connections_are_counted_each():
    held = Memory("ws", 1000, 50 * 2**20, 50 * 2**20 + 11_000 * 1024)
    assert seen([], [held])["KiB an idle ws connection"].seen == "11.0"
    assert seen([], [held])["KiB an idle ws connection"].met


def test_two_instances_are_not_run_on_two_cores():
    assert "not run" in (seen([])["two instances on one port, times one"].seen or "")


def test_another_otter_is_judged_by_its_own_figures():
    other = replace(OURS, gateway="otter h2", rate=2500.0)
    what = "http: calls/s, times the Go gateway"
    found = {one.what: one.seen for one in judged([OURS, other, THEIRS], (), 2, "otter h2")}
    assert found[what] == "2.50"
    assert seen([OURS, other, THEIRS])[what].seen == "2.00"
