"""The doors on TLS and UNIX sockets, as a process: HTTP, a WebSocket, a huge answer to a slow reader."""

import socket
import ssl
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.alphas.authority import Authority
from tests.cluster.ports import free_ports
from tests.live.instance import Otter
from tests.test_big_streams import MOST_GROWTH, PATIENCE, SIZE, BigAlpha, drained, resident

UPGRADE = (
    b"GET /ws HTTP/1.1\r\nHost: otter\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)
PING = b'{"type":"ping"}'
MASKED_PING = bytes([0x81, 0x80 | len(PING)]) + bytes(4) + PING


def exchange(client: socket.socket, sent: bytes, end: bytes) -> bytes:
    """Send and read on until `end` is in."""
    client.sendall(sent)
    got = b""
    while end not in got:
        piece = client.recv(65536)
        assert piece, f"closed after {got!r}"
        got += piece
    return got


class TestTls:
    """Both doors on `ssl:` endpoints."""

    @pytest.fixture
    def doors(self, tmp_path: Path) -> Any:
        authority = Authority(tmp_path, "ca")
        cert, key = authority.issue("otter", "localhost")
        http, ws = free_ports(2)
        ends = (f"ssl:{port}:interface=127.0.0.1:privateKey={key}:certKey={cert}" for port in (http, ws))
        context = ssl.create_default_context(cafile=authority.path)
        alpha = BigAlpha()
        alpha.start()
        keys = dict(zip(("http_endpoint", "websocket_endpoint"), ends, strict=True))
        otter = Otter([alpha.address], {"access_log": False, **keys})
        with closing(alpha.door), closing(otter):
            otter.http = f"127.0.0.1:{http}"
            otter.start(ready=False, listening=(http, ws))
            yield otter, alpha, context, http, ws

    def dial(self, context: ssl.SSLContext, port: int) -> ssl.SSLSocket:
        plain = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        return context.wrap_socket(plain, server_hostname="localhost")

    def test_both_doors_answer(self, doors: Any) -> None:
        _, _, context, http, ws = doors
        with closing(self.dial(context, http)) as client:
            got = exchange(client, b"GET /livez HTTP/1.1\r\nHost: otter\r\n\r\n", b"ok")
            assert got.startswith(b"HTTP/1.1 200 OK")
        with closing(self.dial(context, ws)) as client:
            assert exchange(client, UPGRADE, b"\r\n\r\n").startswith(b"HTTP/1.1 101 ")
            assert b'{"status":"pong"}' in exchange(client, MASKED_PING, b"}")

    def test_a_huge_answer_to_a_slow_reader_costs_little(self, doors: Any) -> None:
        otter, alpha, context, http, _ = doors
        for warm in (True, False):
            alpha.stuck.clear()
            before = resident(otter)
            with closing(self.dial(context, http)) as client:
                head = exchange(client, b"GET /ui/keywords HTTP/1.1\r\nHost: otter\r\n\r\n", b"\r\n\r\n")
                assert alpha.stuck.wait(PATIENCE), "the alpha was never held back"
                body = head.partition(b"\r\n\r\n")[2]
                assert drained(client, SIZE - len(body)) + len(body) == SIZE
            assert warm or resident(otter) - before <= MOST_GROWTH


def test_a_unix_socket_answers(tmp_path: Path) -> None:
    alpha = BigAlpha()
    path = tmp_path / "otter.sock"
    keys = {"http_endpoint": f"unix:{path}", "enable_websocket": False, "access_log": False}
    otter = Otter([alpha.address], keys)
    with closing(alpha.door), closing(otter):
        otter.start(ready=False, listening=(path,))
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(PATIENCE)
            client.connect(str(path))
            got = exchange(client, b"GET /livez HTTP/1.1\r\nHost: otter\r\n\r\n", b"ok")
            assert got.startswith(b"HTTP/1.1 200 OK")
