"""Which rows there are: a door, how it is asked, and what drives it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One line of load, asked of every gateway that has the door.

    `rate` is calls a second for an open loop and 0 for a closed one; `streams` are calls at once
    on each of `connections`. `beside` names the peers that Otter is set against, in that order.
    """

    name: str
    title: str
    door: str
    connections: int
    streams: int = 1
    distinct: bool = False
    rate: int = 0
    beside: tuple[str, ...] = ()
    target: str = "/query"
    scheme: str = "http"


RATE = 500
"""Calls a second where latency is measured."""

HTTP = Row("http", "HTTP → gRPC, 32 connections", "http", 32, beside=("go",))
GRPC = Row("grpc", "gRPC → gRPC, 4 × 8 streams", "grpc", 4, 8, beside=("nginx", "envoy", "haproxy"))
WS = Row("ws", "WebSocket query, 64 sockets", "ws", 64, beside=("go",))

PLAIN = (HTTP, GRPC, WS)
DISTINCT = (
    Row("http-distinct", HTTP.title + ", all distinct", "http", 32, distinct=True, beside=HTTP.beside),
    Row("grpc-distinct", GRPC.title + ", all distinct", "grpc", 4, 8, distinct=True, beside=GRPC.beside),
    Row("ws-distinct", WS.title + ", all distinct", "ws", 64, distinct=True, beside=WS.beside),
)
LATENCY = (
    Row("grpc-500", f"gRPC at {RATE}/s", "grpc", 4, 8, rate=RATE, beside=("direct",)),
    Row("http-500", f"HTTP at {RATE}/s", "http", 32, rate=RATE, beside=("go",)),
    Row("ws-500", f"WebSocket at {RATE}/s", "ws", 64, rate=RATE, beside=("go",)),
    Row("grpc-500-distinct", f"gRPC at {RATE}/s, all distinct", "grpc", 4, 8, True, RATE, ("direct",)),
    Row("http-500-distinct", f"HTTP at {RATE}/s, all distinct", "http", 32, 1, True, RATE, ("go",)),
)
ROWS = (*PLAIN, *DISTINCT, *LATENCY)
