"""The stub in place of a cluster: three alphas of one group, in one process."""

import json
from pathlib import Path

from bench import asking
from bench.running import Running, compiled
from otterd.wire import api_pb2
from tests.cluster.ports import free_ports
from tests.cluster.shape import Address

ALPHAS = 3


class StandIn:
    """The running stub; `alphas` are its addresses."""

    def __init__(self, folder: Path, core: int) -> None:
        ports = free_ports(2 * ALPHAS)
        pairs = list(zip(ports[::2], ports[1::2], strict=True))
        self.alphas = tuple(Address(f"127.0.0.1:{g}", f"127.0.0.1:{h}") for g, h in pairs)
        _write(folder)
        program = compiled("alpha", folder)
        command = [str(program), str(folder), *(f"{g}:{h}" for g, h in pairs)]
        self.running = Running(command, core, folder / "stub.log")
        self.running.wait_for(*ports)

    @property
    def port(self) -> int:
        """Return the gRPC port of the first alpha."""
        return int(self.alphas[0].grpc.rpartition(":")[2])


def _write(folder: Path) -> None:
    (folder / "answer").write_bytes(asking.answer())
    (folder / "version").write_bytes(api_pb2.Version(tag="v25.4.0").SerializeToString())
    for index in range(ALPHAS):
        own = folder / str(index)
        own.mkdir()
        (own / "health").write_text(json.dumps([_health(index)]))
        (own / "state").write_text(json.dumps(_state()))


def _health(index: int) -> dict[str, object]:
    return {
        "instance": "alpha",
        "address": f"alpha{index}:7080",
        "status": "healthy",
        "group": "1",
        "version": "v25.4.0",
        "uptime": 100_000,
        "lastEcho": 1_800_000_000,
        "max_assigned": 10_000,
    }


def _state() -> dict[str, object]:
    members = {
        str(n + 1): {
            "id": str(n + 1),
            "groupId": 1,
            "addr": f"alpha{n}:7080",
            "leader": n == 0,
            "amDead": False,
            "lastUpdate": "1",
            "learner": False,
        }
        for n in range(ALPHAS)
    }
    predicates = (asking.PREDICATE, "dgraph.type", *(f"bench.p{n}" for n in range(50)))
    tablets = {f"0-{name}": {"groupId": 1, "predicate": f"0-{name}"} for name in predicates}
    return {
        "counter": "100",
        "groups": {"1": {"members": members, "tablets": tablets}},
        "zeros": {"1": {"id": "1", "groupId": 0, "addr": "zero:5080", "leader": True, "amDead": False}},
        "maxUID": "100000",
        "maxTxnTs": "20000",
        "cid": "11111111-2222-3333-4444-555555555555",
    }
