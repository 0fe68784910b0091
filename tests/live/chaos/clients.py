"""The clients of a storm: each sends one request after the other until the storm is over."""

import asyncio
from typing import Any, Protocol

from tests.live.chaos.books import SEPARATOR, Books
from tests.live.instance import TOKEN
from tests.live.sockets import Line, Socket

ANSWER_WITHIN = 180.0
"""Seconds after which a request counts as never answered: thrice Otter's own limit."""

CONSENT = "10s"

NOT_BEGUN = "not begun: "
"""How the error begins of a transaction that was never committed: what it wrote is surely not there."""


class Target(Protocol):
    """Where Otter stands."""

    http: str
    ws: str

    @property
    def grpc(self) -> str:
        """Return where the gRPC door is."""


def error_of(answer: Any, status: int = 200) -> str | None:
    """Return what an HTTP answer says went wrong, None when nothing did."""
    errors = answer.get("errors")
    if errors:
        return str(errors[0]["message"])
    return None if status == 200 else f"{status} {answer}"


class HttpWriter:
    """Writes whole mutations over HTTP."""

    def __init__(self, otter: Target, predicate: str) -> None:
        self.predicate = predicate
        self._line = Line(otter.http)

    async def open(self) -> None:
        """Do nothing: a line connects by itself."""

    async def write(self, mark: str) -> str | None:
        """Write one mark; return what went wrong."""
        status, answer = await self._line.post("/mutate?commitNow=true", {"set": [{self.predicate: mark}]})
        return error_of(answer, status)

    async def close(self) -> None:
        """End the connection."""
        await self._line.close()


class HttpUpserter(HttpWriter):
    """Writes marks that are not there yet, over HTTP."""

    async def write(self, mark: str) -> str | None:
        """Write one mark; return what went wrong."""
        body = {
            "query": f'{{ v as var(func: eq({self.predicate}, "{mark}")) }}',
            "mutations": [{"set": [{self.predicate: mark}], "cond": "@if(eq(len(v), 0))"}],
        }
        status, answer = await self._line.post("/mutate?commitNow=true", body)
        return error_of(answer, status)


class HttpTransactor(HttpWriter):
    """Writes within transactions of two requests, over HTTP."""

    async def write(self, mark: str) -> str | None:
        """Write one mark and commit it; return what went wrong."""
        status, answer = await self._line.post("/mutate", {"set": [{self.predicate: mark}]})
        error = error_of(answer, status)
        if error is not None:
            return f"{NOT_BEGUN}{error}"
        txn = answer["extensions"]["txn"]
        keys = {"keys": txn["keys"], "preds": txn["preds"]}
        status, answer = await self._line.post(f"/commit?startTs={txn['start_ts']}", keys)
        return error_of(answer, status)


class SocketWriter:
    """Writes over a WebSocket."""

    def __init__(self, otter: Target, predicate: str) -> None:
        self.predicate = predicate
        self._address = otter.ws
        self._socket: Socket | None = None

    async def open(self) -> None:
        """Connect and authenticate."""
        self._socket = await authenticated(self._address)

    async def write(self, mark: str) -> str | None:
        """Write one mark; return what went wrong."""
        assert self._socket is not None
        nquad = f'_:x <{self.predicate}> "{mark}" .'
        message = {"type": "mutation", "mutation": nquad, "commitNow": True, "id": mark}
        answer = await self._socket.ask(message)
        assert answer["id"] == mark, answer
        error: str | None = answer.get("error")
        return error

    async def close(self) -> None:
        """End the connection."""
        if self._socket is not None:
            await self._socket.close()


class HttpReader:
    """Reads over HTTP; `target` and `headers` say how fresh it must be."""

    def __init__(self, otter: Target, predicate: str, target: str, headers: dict[str, str]) -> None:
        self._line = Line(otter.http)
        self._body = {"query": question(predicate)}
        self._target, self._headers = target, headers

    async def open(self) -> None:
        """Do nothing: a line connects by itself."""

    async def read(self) -> tuple[str | None, bool]:
        """Ask once; return what went wrong, and whether the answer is marked stale."""
        status, answer = await self._line.post(self._target, self._body, self._headers)
        error = error_of(answer, status)
        if error is None and "q" not in answer["data"]:
            error = f"no data: {answer}"
        if status == 503 and "retry-after" not in self._line.headers:
            error = f"no Retry-After: {error}"
        return error, "x-otter-stale" in self._line.headers

    async def close(self) -> None:
        """End the connection."""
        await self._line.close()


class SocketReader:
    """Reads over a WebSocket; `more` goes into each message."""

    def __init__(self, otter: Target, predicate: str, more: dict[str, Any]) -> None:
        self._address = otter.ws
        self._message = {"type": "query", "query": question(predicate), "id": "read", **more}
        self._socket: Socket | None = None

    async def open(self) -> None:
        """Connect and authenticate."""
        self._socket = await authenticated(self._address)

    async def read(self) -> tuple[str | None, bool]:
        """Ask once; return what went wrong, and whether the answer is marked stale."""
        assert self._socket is not None
        answer = await self._socket.ask(self._message)
        error = answer.get("error")
        if error is None and "q" not in answer["result"]:
            error = f"no data: {answer}"
        return error, "stale" in answer

    async def close(self) -> None:
        """End the connection."""
        if self._socket is not None:
            await self._socket.close()


class Writer(Protocol):
    """Writes marks to one predicate."""

    predicate: str

    async def open(self) -> None:
        """Connect, where that is to be done first."""

    async def write(self, mark: str) -> str | None:
        """Write one mark; return what went wrong."""

    async def close(self) -> None:
        """End the connection."""


class Reader(Protocol):
    """Reads one predicate."""

    async def open(self) -> None:
        """Connect, where that is to be done first."""

    async def read(self) -> tuple[str | None, bool]:
        """Ask once; return what went wrong, and whether the answer is marked stale."""

    async def close(self) -> None:
        """End the connection."""


async def authenticated(address: str) -> Socket:
    """Return an open WebSocket that may send operations."""
    socket = await Socket.open(address)
    assert await socket.ask({"type": "auth", "token": TOKEN}) == {"status": "authenticated"}
    return socket


def question(predicate: str) -> str:
    """Return a query that reads a few values of one predicate."""
    return f"{{ q(func: has({predicate}), first: 3) {{ {predicate} }} }}"


async def keep_writing(writer: Writer, name: str, books: Books, over: asyncio.Event) -> None:
    """Write mark after mark until `over`."""
    turn = 0
    while not over.is_set():
        turn += 1
        mark = SEPARATOR.join((name, str(turn)))
        try:
            error = await asyncio.wait_for(writer.write(mark), ANSWER_WITHIN)
        except (ConnectionError, TimeoutError) as failure:
            books.unanswered[mark] = repr(failure)
            return
        books.wrote(writer.predicate, mark, error)


async def keep_reading(reader: Reader, kind: str, books: Books, over: asyncio.Event) -> None:
    """Ask again and again until `over`."""
    reads = books.reads_of(kind)
    while not over.is_set():
        try:
            error, stale = await asyncio.wait_for(reader.read(), ANSWER_WITHIN)
        except (ConnectionError, TimeoutError) as failure:
            reads.record(repr(failure), stale=False)
            return
        reads.record(error, stale=stale)
