"""One group in trouble: deaths, elections, lag, schemas that come late, zero gone; all by the clock."""

from collections.abc import Awaitable, Callable

import pytest
import pytest_twisted

from otterd.alphas.grpcio import deferred_of
from otterd.core.texts import PENDING_PROPOSALS
from otterd.sandbox.failures import ABORTED, UNAUTHENTICATED, Failed
from otterd.wire import api_pb2 as api
from tests.sandbox.rig import START, Rig

A = '{"q":[{"name":"A"}]}'
AB = '{"q":[{"name":"A"},{"name":"B"}]}'


def with_a_name(test: Callable[[Rig], Awaitable[None]]) -> Callable[[], object]:
    """Run a test on one group of three in which the name A is stored."""

    async def whole() -> None:
        rig = Rig(3)
        try:
            await rig.put(0, '_:a <name> "A" .')
            await test(rig)
        finally:
            rig.stop()

    @pytest_twisted.ensureDeferred
    async def run() -> None:
        await deferred_of(whole())

    return run


@with_a_name
async def test_for_as_long_as_an_election_takes_reads_and_writes_of_all_alphas_hang(rig):
    rig.trouble.elect(1, 6)
    held = [await rig.begin(rig.names(number)) for number in range(3)]
    held += [await rig.begin(rig.put(number, '_:b <other> "B" .')) for number in range(3)]
    held.append(
        await rig.begin(rig.alphas[1].alter(api.Operation(schema="name: string @index(exact) ."), {}))
    )
    await rig.pass_time(5.9)
    assert not any(work.done() for work in held)
    assert rig.leaders(1) == [0]
    await rig.pass_time(0.1)
    assert all(work.done() and work.exception() is None for work in held)
    assert [rig.leaders(number) for number in range(3)] == [[1], [1], [1]]
    assert rig.state(0)["groups"]["1"]["members"]["2"]["lastUpdate"] == str(int(START) + 6)


@with_a_name
async def test_an_election_stops_neither_commits_nor_reads_of_the_past_nor_best_effort(rig):
    begun = await rig.put(0, '_:b <name> "B" .', open=True)
    rig.trouble.elect(1, 6)
    assert await rig.names(1, read_only=True, best_effort=True) == A
    assert await rig.names(2, start_ts=begun.start_ts - 1) == A
    assert (await rig.alphas[2].commit(begun, {})).commit_ts
    assert rig.health(1)["max_assigned"] == begun.start_ts
    assert await rig.names(1, read_only=True, best_effort=True) == A
    assert await rig.query(1, "{ q(func: uid(1)) { uid } }") == '{"q":[{"uid":"0x1"}]}'
    await rig.pass_time(6)
    assert await rig.names(1, read_only=True, best_effort=True) == AB


@with_a_name
async def test_after_its_death_the_leader_is_still_shown_until_another_leads(rig):
    rig.trouble.kill(0, election=6)
    reading = await rig.begin(rig.names(1))
    assert rig.leaders(1) == [0]
    assert b'dgraph_raft_has_leader{group="1"} 0' in rig.alphas[1].metrics()
    await rig.pass_time(6)
    assert await reading == A
    assert rig.leaders(2) == [1]
    assert b'dgraph_raft_is_leader{group="1"} 1' in rig.alphas[1].metrics()
    rig.trouble.restart(0)
    assert await rig.names(0) == A
    assert rig.leaders(0) == [1]


@with_a_name
async def test_a_follower_s_death_stops_nobody_and_is_noticed_by_the_others(rig):
    rig.trouble.kill(2)
    assert await rig.names(0) == A
    assert rig.alphas[2].seen()["status"] == "healthy"
    await rig.pass_time(2)
    assert rig.alphas[2].seen()["status"] == "unhealthy"
    assert rig.alphas[2].seen()["lastEcho"] == int(START)
    assert rig.leaders(1) == [0]


@with_a_name
async def test_without_most_of_its_members_a_group_waits_for_them(rig):
    rig.trouble.kill(1)
    rig.trouble.kill(2)
    reading = await rig.begin(rig.names(0))
    await rig.pass_time(60)
    assert not reading.done()
    assert await rig.names(0, read_only=True, best_effort=True) == A
    rig.trouble.restart(2)
    await rig.turns()
    assert await reading == A


@with_a_name
async def test_an_alpha_that_was_started_again_is_ready_after_a_while(rig):
    rig.trouble.kill(1)
    rig.trouble.restart(1, ready_after=4)
    assert rig.alphas[1].faults.health()
    await rig.pass_time(4)
    assert not rig.alphas[1].faults.health()


@with_a_name
async def test_a_stopped_process_answers_nothing_and_goes_on_where_it_was(rig):
    payload = api.Request(query="{ q(func: has(name)) { name } }").SerializeToString()
    rig.trouble.freeze(0, election=5)
    asking = await rig.begin(rig.alphas[0].perform("Query", payload, {}))
    await rig.pass_time(5)
    assert rig.leaders(1) == [1]
    assert await rig.names(2) == A
    assert not asking.done()
    assert rig.alphas[0].seen()["status"] == "unhealthy"
    rig.trouble.thaw(0)
    assert api.Response.FromString(await asking).json.decode() == A
    assert rig.leaders(0) == [1]


@with_a_name
async def test_what_is_applied_by_a_process_that_then_stops_is_answered_when_it_goes_on(rig):
    rig.trouble.begin_election(1)
    writing = await rig.begin(rig.put(2, '_:b <name> "B" .'))
    rig.trouble.freeze(2)
    rig.trouble.end_election(1)
    await rig.turns()
    assert await rig.names(1) == A
    rig.trouble.thaw(2)
    await rig.turns()
    assert writing.done()
    assert await rig.names(1) == AB


@with_a_name
async def test_what_lags_lags_from_the_moment_it_does(rig):
    rig.trouble.fault(1, lag=True)
    await rig.put(0, '_:b <name> "B" .')
    assert await rig.names(1, read_only=True, best_effort=True) == A
    assert rig.health(1)["max_assigned"] < rig.health(0)["max_assigned"]
    assert b"dgraph_max_assigned_ts{" in rig.alphas[1].metrics()
    reading = await rig.begin(rig.names(1, read_only=True))
    assert not reading.done()
    assert await rig.names(2, read_only=True) == AB
    rig.trouble.heal(1)
    assert await reading == AB


@with_a_name
async def test_an_alter_is_answered_before_every_alpha_knows_the_schema(rig):
    asked = '{ q(func: eq(name, "A")) { name } }'
    rig.trouble.fault(2, schema_behind=True)
    await rig.alphas[0].alter(api.Operation(schema="name: string @index(exact) ."), {})
    assert [await rig.query(number, asked) for number in (0, 1)] == [A, A]
    with pytest.raises(Failed) as refused:
        await rig.query(2, asked)
    assert refused.value.text == ": Predicate name is not indexed"
    assert '"index"' not in await rig.query(2, "schema(pred: [name]) {}")
    assert '"index":true' in await rig.query(1, "schema(pred: [name]) {}")
    rig.trouble.heal(2)
    assert await rig.query(2, asked) == A


@with_a_name
async def test_without_zero_only_best_effort_and_dated_reads_go_on(rig):
    begun = await rig.put(0, '_:b <name> "B" .', open=True)
    rig.trouble.lose_zero()
    held = [await rig.begin(rig.names(0)), await rig.begin(rig.put(1, '_:c <name> "C" .'))]
    held.append(await rig.begin(rig.alphas[2].alter(api.Operation(schema="x: int ."), {})))
    assert await rig.names(1, read_only=True, best_effort=True) == A
    assert await rig.names(1, start_ts=begun.start_ts) == AB
    new_uid = rig.put(0, '_:d <name> "D" .', start_ts=begun.start_ts, open=True)
    for refused in (rig.alphas[0].commit(begun, {}), new_uid):
        with pytest.raises(Failed, match=r"^No connection exists$"):
            await refused
    await rig.pass_time(60)
    assert not any(work.done() for work in held)
    rig.trouble.restore_zero()
    await rig.turns()
    assert all(work.done() and work.exception() is None for work in held)


@with_a_name
async def test_without_zero_nobody_hears_who_leads(rig):
    rig.trouble.lose_zero()
    rig.trouble.kill(0)
    assert b'dgraph_raft_is_leader{group="1"} 1' in rig.alphas[1].metrics()
    assert rig.leaders(2) == [0]
    rig.trouble.restore_zero()
    assert rig.leaders(2) == [1]


@with_a_name
async def test_a_copy_of_the_state_may_be_old(rig):
    rig.trouble.fault(1, state_behind=True)
    rig.trouble.kill(0)
    assert rig.leaders(1) == [0]
    assert rig.leaders(2) == [1]
    assert int(rig.state(1)["counter"]) < int(rig.state(2)["counter"])
    rig.trouble.heal(1)
    assert rig.leaders(1) == [1]


@with_a_name
async def test_too_many_proposals_refuse_writes_and_abort_them(rig):
    rig.trouble.fault(0, pending_proposals=True)
    with pytest.raises(Failed) as refused:
        await rig.put(0, '_:b <name> "B" .')
    assert (refused.value.code, refused.value.text) == (2, PENDING_PROPOSALS)
    assert not rig.cluster.store.open()
    assert b"dgraph_pending_proposals_total 256" in rig.alphas[0].metrics()
    assert await rig.names(0) == A
    await rig.put(1, '_:b <name> "B" .')


@with_a_name
async def test_what_waits_is_counted(rig):
    rig.trouble.begin_election(1)
    await rig.begin(rig.names(1))
    await rig.begin(rig.put(1, '_:b <name> "B" .'))
    figures = rig.alphas[1].metrics()
    assert b"dgraph_pending_queries_total 2" in figures
    assert b"dgraph_pending_proposals_total 1" in figures
    rig.trouble.end_election(1)
    await rig.turns()
    assert b"dgraph_pending_queries_total 0" in rig.alphas[1].metrics()


@with_a_name
async def test_a_delay_goes_by_the_clock(rig):
    rig.trouble.fault(0, delay=3.0)
    asking = await rig.begin(rig.alphas[0].perform("CheckVersion", b"", {}))
    await rig.pass_time(2.9)
    assert not asking.done()
    await rig.pass_time(0.1)
    assert asking.done()
    assert not rig.clock.getDelayedCalls()


@with_a_name
async def test_tokens_expire_by_the_clock(rig):
    rig.trouble.demand_tokens(5)
    login = await rig.alphas[0].login(api.LoginRequest(userid="groot", password="password"), {})
    shown = {"accessjwt": api.Jwt.FromString(login.json).access_jwt}
    request = api.Request(query="{ q(func: has(name)) { name } }")
    await rig.alphas[1].query(request, shown)
    await rig.pass_time(5)
    with pytest.raises(Failed) as refused:
        await rig.alphas[1].query(request, shown)
    assert refused.value.code == UNAUTHENTICATED
    rig.trouble.demand_tokens(None)
    await rig.names(1)


@with_a_name
async def test_a_commit_to_what_moves_is_aborted(rig):
    begun = await rig.put(0, '_:b <name> "B" .', open=True)
    await rig.begin(rig.trouble.move("name", 1, seconds=9))
    with pytest.raises(Failed) as refused:
        await rig.alphas[1].commit(begun, {})
    assert refused.value.code == ABORTED
    assert await rig.names(2) == A
    await rig.pass_time(9)
    await rig.put(0, '_:b <name> "B" .')
