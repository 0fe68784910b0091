"""A storm: clients of all kinds on all doors, while a script breaks the cluster behind Otter."""

import asyncio
import itertools
import secrets
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack

from tests.cluster import Address
from tests.cluster.ask import ask, until
from tests.live.chaos.books import SEPARATOR, Books
from tests.live.chaos.callers import GrpcReader, GrpcTransactor, GrpcWriter
from tests.live.chaos.clients import (
    CONSENT,
    HttpReader,
    HttpTransactor,
    HttpUpserter,
    HttpWriter,
    Reader,
    SocketReader,
    SocketWriter,
    Target,
    Writer,
    keep_reading,
    keep_writing,
)
from tests.live.sockets import run

WRITERS: tuple[Callable[[Target, str], Writer], ...] = (
    HttpWriter,
    SocketWriter,
    HttpTransactor,
    HttpUpserter,
    GrpcWriter,
    GrpcTransactor,
)
EACH = 6
"""Writers of each kind."""

Script = Callable[[Books], Awaitable[None]]

STALE_HTTP, STALE_WS, STALE_GRPC = "http, stale", "ws, stale", "grpc, stale"


def readers(otter: Target, predicate: str) -> dict[str, Reader]:
    """Return a reader of each kind, by its name."""
    consent = {"X-Otter-Max-Stale": CONSENT}
    return {
        "http": HttpReader(otter, predicate, "/query", {}),
        "http, read-only": HttpReader(otter, predicate, "/query?ro=true", {}),
        "ws": SocketReader(otter, predicate, {}),
        STALE_HTTP: HttpReader(otter, predicate, "/query?ro=true", consent),
        "grpc": GrpcReader(otter, predicate, consents=False),
        STALE_WS: SocketReader(otter, predicate, {"maxStale": CONSENT}),
        STALE_GRPC: GrpcReader(otter, predicate, consents=True),
    }


def storm(
    otter: Target, predicates: Sequence[str], quota: int, script: Script, *, seconds: float = 150.0
) -> Books:
    """Let clients write to and read from `predicates` until `script` is done and `quota` writes have ended.

    Reads are booked as "kind predicate". Raises TimeoutError when all that takes more than `seconds`.
    """
    return run(_storm(otter, predicates, quota, script), seconds)


async def _storm(otter: Target, predicates: Sequence[str], quota: int, script: Script) -> Books:
    books, over, name = Books(), asyncio.Event(), secrets.token_hex(3)
    turns = itertools.cycle(predicates)
    writers = [kind(otter, next(turns)) for kind in WRITERS for _ in range(EACH)]
    asking = {f"{kind} {each}": one for each in predicates for kind, one in readers(otter, each).items()}
    async with AsyncExitStack() as stack:
        for one in (*writers, *asking.values()):
            stack.push_async_callback(one.close)
            await one.open()
        async with asyncio.TaskGroup() as group:
            for number, writer in enumerate(writers):
                group.create_task(keep_writing(writer, f"{name}{SEPARATOR}{number}", books, over))
            for kind, reader in asking.items():
                group.create_task(keep_reading(reader, kind, books, over))
            try:
                await script(books)
                await books.writes.more(max(quota - books.writes.count, 0))
            finally:
                over.set()
    return books


def marks(alphas: Sequence[Address], predicate: str) -> Counter[str]:
    """Return how often each mark is in the database, read past Otter once an alpha answers."""
    question = {"query": f"{{ q(func: has({predicate})) {{ {predicate} }} }}"}

    def read() -> Counter[str] | None:
        for address in alphas:
            answer = ask(address.http, "POST", "/query", question).json()
            if "data" in answer:
                return Counter(row[predicate] for row in answer["data"]["q"])
        return None

    return until(read, f"the marks of {predicate}")
