"""An alpha dies at once while 500 sockets and 200 HTTP connections write.

No answer may be lost without an error and no write applied twice. Each write carries a
mark of its own; afterwards the marks in the database are counted.
"""

import asyncio
from collections import Counter
from dataclasses import dataclass, field

import pytest

from tests.cluster.ask import ask, until
from tests.live.instance import TOKEN
from tests.live.sockets import Line, Socket, run

SOCKETS, LINES, ROUNDS = 500, 200, 3
ALL = (SOCKETS + LINES) * ROUNDS

ANSWER_WITHIN = 120.0
"""Seconds after which a request counts as never answered: twice Otter's own limit."""


@dataclass
class Tally:
    """What became of each write, by its mark."""

    acknowledged: set[str] = field(default_factory=set)
    refused: dict[str, str] = field(default_factory=dict)
    unanswered: dict[str, str] = field(default_factory=dict)
    third: asyncio.Event = field(default_factory=asyncio.Event)

    def __len__(self) -> int:
        return len(self.acknowledged) + len(self.refused) + len(self.unanswered)

    def record(self, mark: str, error: str | None) -> None:
        """Note the answer to one write; set `third` once a third of all answers is in."""
        if error is None:
            self.acknowledged.add(mark)
        else:
            self.refused[mark] = error
        if len(self) >= ALL // 3:
            self.third.set()


async def _write_over_socket(address, predicate, number, tally, started):
    socket = await Socket.open(address)
    try:
        assert await socket.ask({"type": "auth", "token": TOKEN}) == {"status": "authenticated"}
        await started.wait()
        for turn in range(ROUNDS):
            mark = f"ws-{number}-{turn}"
            nquad = f'_:x <{predicate}> "{mark}" .'
            message = {"type": "mutation", "mutation": nquad, "commitNow": True, "id": mark}
            try:
                answer = await asyncio.wait_for(socket.ask(message), ANSWER_WITHIN)
            except (ConnectionError, TimeoutError) as failure:
                tally.unanswered[mark] = repr(failure)
                return
            assert answer["id"] == mark, answer
            tally.record(mark, answer.get("error"))
    finally:
        await socket.close()


async def _write_over_http(address, predicate, number, tally, started):
    line = Line(address)
    await started.wait()
    try:
        for turn in range(ROUNDS):
            mark = f"http-{number}-{turn}"
            body = {"set": [{predicate: mark}]}
            try:
                call = line.post("/mutate?commitNow=true", body)
                status, answer = await asyncio.wait_for(call, ANSWER_WITHIN)
            except (ConnectionError, TimeoutError) as failure:
                tally.unanswered[mark] = repr(failure)
                return
            errors = answer.get("errors")
            assert errors or status == 200, (status, answer)
            tally.record(mark, errors[0]["message"] if errors else None)
    finally:
        await line.close()


async def _storm(otter, predicate, kill):
    """Let every client write its rounds; call `kill` once a third of the answers is in."""
    tally, started = Tally(), asyncio.Event()
    async with asyncio.TaskGroup() as group:
        for number in range(SOCKETS):
            group.create_task(_write_over_socket(otter.ws, predicate, number, tally, started))
        for number in range(LINES):
            group.create_task(_write_over_http(otter.http, predicate, number, tally, started))
        started.set()
        await asyncio.wait_for(tally.third.wait(), ANSWER_WITHIN)
        kill()
    return tally


def _marks(address, predicate):
    """Return how often each mark is in the database, read past Otter."""
    question = {"query": f"{{ q(func: has({predicate})) {{ {predicate} }} }}"}
    rows = ask(address.http, "POST", "/query", question).json()["data"]["q"]
    return Counter(row[predicate] for row in rows)


@pytest.mark.parametrize("victim", ["follower", "leader"])
def test_no_answer_is_lost_and_no_write_applied_twice(otter, own_cluster, mark, victim):
    gateway = otter(own_cluster)
    leader = own_cluster.leader()
    follower = next(alpha for alpha in own_cluster.alphas if alpha is not leader)
    doomed = leader if victim == "leader" else follower
    altered = ask(gateway.http, "POST", "/alter", f"{mark}: string .")
    assert altered.json()["data"]["code"] == "Success"

    tally = run(_storm(gateway, mark, doomed.kill), 300)

    assert tally.unanswered == {}
    assert len(tally) == ALL
    own_cluster.leader()  # the survivors agree again
    survivor = own_cluster.addresses[own_cluster.alphas.index(follower if doomed is leader else leader)]
    found = until(lambda: _marks(survivor, mark), "the marks")
    twice = {which: times for which, times in found.items() if times > 1}
    assert twice == {}
    assert tally.acknowledged - found.keys() == set()
    # Whatever was refused was refused with words, and most writes were not refused at all.
    assert all(tally.refused.values())
    assert len(tally.acknowledged) > ALL // 3
    assert ask(gateway.http, "GET", "/readyz").status == 200
