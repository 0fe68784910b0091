"""What a message leaves behind is freed at once: the collector seldom looks."""

import pytest
from twisted.internet.defer import Deferred

from otterd.core.operation import Door, Entry, Operation
from otterd.edges.ws.factory import OtterSocketFactory
from otterd.edges.ws.task import Task
from otterd.errors import Lost
from otterd.gateway.passage import Passage
from tests.circles import left_in_circles
from tests.edges.ws.fakes import Client, FakeGuard, response
from tests.fakes.memory import Delayed
from tests.gateway.rig import Rig


class Forgetful:
    """A ledger that keeps nothing."""

    def open(self, door: Door, route: str, offered: bytes | None = None) -> Entry:
        return Entry(door, route, "id", 0.0)

    def close(self, entry: Entry) -> None:
        pass


@pytest.mark.parametrize("kind", [Task, Entry, Operation, Passage, Deferred])
@pytest.mark.parametrize("outcome", [response(b"{}"), Lost("broken"), Delayed(1, response(b"{}"))], ids=repr)
def test_answered_messages_leave_no_circles(kind: type, outcome: object) -> None:
    rig = Rig()
    factory = OtterSocketFactory(rig.live, rig.clock, rig.gateway, FakeGuard(), Forgetful())
    client = Client(factory).open().authenticate()
    for alpha in rig.alphas.values():
        alpha.channel.on("Query", outcome)

    def work() -> None:
        for id in (None, "a", None):
            client.say(type="query", query="{q}", id=id)
            client.say(type="mutation", mutation="m", commitNow=True, id=id)
            client.say(type="ping", id=id)
        for _ in range(6):
            rig.clock.advance(1)
        for alpha in rig.alphas.values():
            alpha.channel.calls.clear()

    assert left_in_circles(work, kind) == 0
    assert len(client.texts) == 9
    client.hang_up()
