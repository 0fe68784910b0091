"""Measure what it is worth to know the graph: `python -m bench.routing [ROUNDS [SECONDS]]`.

Two Otters stand in front of the same cluster, one `state-based` and one `round-robin`, and have the same load
in turn: 32 connections, each request touching one predicate. Needs `dgraph` and `wrk` on the PATH.
"""

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from bench.standing import each_spent, keep, machine, spread
from tests.cluster import Cluster, Shape
from tests.cluster.ask import ask, until
from tests.live.instance import Otter

POLICIES = ("state-based", "round-robin")
CONNECTIONS = 32
ROUNDS, SECONDS = 7, 4
WARM_UP = 1
"""Seconds of the same load before each measurement that do not count."""
PREDICATES = ("bench0", "bench1", "bench2")
VALUES = 500
"""Values of each predicate that reads choose from."""

SCRIPT = """
local reads, turn = %(reads)s, 0
failed = 0
wrk.method = "POST"
math.randomseed(1)
request = function()
  turn = turn + 1
  -- Drawn: in turn they would keep step with the alphas that have their turns.
  local predicate = "bench" .. math.random(0, 2)
  if reads then
    wrk.headers["Content-Type"] = "application/dql"
    local body = "{q(func: eq(" .. predicate .. ', "v' .. (turn %% 500) .. '")) {uid ' .. predicate .. "}}"
    return wrk.format(nil, "/query", nil, body)
  end
  wrk.headers["Content-Type"] = "application/json"
  return wrk.format(nil, "/mutate?commitNow=true", nil, '{"set":[{"' .. predicate .. '":"' .. turn .. '"}]}')
end
response = function(status, headers, body)
  if status ~= 200 or body:find('"errors"', 1, true) then failed = failed + 1 end
end
local threads = {}
setup = function(thread) table.insert(threads, thread) end
done = function(summary, latency)
  local bad = summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout
  for _, thread in ipairs(threads) do bad = bad + thread:get("failed") end
  io.write(string.format('{"requests":%%d,"microseconds":%%d,"failed":%%d,"p50":%%d,"p99":%%d}\\n',
    summary.requests, summary.duration, bad, latency:percentile(50), latency:percentile(99)))
end
"""


@dataclass(frozen=True, slots=True)
class Case:
    """A cluster, what is asked of it, and how many times faster it is to be."""

    name: str
    shape: Shape
    reads: bool
    target: float


CASES = (
    Case("three groups of one, writes", Shape(alphas=3, replicas=1), False, 1.2),
    Case("three groups of one, reads", Shape(alphas=3, replicas=1), True, 1.4),
    Case("one group of three, writes", Shape(), False, 1.15),
)


def load(otter: Otter, reads: bool, seconds: int, folder: Path) -> dict[str, Any]:
    """Put load on `otter` and return what came of it."""
    script = folder / ("reads.lua" if reads else "writes.lua")
    script.write_text(SCRIPT % {"reads": "true" if reads else "false"})
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--timeout", "20s", "-s", str(script)]
    command.append(f"http://{otter.http}")
    run = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    found: dict[str, Any] = json.loads(run.stdout.strip().splitlines()[-1])
    return found


def measure(otter: Otter, cluster: Cluster, reads: bool, seconds: int, folder: Path) -> dict[str, Any]:
    """Return requests a second, how many failed, and the processor µs of each request, by who spent them."""
    load(otter, reads, WARM_UP, folder)
    pids = {"otter": [otter.pid], "alphas": [a.pid for a in cluster.alphas], "zero": [cluster.zero.pid]}
    before = each_spent(pids)
    found = load(otter, reads, seconds, folder)
    after = each_spent(pids)
    found["rate"] = found["requests"] / found["microseconds"] * 1e6
    found["cpu"] = {name: round((after[name] - before[name]) / found["requests"] * 1e6) for name in pids}
    return found


def filled(cluster: Cluster) -> None:
    """Give each alpha a predicate and some values of it."""
    for address, predicate in zip(cluster.addresses, PREDICATES, strict=True):
        ask(address.http, "POST", "/alter", f"{predicate}: string @index(exact) .")
        body = {"set": [{predicate: f"v{n}"} for n in range(VALUES)]}
        assert "errors" not in ask(address.http, "POST", "/mutate?commitNow=true", body).json()


def ready(otter: Otter) -> None:
    """Wait until Otter sees every alpha usable and knows who owns what."""

    def knows() -> bool:
        seen = ask(otter.http, "GET", "/cluster").body.decode()
        return all(f"0-{each}" in seen or each in seen for each in PREDICATES)

    until(knows, "Otter to know the map")


def compare(cases: Sequence[Case], rounds: int, seconds: int) -> dict[str, list[dict[str, Any]]]:
    """Return for each policy and case what each round came to; the policies take turns."""
    results: dict[str, list[dict[str, Any]]] = {}
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        cluster = Cluster(cases[0].shape)
        stack.callback(cluster.stop)
        cluster.start()
        filled(cluster)
        otters = {}
        for policy in POLICIES:
            otters[policy] = Otter(cluster.addresses, {"balancer_type": policy})
            stack.callback(otters[policy].close)
            ready(otters[policy].start())
        for number in range(rounds):
            # Who comes first changes, too.
            order = POLICIES if number % 2 == 0 else POLICIES[::-1]
            for case in cases:
                for policy in order:
                    found = measure(otters[policy], cluster, case.reads, seconds, folder)
                    results.setdefault(f"{case.name}, {policy}", []).append(found)
    return results


def told(case: Case, raw: dict[str, list[dict[str, Any]]]) -> list[str]:
    """Return the lines of the table for one case."""
    fast, plain = (raw[f"{case.name}, {policy}"] for policy in POLICIES)
    ratios = [one["rate"] / other["rate"] for one, other in zip(fast, plain, strict=True)]
    overall = median(each["rate"] for each in fast) / median(each["rate"] for each in plain)
    spent = [median(sum(each["cpu"].values()) for each in rounds) for rounds in (fast, plain)]
    lines = [
        f"{case.name}: {overall:.2f} times, by rounds {spread(ratios, 2)}; wanted: {case.target}",
        f"  processor time of all for a request: {spent[0] / spent[1]:.2f} times that in turns",
    ]
    for policy, each in zip(POLICIES, (fast, plain), strict=True):
        cpu = ", ".join(f"{who} {median(one['cpu'][who] for one in each):.0f}" for who in each[0]["cpu"])
        failed = sum(one["failed"] for one in each)
        lines.append(
            f"  {policy:<12} {spread([one['rate'] for one in each])} a second,"
            f" p50 {median(one['p50'] for one in each) / 1000:.1f} ms,"
            f" p99 {median(one['p99'] for one in each) / 1000:.1f} ms, {failed} failed; µs each: {cpu}"
        )
    return lines


def main() -> None:
    """Measure all cases and keep the results."""
    if shutil.which("wrk") is None or shutil.which("dgraph") is None:
        sys.exit("this benchmark needs wrk and dgraph on the PATH")
    given = zip([*sys.argv[1:], "", ""], (ROUNDS, SECONDS), strict=False)
    rounds, seconds = (int(argument) if argument else usual for argument, usual in given)
    raw: dict[str, Any] = {"machine": machine(), "rounds": rounds, "seconds": seconds}
    lines = [f"{name}: {value}" for name, value in raw["machine"].items()]
    lines += [f"{rounds} rounds of {seconds} s, {CONNECTIONS} connections; median (least to most)", ""]
    for shape in dict.fromkeys(case.shape for case in CASES):
        cases = [case for case in CASES if case.shape == shape]
        found = compare(cases, rounds, seconds)
        raw |= found
        for case in cases:
            lines += told(case, found)
    keep("routing", raw, lines)


if __name__ == "__main__":
    main()
