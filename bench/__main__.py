"""Measure Otter's doors beside its peers: `python -m bench [--quick]`."""

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from bench import encrypted, gateways, instances, machine, memory, real, targets
from bench.gateways import Gateway
from bench.measuring import Loads, Sample
from bench.memory import Memory
from bench.rows import PLAIN, ROWS, Row
from bench.running import Absent, compiled
from bench.scraping import Scraping
from bench.stand_in import StandIn
from bench.table import rendered
from otterd import __version__

RESULTS = Path(__file__).parent / "results"


def options(words: list[str]) -> argparse.Namespace:
    """Return what the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one-second runs, at most two minutes in all")
    parser.add_argument("--rounds", type=int, help="how often every row is measured")
    parser.add_argument("--seconds", type=int, help="how long one run takes")
    parser.add_argument("--most", type=int, help="seconds after which no further round begins")
    parser.add_argument("--rows", nargs="*", default=[], help="only rows whose name begins so")
    parser.add_argument("--engine", nargs="*", default=[], help="further engines to run Otter with")
    parser.add_argument(
        "--alphas", default=os.environ.get("OTTER_TEST_ALPHAS", ""), help="GRPC=HTTP of a real alpha"
    )
    parser.add_argument("--out", type=Path, help="where results are kept, without the ending")
    asked = parser.parse_args(words)
    asked.rounds = asked.rounds or (2 if asked.quick else 5)
    asked.seconds = asked.seconds or (1 if asked.quick else 2)
    asked.most = asked.most or (60 if asked.quick else 400)
    asked.out = asked.out or RESULTS / ("gateways-quick" if asked.quick else "gateways")
    return asked


@dataclass
class Found:
    """What a run has found so far; `missing` says why something could not be measured."""

    samples: list[Sample] = field(default_factory=list)
    idle: list[Memory] = field(default_factory=list)
    missing: dict[str, str] = field(default_factory=dict)


def started(
    bench: ExitStack, stub: StandIn, asked: argparse.Namespace, folder: Path, found: Found
) -> list[Gateway]:
    """Start Otter and the peers; `found` tells which are missing."""
    core = machine.cores()[0]
    made = []
    for variant, told in gateways.variants(asked.engine).items():
        made.append(gateways.otter(stub.alphas, core, variant, **told))
        bench.callback(made[-1].close)
    for name, start in gateways.PEERS.items():
        try:
            made.append(start(stub.alphas, core, folder))
            bench.callback(made[-1].close)
        except Absent as failure:
            found.missing[name] = str(failure)
    try:
        gateways.compiled()
    except Absent as failure:
        found.missing["otter compiled"] = str(failure)
    for engine in set(asked.engine) - set(gateways.engines()):
        found.missing[f"otter {engine}"] = "not built"
    if not gateways.has_grpc_door():
        found.missing["otter's gRPC door"] = "not built"
    return [*made, Gateway("direct", 0, real.Nothing(), {"grpc": stub.port})]


def wanted(rows: Sequence[Row], asked: argparse.Namespace) -> list[Row]:
    """Return the rows that the command line names."""
    return [row for row in rows if not asked.rows or row.name.startswith(tuple(asked.rows))]


def measured(
    loads: Loads, rows: Sequence[Row], made: Sequence[Gateway], asked: argparse.Namespace, most: float
) -> list[Sample]:
    """Ask every gateway in every row, round by round, for at most some `most` seconds."""
    end, found = time.monotonic() + most, []
    for number in range(asked.rounds):
        for row in rows:
            for gateway in made if number % 2 else reversed(made):
                if row.door in gateway.ports:
                    with Scraping(gateway.metrics if row.rate else ""):
                        found.append(loads.sample(row, gateway, number, asked.seconds))
        print(f"round {number + 1} of {asked.rounds}, load {machine.load():.1f}", file=sys.stderr)
        if time.monotonic() + (time.monotonic() - end + most) / (number + 1) > end:
            break
    return found


def real_ones(asked: argparse.Namespace, folder: Path, loader: Path) -> list[Sample]:
    """Measure in front of a real alpha; raises Absent without one."""
    every = ",".join(map(str, sorted(machine.ALLOWED)))
    os.sched_setaffinity(0, machine.ALLOWED)  # a cluster of our own gets every core, too
    with real.cluster(asked.alphas) as (alpha, pid), ExitStack() as bench:
        made = real.gateways(alpha, pid, every, folder, asked.engine)
        for gateway in made:
            bench.callback(gateway.close)
        loads = Loads(folder, loader, every, machine.cores()[0])
        measured(loads, real.ROWS[:1], made, argparse.Namespace(rounds=1, seconds=1), 60)  # to warm up
        return measured(loads, real.ROWS, made, asked, asked.most / 4)


def encrypted_ones(asked: argparse.Namespace, folder: Path, loader: Path) -> list[Sample]:
    """Measure in front of an alpha with TLS; raises Absent where none can be started."""
    every = ",".join(map(str, sorted(machine.ALLOWED)))
    with encrypted.gateways(every) as made:
        loads = Loads(folder, loader, every, machine.cores()[0])
        measured(loads, [encrypted.ROW], made, argparse.Namespace(rounds=1, seconds=1), 60)  # to warm up
        return measured(loads, [encrypted.ROW], made, asked, asked.most / 8)


def run(asked: argparse.Namespace, folder: Path) -> Found:
    """Measure everything."""
    found, (core, others) = Found(), machine.cores()
    os.sched_setaffinity(0, {others})
    with ExitStack() as bench:
        stub = StandIn(folder, others)
        bench.callback(stub.running.close)
        loader = compiled("load", folder)
        made = started(bench, stub, asked, folder, found)
        loads = Loads(folder, loader, others, core)
        once = argparse.Namespace(rounds=1, seconds=1)
        if rows := wanted(ROWS, asked):
            measured(loads, PLAIN, made, once, 60)  # what is thrown away warms up
            found.samples += measured(loads, rows, made, asked, asked.most)
        for gateway in made:
            gateway.close()
        if not asked.rows:
            found.idle += memory.measured(stub.alphas, core)
            try:
                found.samples += instances.measured(
                    stub.alphas, folder, loader, instances.allowed(), asked.rounds, asked.seconds
                )
            except Absent as failure:
                found.missing["two instances"] = str(failure)
    for name, row, ask in (
        ("a real alpha", real.ROWS[0], real_ones),
        ("one with TLS", encrypted.ROW, encrypted_ones),
    ):
        try:
            if wanted([row], asked) and not (asked.quick and row is encrypted.ROW):
                found.samples += ask(asked, folder, loader)
        except Absent as failure:
            found.missing[name] = str(failure)
    return found


def kept(about: dict[str, object], found: Found) -> str:
    """Return the raw results as JSON, one line for each run."""
    rows = ",\n".join(json.dumps(one.raw()) for one in found.samples)
    idle = json.dumps([one.raw() for one in found.idle])
    return (
        f'{{"machine": {json.dumps(about)},\n"missing": {json.dumps(found.missing)},\n'
        f'"memory": {idle},\n"samples": [\n{rows}\n]}}\n'
    )


def main(words: list[str]) -> None:
    """Measure, print the tables, and keep the raw results."""
    asked, about = options(words), machine.described()
    with tempfile.TemporaryDirectory(prefix="otter-bench-") as folder:
        try:
            found = run(asked, Path(folder))
        except Absent as failure:
            raise SystemExit(f"nothing was measured: {failure}") from None
    about |= {"otter": __version__, "engine": gateways.engines()[0]}
    about |= {"load_after": round(machine.load(), 2), "rounds": asked.rounds, "seconds": asked.seconds}
    named = dict.fromkeys(one.gateway for one in found.samples if one.gateway.startswith("otter"))
    cores = len(machine.ALLOWED)
    verdicts = [(name, targets.judged(found.samples, found.idle, cores, name)) for name in named]
    told = "\n\n".join(
        (
            ", ".join(f"{name} {value}" for name, value in about.items()),
            rendered((*ROWS, *real.ROWS, encrypted.ROW, instances.ROW), found.samples, found.missing),
            *(f"{name}\n\n{targets.rendered(judged)}" for name, judged in verdicts),
        )
    )
    print(told)
    asked.out.with_suffix(".json").write_text(kept(about, found))
    asked.out.with_suffix(".md").write_text(told + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
