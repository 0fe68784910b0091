"""Several groups: whose predicate is whose, elections and deaths of one, and what the others say of it."""

from collections.abc import Awaitable, Callable

import pytest
import pytest_twisted

from otterd.alphas.grpcio import deferred_of
from otterd.sandbox.failures import ABORTED, UNAVAILABLE, UNKNOWN, Failed
from otterd.wire import api_pb2 as api
from tests.sandbox.rig import Rig

DIALING = (
    'rpc error: code = Unavailable desc = connection error: desc = "transport: Error while dialing:'
    ' dial tcp 127.0.0.1:7082: connect: connection refused"'
)
"""What a dead alpha's port says to the others, until they have noticed its silence."""


def with_groups(*sizes: int) -> Callable[[Callable[[Rig], Awaitable[None]]], Callable[[], object]]:
    """Run a test on groups of these sizes; the first alpha of group n has written predicate p<n>."""

    def wrap(test: Callable[[Rig], Awaitable[None]]) -> Callable[[], object]:
        async def whole() -> None:
            rig = Rig(*sizes)
            try:
                for group, first in enumerate(firsts(sizes), 1):
                    await rig.put(first, f'_:a <p{group}> "A" .')
                await test(rig)
            finally:
                rig.stop()

        @pytest_twisted.ensureDeferred
        async def run() -> None:
            await deferred_of(whole())

        return run

    return wrap


def firsts(sizes: tuple[int, ...]) -> list[int]:
    return [sum(sizes[:group]) for group in range(len(sizes))]


def found(pred: str) -> str:
    return f'{{"q":[{{"{pred}":"A"}}]}}'


async def failure(work: Awaitable[object]) -> tuple[int, str]:
    with pytest.raises(Failed) as failed:
        await work
    return failed.value.code, failed.value.text


@with_groups(1, 1, 1)
async def test_the_first_writer_s_group_gets_the_predicate(rig):
    groups = rig.state(0)["groups"]
    assert [[t for t in groups[g]["tablets"] if "dgraph" not in t] for g in "123"] == [
        ["0-p1"],
        ["0-p2"],
        ["0-p3"],
    ]
    assert [rig.health(number)["group"] for number in range(3)] == ["1", "2", "3"]
    assert [rig.leaders(0, group) for group in (1, 2, 3)] == [[0], [1], [2]]
    assert (await rig.put(0, '_:a <p2> "B" .', open=True)).preds == ["2-0-p2"]
    assert await rig.names(2, "p1") == found("p1")


@with_groups(3, 3)
async def test_groups_are_filled_one_after_the_other(rig):
    assert [rig.health(number)["group"] for number in range(6)] == ["1", "1", "1", "2", "2", "2"]
    assert [rig.leaders(5, group) for group in (1, 2)] == [[0], [3]]


@with_groups(3, 3)
async def test_an_election_holds_its_own_group_s_predicates_through_every_alpha(rig):
    rig.trouble.elect(2, 6)
    held = [await rig.begin(rig.names(number, "p2")) for number in range(6)]
    held.append(await rig.begin(rig.put(0, '_:b <p2> "B" .')))
    await rig.put(4, '_:b <p1> "B" .')
    assert "A" in await rig.names(3, "p1")
    assert await rig.names(4, "p2", read_only=True, best_effort=True) == found("p2")
    assert not any(work.done() for work in held)
    await rig.pass_time(6)
    assert all(work.done() and work.exception() is None for work in held)
    assert (rig.leaders(0, 1), rig.leaders(0, 2)) == ([0], [4])


@with_groups(3, 3)
async def test_a_dead_leader_of_another_group_is_missed_by_writes_at_once(rig):
    rig.trouble.kill(3, election=6)
    assert await failure(rig.put(0, '_:b <p1> "B" .')) == (
        UNAVAILABLE,
        f"cannot retrieve predicate information: {DIALING.replace('7082', '7083')}",
    )
    await rig.put(4, '_:c <p1> "C" .')
    assert "C" in await rig.names(0, "p1")
    best_effort = await rig.begin(rig.names(0, "p2", read_only=True, best_effort=True))
    assert not best_effort.done()
    await rig.pass_time(6)
    assert await best_effort == found("p2")
    await rig.put(0, '_:b <p2> "B" .')
    assert rig.leaders(0, 2) == [4]


@with_groups(1, 1, 1)
async def test_a_dead_group_s_data_is_an_error_at_once_even_best_effort(rig):
    rig.trouble.kill(2)
    for options in ({}, {"read_only": True}, {"read_only": True, "best_effort": True}):
        assert await failure(rig.names(0, "p3", **options)) == (UNAVAILABLE, f": {DIALING}")
    assert await rig.names(0, "p1") == found("p1")
    await rig.pass_time(2)
    unhealthy = ": dispatchTaskOverNetwork: while retrieving connection.: Unhealthy connection"
    assert await failure(rig.names(1, "p3")) == (UNKNOWN, unhealthy)
    assert await rig.names(1, "nobody") == '{"q":[]}'
    rig.trouble.restart(2)
    assert await rig.names(0, "p3") == found("p3")


@with_groups(1, 1, 1)
async def test_a_dead_group_stops_every_write_and_alter(rig):
    begun = await rig.put(0, '_:b <p3> "B" .', open=True)
    rig.trouble.kill(2)
    unique = "unique validation failed to fetch schema for predicates [0-p3]: "
    schema, types = ": while fetching schema: ", "cannot retrieve predicate information: "
    alter = api.Operation(schema="p2: string @index(exact) .")
    for code, text in ((UNAVAILABLE, DIALING), (UNKNOWN, "No connection exists")):
        assert await failure(rig.put(0, '_:b <p3> "B" .')) == (code, unique + text)
        assert await failure(rig.put(0, '_:b <p1> "B" .')) == (code, types + text)
        assert await failure(rig.query(0, "schema {}")) == (code, schema + text)
        assert await failure(rig.query(1, "schema(pred: [p3]) {}")) == (code, schema + text)
        assert await failure(rig.alphas[1].alter(alter, {})) == (code, types + text)
        await rig.pass_time(2)
    assert (await rig.alphas[0].commit(begun, {})).commit_ts
    rig.trouble.restart(2)
    assert await rig.names(1, "p3") == '{"q":[{"p3":"A"},{"p3":"B"}]}'


@with_groups(1, 1, 1)
async def test_what_was_sent_to_a_stopped_group_stays_there_and_what_comes_later_fails(rig):
    rig.trouble.freeze(2)
    held = [await rig.begin(rig.names(0, "p3")), await rig.begin(rig.put(0, '_:b <p1> "B" .'))]
    await rig.pass_time(60)
    assert not any(work.done() for work in held)
    assert "Unhealthy connection" in (await failure(rig.names(0, "p3")))[1]
    assert "No connection exists" in (await failure(rig.put(0, '_:b <p1> "B" .')))[1]
    rig.trouble.thaw(2)
    await rig.turns()
    assert held[0].result() == found("p3")
    assert held[1].exception() is None


@with_groups(1, 1, 1)
async def test_a_tablet_moves_and_older_transactions_learn_of_it(rig):
    older = await rig.put(0, '_:b <p1> "B" .', open=True)
    await rig.trouble.move("p1", 2)
    tablets = rig.state(0)["groups"]["2"]["tablets"]
    assert set(tablets) == {"0-p1", "0-p2"}
    moved = int(tablets["0-p1"]["moveTs"])
    assert moved > older.start_ts
    expected = f': StartTs: {older.start_ts} is from before MoveTs: {moved} for pred: "0-p1"'
    for number in range(3):
        assert await failure(rig.names(number, "p1", start_ts=older.start_ts)) == (UNKNOWN, expected)
    assert (await failure(rig.alphas[0].commit(older, {})))[0] == ABORTED
    assert (await rig.put(0, '_:b <p1> "B" .', start_ts=older.start_ts, open=True)).preds[-1] == "2-0-p1"
    assert await rig.names(2, "p1") == found("p1")


@with_groups(1, 3)
async def test_another_group_s_laggard_is_not_asked(rig):
    rig.trouble.fault(1, lag=True)
    await rig.put(0, '_:b <p2> "B" .')
    assert "B" in await rig.names(0, "p2")
    reading = await rig.begin(rig.names(1, "p2"))
    assert not reading.done()
    assert await rig.names(1, "p1") == found("p1")


@with_groups(1, 1)
async def test_who_serves_a_predicate_decides_whether_it_is_indexed(rig):
    asked = '{ q(func: eq(p2, "A")) { p2 } }'
    rig.trouble.fault(1, schema_behind=True)
    await rig.alphas[0].alter(api.Operation(schema="p2: string @index(exact) ."), {})
    assert (await failure(rig.query(0, asked)))[1] == ": Predicate p2 is not indexed"
    rig.trouble.heal(1)
    assert await rig.query(0, asked) == found("p2")
