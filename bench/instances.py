"""One Otter, and two that share a port, each on a core of its own; stub and load have two further ones."""

import socket
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path

from bench import machine
from bench.gateways import Gateway, shipped
from bench.measuring import Loads, Sample
from bench.rows import HTTP
from bench.running import Absent
from tests.cluster.ask import answers, until
from tests.cluster.shape import Address
from tests.live.instance import Otter

CORES = 4
ROW = replace(
    HTTP, name="instances", title="HTTP → gRPC, 256 connections", connections=256, beside=("otter alone",)
)
ENDPOINT = "systemd:domain=INET:name=http"


def measured(
    alphas: Sequence[Address], folder: Path, loader: Path, cores: Sequence[int], rounds: int, seconds: int
) -> list[Sample]:
    """Ask one and two instances in turn, on the first of `cores`; raises Absent when they are too few."""
    if len(cores) < CORES:
        raise Absent(f"it needs {CORES} cores")
    loads = Loads(folder, loader, cores[3], cores[0])
    found = []
    with ExitStack() as bench:
        alone = _sharing(bench, alphas, cores[:1], "otter alone")
        both = _sharing(bench, alphas, cores[:2], "otter twice")
        for number in range(rounds):
            for gateway in (alone, both):
                found.append(loads.sample(ROW, gateway, number, seconds))
    return found


def _sharing(bench: ExitStack, alphas: Sequence[Address], cores: Sequence[int], name: str) -> Gateway:
    """Start an Otter on each of `cores`, behind one port; processor time is told of the first alone."""
    port, running = 0, []
    for core in cores:
        listener = bench.enter_context(_listener(port))
        port = listener.getsockname()[1]
        number = str(listener.fileno())
        handed = (sys.executable, "-m", "tests.live.handover", number, "http", "--")
        keys = {**shipped(), "http_endpoint": ENDPOINT, "enable_websocket": False}
        wrapper = ("taskset", "-c", str(core), *handed)
        one = Otter(alphas, keys, wrapper=wrapper, pass_fds=(listener.fileno(),))
        one.http = f"127.0.0.1:{port}"
        bench.callback(one.close)
        one.start(ready=False)
        # The port is shared: its own metrics alone say that this one is up.
        until(partial(answers, one.metrics, "/metrics"), "the metrics of an instance")
        running.append(one)
    return Gateway(name, running[0].pid, running[0], {"http": port})


def _listener(port: int) -> socket.socket:
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen(1024)
    return listener


def allowed() -> list[int]:
    """Return the cores there are, in order."""
    return sorted(machine.ALLOWED)
