import json
from math import isclose

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.figures import Spread, Unreadable, micros, of_h2load, of_loader, of_wrk, ratio, spread

WRK = """Running 2s test @ http://127.0.0.1:8084
  1 threads and 32 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     1.40ms  310.12us   9.65ms   92.11%
    Req/Sec    22.91k     1.02k   24.30k    70.00%
  Latency Distribution
     50%    1.37ms
     75%    1.51ms
     90%  988.00us
     99%    2.46s
  45590 requests in 2.10s, 31.48MB read
Requests/sec:  22795.11
Transfer/sec:     15.74MB
"""
WRK_TROUBLE = WRK.replace(
    "Requests/sec",
    "  Socket errors: connect 1, read 2, write 3, timeout 4\n  Non-2xx or 3xx responses: 590\nRequests/sec",
)
H2LOAD = """starting benchmark...
spawning thread #0: 4 total client(s). 1 total requests
Application protocol: h2c

finished in 2.00s, 30000.50 req/s, 19.00MB/s
requests: 60001 total, 60040 started, 60001 done, 60000 succeeded, 1 failed, 2 errored, 3 timeout
status codes: 60001 2xx, 0 3xx, 0 4xx, 0 5xx
traffic: 38.00MB (39845888) total, 900.00KB (921600) headers (space savings 90.00%), 36.00MB (39000000) data
"""


@pytest.mark.parametrize(
    ("text", "value"), [("988.00us", 988), ("1.5ms", 1500), ("2.46s", 2_460_000), ("1m", 60_000_000)]
)
def test_durations_are_read_in_microseconds(text, value):
    assert isclose(micros(text), value)


@pytest.mark.parametrize("text", ["", "ms", "1.5", "1.5h", "-1ms"])
def test_what_is_no_duration_is_refused(text):
    with pytest.raises(Unreadable):
        micros(text)


def test_wrk_is_read():
    found = of_wrk(WRK)
    assert (found.calls, found.errors, found.seconds) == (45590, 0, 2.1)
    assert (found.p50, found.p99) == (1370, 2_460_000)
    assert isclose(found.rate, 45590 / 2.1)


def test_what_wrk_calls_an_error_is_no_call():
    found = of_wrk(WRK_TROUBLE)
    assert (found.calls, found.errors) == (45000, 600)
    assert "timeout 4" in found.why
    assert "590" in found.why


def test_h2load_is_read():
    found = of_h2load(H2LOAD, 650)
    assert (found.calls, found.errors, found.seconds) == (60000, 6, 2.0)
    assert found.p50 is None


def test_answers_that_are_too_short_are_no_calls_although_h2load_calls_them_good():
    found = of_h2load(H2LOAD, 651)
    assert found.calls == 0
    assert found.errors == 60006
    assert found.rate == 0


@pytest.mark.parametrize("read", [of_wrk, lambda told: of_h2load(told, 1), of_loader])
def test_what_a_tool_says_in_place_of_figures_is_shown(read):
    with pytest.raises(Unreadable, match="connection refused"):
        read("unable to connect: connection refused")


def test_the_loader_is_read():
    said = {"calls": 10, "errors": 1, "seconds": 0.5, "p50_us": 30, "p99_us": 70, "first_error": "GOAWAY"}
    found = of_loader(json.dumps(said))
    assert (found.calls, found.errors, found.rate, found.p50, found.p99) == (10, 1, 20, 30, 70)
    assert found.why == "GOAWAY"


def test_a_run_without_a_good_answer_has_no_latency():
    found = of_loader('{"calls": 0, "errors": 3, "seconds": 1.0, "first_error": "closed"}')
    assert (found.rate, found.p50, found.p99) == (0, None, None)


def test_a_spread_is_as_wide_as_its_ends_lie_apart():
    assert spread([3, 1, 2]) == Spread(2, 1, 3)
    assert Spread(2, 1, 3).width == 1
    assert spread([]) is None


@given(st.lists(st.floats(1, 1e6), min_size=1))
def test_the_middle_lies_between_the_ends(values):
    found = spread(values)
    assert found is not None
    assert found.least <= found.middle <= found.most


def test_ratios_are_made_within_a_round():
    # In the first round both were quicker: that is not what one has over the other.
    assert ratio([60, 10, 2], [20, 10, 1]) == 2


@pytest.mark.parametrize(("ours", "theirs"), [([], [1]), ([1], []), ([1], [0])])
def test_there_is_no_ratio_to_what_was_not_measured(ours, theirs):
    assert ratio(ours, theirs) is None
