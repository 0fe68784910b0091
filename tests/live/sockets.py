"""A small WebSocket client and a small HTTP client on asyncio streams, for many at once."""

import asyncio
import base64
import json
import os
import struct
from collections.abc import Coroutine, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, TypeVar

T = TypeVar("T")

TEXT, CLOSE, PING, PONG = 1, 8, 9, 10


def run(work: Coroutine[Any, Any, T], seconds: float) -> T:
    """Run `work` on a loop and a thread of its own; raises TimeoutError after `seconds`.

    The thread that pytest runs on belongs to the reactor's loop.
    """
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, asyncio.wait_for(work, seconds)).result()


class Closed(ConnectionError):
    """The other end closed the socket with `code` (1006: without a word)."""

    def __init__(self, code: int) -> None:
        super().__init__(f"closed with {code}")
        self.code = code


class Socket:
    """One open WebSocket; answers pings by itself."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def open(cls, address: str, path: str = "/ws", protocol: str = "") -> "Socket":
        """Connect to `address` and shake hands; raises ConnectionError when refused."""
        host, _, port = address.rpartition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        lines = [
            f"GET {path} HTTP/1.1",
            f"Host: {address}",
            "Upgrade: websocket",
            "Connection: Upgrade",
            f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}",
            "Sec-WebSocket-Version: 13",
        ]
        if protocol:
            lines.append(f"Sec-WebSocket-Protocol: {protocol}")
        writer.write("\r\n".join([*lines, "", ""]).encode())
        head = await reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 101"):
            writer.close()
            raise ConnectionError(head.decode("latin-1"))
        return cls(reader, writer)

    async def send(self, message: dict[str, Any]) -> None:
        """Send `message` as one text frame."""
        await self._frame(TEXT, json.dumps(message).encode())

    async def receive(self) -> Any:
        """Return the next message parsed; raises Closed when there is none to come."""
        text = b""
        while True:
            try:
                last, kind, payload = await self._next()
            except (asyncio.IncompleteReadError, ConnectionError):
                raise Closed(1006) from None
            if kind == PING:
                await self._frame(PONG, payload)
            elif kind == CLOSE:
                raise Closed(struct.unpack("!H", payload[:2])[0] if payload else 1005)
            elif kind != PONG:
                text += payload
                if last:
                    return json.loads(text)

    async def ask(self, message: dict[str, Any]) -> Any:
        """Send `message` and return what comes next."""
        await self.send(message)
        return await self.receive()

    async def close(self) -> None:
        """End the connection."""
        self._writer.close()
        with suppress(ConnectionError):
            await self._writer.wait_closed()

    async def _frame(self, kind: int, payload: bytes) -> None:
        mask = os.urandom(4)
        size = len(payload)
        if size < 126:
            head = struct.pack("!BB", 0x80 | kind, 0x80 | size)
        elif size < 65536:
            head = struct.pack("!BBH", 0x80 | kind, 0x80 | 126, size)
        else:
            head = struct.pack("!BBQ", 0x80 | kind, 0x80 | 127, size)
        masked = bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload))
        self._writer.write(head + mask + masked)
        await self._writer.drain()

    async def _next(self) -> tuple[bool, int, bytes]:
        first, size = await self._reader.readexactly(2)
        if size == 126:
            (size,) = struct.unpack("!H", await self._reader.readexactly(2))
        elif size == 127:
            (size,) = struct.unpack("!Q", await self._reader.readexactly(8))
        return bool(first & 0x80), first & 0x0F, await self._reader.readexactly(size)


class Line:
    """One HTTP/1.1 connection that is kept alive; one request at a time.

    `headers` are those of the last answer, by lower-case names.
    """

    def __init__(self, address: str) -> None:
        self.headers: dict[str, str] = {}
        self._address = address
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def post(
        self, target: str, body: dict[str, Any], headers: Mapping[str, str] | None = None
    ) -> tuple[int, Any]:
        """Send `body` as JSON, with further `headers`; return the status and the parsed answer.

        Connects when there is no connection. Raises ConnectionError when the connection
        ends before a whole answer; it is never sent again.
        """
        if self._writer is None:
            host, _, port = self._address.rpartition(":")
            self._reader, self._writer = await asyncio.open_connection(host, int(port))
        assert self._reader is not None
        payload = json.dumps(body).encode()
        further = "".join(f"{name}: {value}\r\n" for name, value in (headers or {}).items())
        head = (
            f"POST {target} HTTP/1.1\r\nHost: {self._address}\r\n{further}"
            f"Content-Type: application/json\r\nContent-Length: {len(payload)}\r\n\r\n"
        )
        self._writer.write(head.encode() + payload)
        try:
            await self._writer.drain()
            status, self.headers = await self._head()
            answer = await self._body(self.headers)
        except (asyncio.IncompleteReadError, ConnectionError) as failure:
            await self.close()
            raise ConnectionError(str(failure)) from None
        if self.headers.get("connection", "").lower() == "close":
            await self.close()
        return status, json.loads(answer)

    async def close(self) -> None:
        """End the connection."""
        if self._writer is not None:
            self._writer.close()
            with suppress(ConnectionError):
                await self._writer.wait_closed()
            self._writer = None

    async def _head(self) -> tuple[int, dict[str, str]]:
        assert self._reader is not None
        text = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = text.rstrip("\r\n").split("\r\n")
        headers = {}
        for line in lines:
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        return int(first.split()[1]), headers

    async def _body(self, headers: dict[str, str]) -> bytes:
        assert self._reader is not None
        if headers.get("transfer-encoding") != "chunked":
            return await self._reader.readexactly(int(headers["content-length"]))
        body = b""
        while size := int(await self._reader.readline(), 16):
            body += await self._reader.readexactly(size)
            await self._reader.readexactly(2)
        await self._reader.readline()
        return body
