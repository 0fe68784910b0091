"""Alphas of a cluster in memory, called without sockets: transactions, waiting, refusals, access control."""

import asyncio
import itertools

import pytest
import pytest_twisted
from twisted.internet.task import Clock

from otterd.alphas.grpcio import deferred_of
from otterd.core.texts import DRAINING, EXPIRED_IN_FULL, NOT_READY, THROTTLED
from otterd.sandbox.accounts import Accounts
from otterd.sandbox.alpha import Alpha
from otterd.sandbox.cluster import Cluster, Shape
from otterd.sandbox.engine.answer import answer
from otterd.sandbox.failures import ABORTED, UNAUTHENTICATED, Failed
from otterd.sandbox.faults import Reset
from otterd.sandbox.run import load_facts
from otterd.sandbox.trouble import Trouble
from otterd.wire import api_pb2 as api

FIND = "{ q(func: has(name)) { name } }"


def together(test):
    """Run a test that is a coroutine of asyncio's."""

    @pytest_twisted.ensureDeferred
    async def run(cluster):
        await deferred_of(test(cluster, *(Alpha(cluster, number) for number in range(3))))

    return run


@pytest.fixture
def cluster():
    moments = itertools.count(1_000_000)
    return Cluster(Shape(), answer, lambda: float(next(moments)), Clock())


def put(quads, *, start_ts=0, commit_now=False):
    """Return a request that sets `quads`."""
    mutation = api.Mutation(set_nquads=quads.encode())
    return api.Request(start_ts=start_ts, mutations=[mutation], commit_now=commit_now)


async def names(alpha, metadata=(), **options):
    response = await alpha.query(api.Request(query=FIND, **options), dict(metadata))
    return response.json


@together
async def test_what_one_alpha_commits_another_reads(cluster, one, two, three):
    done = await one.query(put('_:a <name> "A" .', commit_now=True), {})
    assert done.txn.commit_ts > done.txn.start_ts
    assert dict(done.uids) == {"a": "0x1"}
    assert list(done.txn.preds) == ["1-0-name"]
    assert not done.txn.keys
    assert await names(two) == b'{"q":[{"name":"A"}]}'


@together
async def test_open_work_is_seen_by_its_own_transaction_and_by_others_once_committed(
    cluster, one, two, three
):
    begun = await one.query(put('_:a <name> "A" .'), {})
    assert await names(two, start_ts=begun.txn.start_ts) == b'{"q":[{"name":"A"}]}'
    assert await names(two) == b'{"q":[]}'
    await two.commit(
        api.TxnContext(start_ts=begun.txn.start_ts, keys=begun.txn.keys, preds=begun.txn.preds), {}
    )
    assert await names(three) == b'{"q":[{"name":"A"}]}'


@together
async def test_the_later_of_two_writers_is_aborted(cluster, one, two, three):
    await one.query(put('_:a <name> "A" .', commit_now=True), {})
    first = await one.query(put('<0x1> <name> "B" .'), {})
    second = await two.query(put('<0x1> <name> "C" .'), {})
    await one.commit(first.txn, {})
    with pytest.raises(Failed) as refused:
        await two.commit(second.txn, {})
    assert (refused.value.code, refused.value.text) == (
        ABORTED,
        "Transaction has been aborted. Please retry",
    )
    assert await names(three) == b'{"q":[{"name":"B"}]}'


@together
async def test_a_mutation_that_fails_leaves_nothing(cluster, one, two, three):
    await one.alter(api.Operation(schema="age: int ."), {})
    with pytest.raises(Failed) as refused:
        await one.query(put('_:a <name> "A" .\n_:a <age> "many" .', commit_now=True), {})
    assert refused.value.text == 'strconv.ParseInt: parsing "many": invalid syntax'
    assert await names(two) == b'{"q":[]}'
    assert not cluster.store.open()


@together
async def test_an_alter_aborts_who_writes_what_it_alters(cluster, one, two, three):
    begun = await one.query(put('_:a <name> "A" .'), {})
    with pytest.raises(Failed) as refused:
        await two.alter(api.Operation(schema="name: string @index(exact) ."), {})
    assert refused.value.text == "Pending transactions found. Please retry operation"
    with pytest.raises(Failed):
        await one.commit(begun.txn, {})
    await two.alter(api.Operation(schema="name: string @index(exact) ."), {})


@together
async def test_a_read_in_the_future_waits_for_it(cluster, one, two, three):
    reading = asyncio.ensure_future(names(one, start_ts=3))
    await asyncio.sleep(0)
    assert not reading.done()
    await two.query(put('_:a <name> "A" .', commit_now=True), {})
    await two.query(api.Request(query=FIND), {})
    assert await reading == b'{"q":[{"name":"A"}]}'


@together
async def test_in_an_election_only_best_effort_reads_go_on(cluster, one, two, three):
    trouble = Trouble(cluster)
    await one.query(put('_:a <name> "A" .', commit_now=True), {})
    trouble.begin_election(1)
    reading = asyncio.ensure_future(names(one))
    writing = asyncio.ensure_future(two.query(put('_:b <name> "B" .', commit_now=True), {}))
    assert await names(three, read_only=True, best_effort=True) == b'{"q":[{"name":"A"}]}'
    await asyncio.sleep(0)
    assert not reading.done()
    assert not writing.done()
    trouble.end_election(1)
    await reading
    await writing
    leader = cluster.zero.membership.leader(1)
    assert leader is not None
    assert leader.id == 2


@together
async def test_an_alpha_that_lags_shows_best_effort_reads_the_past(cluster, one, two, three):
    one.faults.change(lag=True)
    assert one.max_assigned == cluster.zero.max_assigned
    await two.query(put('_:a <name> "A" .', commit_now=True), {})
    assert await names(one, read_only=True, best_effort=True) == b'{"q":[]}'
    waiting = asyncio.ensure_future(names(one, read_only=True))
    await asyncio.sleep(0)
    assert not waiting.done()
    one.faults.heal()
    assert await waiting == b'{"q":[{"name":"A"}]}'


@together
async def test_a_move_aborts_what_commits_meanwhile(cluster, one, two, three):
    begun = await one.query(put('_:a <name> "A" .'), {})
    cluster.zero.begin_move(0, "name")
    with pytest.raises(Failed) as refused:
        await one.commit(begun.txn, {})
    assert refused.value.code == ABORTED


@pytest.mark.parametrize(
    ("fault", "text"), [("draining", DRAINING), ("unready", NOT_READY), ("overloaded", THROTTLED)]
)
@pytest_twisted.ensureDeferred
async def test_an_alpha_refuses_in_dgraph_s_words(cluster, fault, text):
    alpha = Alpha(cluster, 0)
    alpha.faults.change(**{fault: True})
    with pytest.raises(Failed) as refused:
        await deferred_of(alpha.perform("Query", api.Request(query=FIND).SerializeToString(), {}))
    assert (refused.value.code, refused.value.text) == (2, text)
    alpha.faults.heal()
    await deferred_of(alpha.perform("Query", api.Request(query=FIND).SerializeToString(), {}))


@together
async def test_a_reset_comes_before_or_after_the_work(cluster, one, two, three):
    work = put('_:a <name> "A" .', commit_now=True).SerializeToString()
    one.faults.change(reset_before=True, only=["Query"])
    with pytest.raises(Reset):
        await one.perform("Query", work, {})
    assert await names(two) == b'{"q":[]}'
    one.faults.change(reset_before=False, reset_after=True)
    with pytest.raises(Reset):
        await one.perform("Query", work, {})
    assert await names(two) == b'{"q":[{"name":"A"}]}'
    await one.perform("CheckVersion", b"", {})


@together
async def test_what_hangs_goes_on_when_it_is_mended(cluster, one, two, three):
    one.faults.change(hang=True)
    asking = asyncio.ensure_future(one.perform("CheckVersion", b"", {}))
    await asyncio.sleep(0)
    assert not asking.done()
    one.faults.heal()
    assert api.Version.FromString(await asking).tag.startswith("v25")


def test_a_fault_that_nobody_knows_is_refused(cluster):
    with pytest.raises(ValueError, match="unknown fault: dealy"):
        cluster.faults[0].change(dealy=1)


@together
async def test_with_access_control_a_token_is_demanded_and_expires(cluster, one, two, three):
    clock = [1000.0]
    cluster.accounts = Accounts(lambda: clock[0], ttl=5)
    with pytest.raises(Failed) as refused:
        await names(one)
    assert (refused.value.code, refused.value.text) == (UNAUTHENTICATED, "no accessJwt available")
    login = await two.login(api.LoginRequest(userid="groot", password="password"), {})
    jwt = api.Jwt.FromString(login.json)
    shown = {"accessjwt": jwt.access_jwt}
    begun = await three.query(put('_:a <name> "A" .'), shown)
    with pytest.raises(Failed, match="hash mismatch"):
        await three.commit(api.TxnContext(start_ts=begun.txn.start_ts), shown)
    await three.commit(begun.txn, shown)
    clock[0] += 5
    with pytest.raises(Failed) as refused:
        await names(one, shown)
    assert (refused.value.code, refused.value.text) == (UNAUTHENTICATED, EXPIRED_IN_FULL)
    again = await one.login(api.LoginRequest(refresh_token=jwt.refresh_jwt), {})
    assert await names(one, {"accessjwt": api.Jwt.FromString(again.json).access_jwt})
    with pytest.raises(Failed, match="invalid username or password"):
        await one.login(api.LoginRequest(userid="groot", password="wrong"), {})


@together
async def test_the_facts_are_there(cluster, one, two, three):
    await load_facts(one)
    asked = api.Request(
        query='{ q(func: eq(name, "Io")) { name orbits { name } discovered_by { name born } } }'
    )
    found = await three.query(asked, {})
    assert found.json == (
        b'{"q":[{"name":"Io","orbits":{"name":"Jupiter"},'
        b'"discovered_by":[{"name":"Galileo Galilei","born":"1564-02-15T00:00:00Z"}]}]}'
    )


@together
async def test_run_dql_takes_queries_mutations_and_upserts(cluster, one, two, three):
    await one.run_dql(api.RunDQLRequest(dql_query='{ set { _:a <name> "A" . } }'), {})
    upsert = 'upsert { query { v as var(func: has(name)) } mutation { set { uid(v) <name> "B" . } } }'
    await one.run_dql(api.RunDQLRequest(dql_query=upsert), {})
    found = await two.run_dql(api.RunDQLRequest(dql_query=FIND, read_only=True), {})
    assert found.json == b'{"q":[{"name":"B"}]}'


@pytest.mark.parametrize(
    ("quads", "what"),
    [('_:a <place> "{}"^^<geo:geojson> .', "type geo"), ('_:a <key> "x"^^<xs:password> .', "type password")],
)
@pytest_twisted.ensureDeferred
async def test_what_is_outside_is_refused_by_name(cluster, quads, what):
    with pytest.raises(Failed) as refused:
        await deferred_of(Alpha(cluster, 0).query(put(quads), {}))
    assert refused.value.text in (f"sandbox: {what} is not supported", refused.value.text)
