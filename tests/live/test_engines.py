"""Both engines against real alphas: how calls end when alphas refuse, hang, stop and die."""

import pytest
import pytest_twisted
from twisted.internet.defer import gatherResults
from twisted.internet.task import deferLater

from otterd.alphas.account import Account
from otterd.alphas.fleet import Fleet
from otterd.config.live import Live
from otterd.config.schema import Config, Engine
from otterd.core.operation import Rpc
from otterd.errors import AlphaFailure, Lost, NotReached, TimedOut
from otterd.wire import api_pb2 as api
from tests.cluster import Shape
from tests.live.conftest import started

VERSION = Rpc("CheckVersion", b"")


@pytest.fixture(scope="module")
def lone():
    """Give a cluster of one alpha, which only this module uses."""
    yield from started(Shape(alphas=1))


@pytest.fixture(params=list(Engine))
def engine(request):
    return request.param


@pytest_twisted.async_yield_fixture
async def fleet_of(reactor, engine):
    """Make fleets, and stop them after the test."""
    fleets = []

    def make(cluster, **keys):
        addresses = {each.grpc: each.http for each in cluster.addresses}
        keys = {"dgraph_endpoints": tuple(addresses), "dgraph_http_endpoints": addresses, **keys}
        keys.setdefault("alpha_engine", engine)
        fleets.append(Fleet(Live(Config(**keys)), reactor))
        return fleets[-1]

    yield make
    for fleet in fleets:
        await fleet.stop()
    await deferLater(reactor, 0.05)


def query(text, **more):
    return Rpc("Query", api.Request(query=text, read_only=True, **more).SerializeToString())


def end(call):
    """Turn the failure of `call` into its result."""

    def failed(failure):
        failure.trap(AlphaFailure)
        return failure.value

    return call.addErrback(failed)


async def hangs(channel):
    """Return a call that waits for a time that never comes; for that its predicate must exist."""
    write = api.Request(commit_now=True, mutations=[api.Mutation(set_nquads=b'_:x <engine_x> "1" .')])
    assert (await channel.call(Rpc("Query", write.SerializeToString()), 20)).status == 0
    return query("{q(func:has(engine_x)){uid}}", start_ts=2**40)


async def reached(reactor, channel):
    """Wait until the alpha answers."""
    for _ in range(600):
        if not isinstance(answer := await end(channel.call(VERSION, 5)), AlphaFailure) and not answer.status:
            return
        await deferLater(reactor, 0.1)
    raise AssertionError("the alpha did not come back")


async def test_answers_and_refusals_are_the_alphas_own(cluster, fleet_of):
    [channel, *_] = [alpha.channel for alpha in fleet_of(cluster).alphas]
    assert (await channel.call(VERSION, 5)).status == 0
    answer = await channel.call(query("{q(func:uid(1)){uid}}"), 5)
    assert (answer.status, answer.headers[0][0]) == (0, b"dgraph-toucheduids")
    assert (await channel.call(Rpc("Nonsense", b""), 5)).status == 12
    refusal = await channel.call(query("x" * 300_000), 5)
    assert refusal.status == 2
    assert refusal.message.startswith("while lexing xxx")
    assert len(refusal.message) > 300_000


SAID = {
    "a query": query("{q(func:uid(1)){uid}}"),
    "variables": query("query q($a:string){q(func:uid(1)){uid v:math(1)}}", vars={"$a": "1"}),
    "debug": Rpc(
        "Query", api.Request(query="{q(func:uid(1)){uid}}").SerializeToString(), (("debug", "true"),)
    ),
    "a schema": query("schema{}"),
    "a syntax error": query("{q(func:ü"),
    "a long error": query("y" * 200_000),
    "a write without a commit": Rpc(
        "Query",
        api.Request(mutations=[api.Mutation(set_nquads=b'<0x1> <engine_y> "1" .')]).SerializeToString(),
    ),
    "no message": Rpc("Query", b""),
    "no protobuf": Rpc("Query", b"\xff\xff"),
    "no UTF-8": Rpc("Query", b"\x22\x02\xff\xfe"),
    "a commit of nothing": Rpc("CommitOrAbort", b""),
    "an alter": Rpc("Alter", api.Operation(schema="engine_z: nonsense .").SerializeToString()),
    "a wrong login": Rpc("Login", api.LoginRequest(userid="x", password="y").SerializeToString()),
    "an unknown method": Rpc("Nonsense", b""),
    "no method": Rpc("", b""),
    "a token that is none": Rpc("Query", query("{q(func:uid(1)){uid}}").payload, (("accessjwt", "x.y.z"),)),
    "a large answer": query("{q(func:uid(1)){" + " ".join(f"a{n}:math(1)" for n in range(2000)) + "}}"),
}


def lasting(answer):
    """Return what an answer says but for times, and timestamps that move with each call."""
    if isinstance(answer, AlphaFailure):
        return type(answer)
    body = answer.body
    if answer.status == 0 and body:
        response = api.Response.FromString(body)
        response.ClearField("latency")
        response.txn.start_ts = 0
        response.txn.hash = ""
        body = response.SerializeToString(deterministic=True)
    return answer.status, body, answer.headers, answer.trailers, answer.message


@pytest.mark.parametrize("what", SAID)
@pytest.mark.parametrize("engine", [Engine.H2])
async def test_both_engines_bring_the_same(cluster, fleet_of, what):
    ours = fleet_of(cluster).alphas[0].channel
    theirs = fleet_of(cluster, alpha_engine=Engine.GRPCIO).alphas[0].channel
    assert lasting(await end(ours.call(SAID[what], 10))) == lasting(await end(theirs.call(SAID[what], 10)))


async def test_a_connection_lasts_though_the_alpha_pings_for_each_request(lone, fleet_of, reactor):
    [alpha] = fleet_of(lone).alphas
    await reached(reactor, alpha.channel)
    for _ in range(1_000):
        assert (await alpha.channel.call(query("{q(func:uid(1)){uid}}"), 5)).status == 0


async def test_the_deadline_ends_a_call_on_either_side(lone, fleet_of, reactor):
    [alpha] = fleet_of(lone).alphas
    await reached(reactor, alpha.channel)
    hanging = await hangs(alpha.channel)
    calls = [end(alpha.channel.call(hanging, 0.2 + i / 150)) for i in range(60)]
    for result in await gatherResults(calls):
        own = getattr(result, "status", None) == 4 and result.message == ": context deadline exceeded"
        assert own or isinstance(result, TimedOut), result


async def test_a_killed_alpha_loses_its_calls_and_is_then_not_reached(lone, fleet_of, reactor):
    [alpha] = fleet_of(lone).alphas
    await reached(reactor, alpha.channel)
    hanging = await hangs(alpha.channel)
    running = gatherResults([end(alpha.channel.call(hanging, 30)) for _ in range(50)])
    assert (await alpha.channel.call(VERSION, 5)).status == 0
    lone.alphas[0].kill()
    assert {type(result) for result in await running} == {Lost}
    assert isinstance(await end(alpha.channel.call(VERSION, 5)), NotReached)
    lone.restart(lone.alphas[0])
    await reached(reactor, alpha.channel)


async def test_a_stopped_process_times_out_and_takes_no_new_connection(lone, fleet_of, reactor):
    [known] = fleet_of(lone).alphas
    [new] = fleet_of(lone, alpha_connect_timeout=0.3).alphas
    await reached(reactor, known.channel)
    lone.alphas[0].pause()
    try:
        assert isinstance(await end(known.channel.call(VERSION, 0.3)), TimedOut)
        assert isinstance(await end(new.channel.call(VERSION, 5)), NotReached)
    finally:
        lone.alphas[0].resume()
    await reached(reactor, known.channel)


async def test_the_account_logs_in_and_stays_so(acl_cluster, fleet_of, reactor):
    fleet = fleet_of(acl_cluster)
    live = Live(Config(dgraph_user="groot", dgraph_password="password"))
    account = Account(live, reactor, fleet)
    account.start()
    seen = []
    for _ in range(150):
        if (token := account.token) and token not in seen:
            seen.append(token)
        if len(seen) > 1:
            break
        await deferLater(reactor, 0.1)
    assert len(seen) == 2
    rpc = Rpc("Query", api.Request(query="{q(func:uid(1)){uid}}").SerializeToString())
    channel = fleet.alphas[0].channel
    assert (await channel.call(rpc, 5)).status == 16
    lent = Rpc(rpc.method, rpc.payload, (("accessjwt", seen[1]),))
    assert (await channel.call(lent, 5)).status == 0
    before = account.token
    await deferLater(reactor, 1.1)
    assert await account.renew() not in ("", before)
    account.stop()
