"""What a request leaves behind is freed at once: the collector seldom looks."""

import pytest
from twisted.internet.defer import Deferred

from otterd.core.operation import Door, Entry, Operation
from otterd.edges.http.exchange import Reply, Request
from otterd.edges.http.factory import HttpFactory
from otterd.edges.http.preflight import Head
from tests.circles import left_in_circles
from tests.edges.http.siterig import SiteRig
from tests.edges.http.wirerig import FakeSocket, get, post


class Forgetful:
    """A ledger that keeps nothing."""

    def open(self, door: Door, route: str, offered: bytes | None = None) -> Entry:
        return Entry(door, route, "id", 0.0)

    def close(self, entry: Entry) -> None:
        pass


@pytest.mark.parametrize("kind", [Request, Reply, Entry, Operation, Head, Deferred])
def test_answered_requests_leave_no_circles(kind: type) -> None:
    rig = SiteRig()
    factory = HttpFactory(rig.live, rig.clock, rig.site, Forgetful())
    connection, socket = factory.buildProtocol(None), FakeSocket()
    connection.makeConnection(socket)
    query = post("/query", b"{ q(func: has(name)) { name } }", "Content-Type: application/dql")
    requests = (query, post("/query", b"{", "Content-Type: text/plain"), get("/livez"), get("/nope"))

    def work() -> None:
        for request in requests * 3:
            connection.dataReceived(request)
        for alpha in rig.alphas.values():
            alpha.channel.calls.clear()
            alpha.http.calls.clear()

    assert left_in_circles(work, kind) == 0
    assert socket.value().count(b"HTTP/1.1 200 OK") == 9
    connection.connectionLost()
