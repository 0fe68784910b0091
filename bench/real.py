"""Otter in front of a real alpha, beside the alpha's own HTTP port: every process shares every core."""

import http.client
import json
import shutil
import ssl
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from bench import asking
from bench.gateways import Gateway, go, otter, variants
from bench.rows import HTTP
from bench.running import Absent
from tests.cluster import Cluster, Shape, binary
from tests.cluster.shape import Address

LITERAL = "4711004711"
ROWS = (
    replace(HTTP, name="real", title="A real alpha, HTTP, 32 connections", beside=("alpha", "go")),
    replace(
        HTTP, name="real-ro", title="The same, read-only", beside=("alpha", "go"), target="/query?ro=true"
    ),
)


class Nothing:
    """What is not ours to end."""

    def close(self) -> None:
        """Leave it running."""


@contextmanager
def cluster(named: str) -> Iterator[tuple[Address, int]]:
    """Yield the first alpha of `named`, else that of a cluster of our own while it lasts, and its process.

    The process is 0 where it is not known, so that its processor time is not told.
    """
    if named:
        grpc, _, own = named.split(",")[0].strip().partition("=")
        yield Address(grpc, own), 0
        return
    if not binary():
        raise Absent("no `dgraph` on the PATH and no --alphas")
    ours = Cluster(Shape(alphas=1, replicas=1))
    try:
        ours.start()
        yield ours.addresses[0], ours.alphas[0].pid
    finally:
        ours.stop()


def gateways(
    alpha: Address, pid: int, cores: str, folder: Path, engines: Sequence[str] = ()
) -> list[Gateway]:
    """Return the alpha itself, and what is started in front of it once it holds the rows' data."""
    if not shutil.which("wrk"):
        raise Absent("wrk is not installed")
    fill(alpha)
    host, _, port = alpha.http.rpartition(":")
    if host not in ("127.0.0.1", "localhost"):
        raise Absent(f"{alpha.http} is not on this machine")
    found = [Gateway("alpha", pid, Nothing(), {"http": int(port)})]
    found += [otter([alpha], cores, name, **told) for name, told in variants(engines).items()]
    with suppress(Absent):  # it was said already that there is none
        found.append(go([alpha], cores, folder))
    return found


def fill(alpha: Address, context: ssl.SSLContext | None = None) -> None:
    """Put what the rows ask for into the cluster of `alpha`, once; over HTTPS when there is a `context`."""

    def posted(target: str, kind: str, text: str) -> dict[str, dict[str, list[object]]]:
        asked = (
            http.client.HTTPSConnection(alpha.http, timeout=30, context=context)
            if context
            else http.client.HTTPConnection(alpha.http, timeout=30)
        )
        with closing(asked):
            asked.request("POST", target, text.encode(), {"Content-Type": kind})
            said = json.loads(asked.getresponse().read())
        if "errors" in said:
            raise Absent(f"{target}: {said['errors']}")
        return dict(said)

    name = asking.PREDICATE
    posted("/alter", "application/dql", f"{name}: string @index(exact) .")
    held = posted("/query", "application/dql", f'{{ q(func: eq({name}, "{LITERAL}")) {{ uid }} }}')
    missing = 12 - len(held["data"]["q"])
    lines = "\n".join(f'_:n{n} <{name}> "{LITERAL}" .' for n in range(missing))
    if missing > 0:
        posted("/mutate?commitNow=true", "application/rdf", f"{{ set {{ {lines} }} }}")
