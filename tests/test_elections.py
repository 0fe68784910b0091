"""Through elections, frozen and dead alphas: the daemon in front of a sandbox that loses its leaders."""

import json
from collections.abc import Awaitable
from typing import Any

import pytest
import pytest_twisted
from autobahn.twisted.websocket import WebSocketClientFactory, WebSocketClientProtocol
from twisted.internet.asyncioreactor import AsyncioSelectorReactor
from twisted.internet.defer import Deferred, DeferredQueue, gatherResults
from twisted.internet.endpoints import HostnameEndpoint

from otterd.config.schema import Balancer, Seconds
from otterd.core.standing import Status
from tests.house import NAMED, SOCKET_TOKEN, House, Told, house

QUICK: dict[str, Any] = {
    "balancer_type": Balancer.STATE_BASED,
    "probe_interval": Seconds(0.05),
    "probe_timeout": Seconds(0.25),
    "topology_interval": Seconds(0.05),
    "slow_start": Seconds(0.0),
}
SOON = "?timeout=400ms"
LATE = "group 1 of the cluster did not come back in time; nothing was done"


def begun(work: Awaitable[Any]) -> Deferred[Any]:
    """Begin `work` now."""
    return Deferred.fromCoroutine(work)  # type: ignore[arg-type]


def lose_leader(h: House, group: int = 1, *, frozen: bool = False) -> int:
    """Stop the leader of a group, which elects until `end_election`; return its number."""
    leader = h.trouble.leader(group)
    h.trouble.begin_election(group)
    h.trouble.fault(leader, **{"frozen" if frozen else "dead": True})
    return leader


def held(h: House) -> int:
    """Return how many requests wait for a group now."""
    return len(h.otter.gateway.shared.elections)


def said(told: Told) -> str:
    """Return the first error of an answer, or ""."""
    return next((str(error["message"]) for error in told.json.get("errors", ())), "")


@pytest.mark.parametrize("frozen", [False, True])
@pytest_twisted.ensureDeferred
async def test_reads_and_writes_wait_for_the_next_leader(
    reactor: AsyncioSelectorReactor, frozen: bool
) -> None:
    async with house(reactor, **QUICK) as h:
        await h.settled()
        await h.store("first")
        await h.settled()
        leader = lose_leader(h, frozen=frozen)
        # Otter does not know yet: these hang at the survivors, or meet a dead leader.
        early = [begun(h.ask("/query", NAMED)) for _ in range(6)]
        await h.until(lambda: h.otter.gateway.shared.elections.troubled)
        names = [f"moon {at}" for at in range(6)]
        writes = [begun(h.store(name)) for name in names]
        reads = [begun(h.ask("/query", NAMED)) for _ in range(6)]
        await h.until(lambda: held(h) >= 12)
        status, told = await h.ask("/query?be=true", NAMED)
        assert (status, told["data"]["q"]) == (200, [{"name": "first"}])
        assert not any(each.called for each in writes + reads)
        h.trouble.end_election(1)
        stored, found = await gatherResults(writes), await gatherResults(early + reads)
        assert [(status, told["data"]["code"]) for status, told in stored] == [(200, "Success")] * 6
        assert all(status == 200 and {"name": "first"} in told["data"]["q"] for status, told in found)
        assert await h.names() == ["first", *names]
        h.trouble.heal(leader)


@pytest_twisted.ensureDeferred
async def test_reads_are_rescued_from_a_follower_that_freezes(reactor: AsyncioSelectorReactor) -> None:
    async with house(reactor, **QUICK) as h:
        await h.store("Io")
        await h.settled()
        for number in range(3):
            h.trouble.fault(number, hang=True, only={"Query"})
        reads = [begun(h.ask("/query", NAMED)) for _ in range(12)]
        under_way = h.otter.fleet.load.in_flight
        await h.until(lambda: sum(under_way(h.alpha(number)) for number in range(3)) == 12)
        frozen = next(at for at in range(3) if at != h.trouble.leader(1) and under_way(h.alpha(at)))
        h.trouble.fault(frozen, frozen=True)
        for number in {0, 1, 2} - {frozen}:
            h.trouble.fault(number, hang=False)
        answers = await gatherResults(reads)
        assert [(status, told["data"]["q"]) for status, told in answers] == [(200, [{"name": "Io"}])] * 12
        assert h.otter.gateway.shared.tally.rescued
        h.trouble.heal(frozen)


@pytest.mark.parametrize("fault", ["draining", "unready", "overloaded", "dead", "frozen"])
@pytest_twisted.ensureDeferred
async def test_an_alpha_that_takes_no_work_is_passed_by(reactor: AsyncioSelectorReactor, fault: str) -> None:
    async with house(reactor, **QUICK) as h:
        await h.settled()
        bad = h.trouble.leader(1)
        h.trouble.fault(bad, **{fault: True})
        if fault in ("dead", "frozen"):
            # What is sent to it before that is seen stays with it: a write into a link that just broke
            # has an unknown outcome.
            await h.until(lambda: h.alpha(bad) not in h.otter.fleet.ward.usable)
        for at in range(6):
            status, told = await h.store(f"moon {at}")
            assert (status, told["data"]["code"]) == (200, "Success"), told
            answer = await h.post("/query", NAMED)
            assert (answer.status, said(answer)) == (200, "")
            assert answer.field("X-Otter-Alpha") != h.alpha(bad)
        assert len(await h.names()) == 6
        h.trouble.heal(bad)


class TestOldAnswers:
    """Stale reads by consent."""

    @pytest_twisted.ensureDeferred
    async def test_are_given_to_who_asks_for_them(self, reactor: AsyncioSelectorReactor) -> None:
        async with house(reactor, **QUICK) as h:
            await h.store("Io")
            await h.settled()
            leader = lose_leader(h)
            await h.until(lambda: h.otter.gateway.shared.elections.troubled)
            fresh = begun(h.post(f"/query{SOON}", NAMED))
            told = await h.post("/query", NAMED, X_Otter_Max_Stale="10s")
            assert (told.status, told.json["data"]["q"]) == (200, [{"name": "Io"}])
            assert 0.0 <= float(told.field("X-Otter-Stale") or "-1") <= 10.0
            assert told.field("X-Otter-Alpha") != h.alpha(leader)
            assert said(await fresh) == LATE
            again = await h.post(f"/query{SOON}&startTs=1", NAMED, X_Otter_Max_Stale="10s")
            assert said(again) == LATE
            h.trouble.end_election(1)

    @pytest_twisted.ensureDeferred
    async def test_the_file_allows_them_for_ro_and_web_sockets(self, reactor: AsyncioSelectorReactor) -> None:
        async with house(reactor, max_stale=Seconds(10.0), **QUICK) as h:
            await h.store("Io")
            await h.settled()
            client = await Client.of(h)
            lose_leader(h)
            await h.until(lambda: h.otter.gateway.shared.elections.troubled)
            plain = begun(h.post(f"/query{SOON}", NAMED))
            strict = begun(h.post(f"/query{SOON}&ro=true", NAMED, X_Otter_Max_Stale="0s"))
            told = await h.post("/query?ro=true", NAMED)
            assert (told.status, told.json["data"]["q"]) == (200, [{"name": "Io"}])
            assert told.field("X-Otter-Stale")
            heard = await client.ask(id="1", type="query", query=NAMED)
            assert heard["result"] == {"q": [{"name": "Io"}]}
            assert 0.0 <= heard["stale"] <= 10.0
            assert (said(await plain), said(await strict)) == (LATE, LATE)
            h.trouble.end_election(1)

    @pytest_twisted.ensureDeferred
    async def test_a_socket_s_message_may_allow_them(self, reactor: AsyncioSelectorReactor) -> None:
        async with house(reactor, **QUICK) as h:
            await h.store("Io")
            await h.settled()
            client = await Client.of(h)
            lose_leader(h)
            await h.until(lambda: h.otter.gateway.shared.elections.troubled)
            heard = await client.ask(type="query", query=NAMED, maxStale="10s", verbose=True)
            assert heard["data"] == {"q": [{"name": "Io"}]}
            assert 0.0 <= heard["stale"] <= 10.0
            h.trouble.end_election(1)

    @pytest_twisted.ensureDeferred
    async def test_come_from_a_replica_that_lags_only_within_the_bound(
        self, reactor: AsyncioSelectorReactor
    ) -> None:
        async with house(reactor, lag_limit=Seconds(60.0), **QUICK) as h:
            await h.store("Io")
            await h.settled()
            leader = h.trouble.leader(1)
            behind, other = (leader + 1) % 3, (leader + 2) % 3
            h.trouble.fault(behind, lag=True)
            await h.store("Europa")
            lag = h.otter.fleet.lag
            clock = h.otter.fleet.clock
            await h.until(lambda: (lag.staleness(h.alpha(behind), clock.seconds()) or 0.0) > 0.6)
            lose_leader(h)
            h.trouble.fault(other, frozen=True)
            await h.until(lambda: h.otter.gateway.shared.elections.troubled)
            told = await h.post(f"/query{SOON}", NAMED, X_Otter_Max_Stale="500ms")
            assert said(told) == LATE
            told = await h.post("/query", NAMED, X_Otter_Max_Stale="60s")
            assert told.json["data"]["q"] == [{"name": "Io"}]
            assert told.field("X-Otter-Alpha") == h.alpha(behind)
            assert float(told.field("X-Otter-Stale") or "0") > 0.6
            h.trouble.end_election(1)


@pytest_twisted.ensureDeferred
async def test_a_replica_that_lags_too_far_is_not_used(reactor: AsyncioSelectorReactor) -> None:
    async with house(reactor, lag_limit=Seconds(0.5), **QUICK) as h:
        await h.store("Io")
        await h.settled()
        behind = (h.trouble.leader(1) + 1) % 3
        h.trouble.fault(behind, lag=True)
        await h.store("Europa")
        ward, address = h.otter.fleet.ward, h.alpha(behind)

        def lags() -> bool:
            standing = ward.standing(address)
            return standing is not None and standing.status is Status.LAGGING

        await h.until(lags)
        for at in range(6):
            told = await h.post("/query?be=true", NAMED)
            assert told.field("X-Otter-Alpha") != address
            assert {"name": "Europa"} in told.json["data"]["q"], at
        h.trouble.heal(behind)
        await h.settled()


class Client(WebSocketClientProtocol):  # type: ignore[misc]
    """A socket that has shown its token."""

    @classmethod
    async def of(cls, h: House) -> "Client":
        """Return one that is connected."""
        factory = WebSocketClientFactory(f"ws://127.0.0.1:{h.port(1)}/ws", reactor=h.reactor)
        factory.protocol = cls
        factory.noisy = False
        factory.heard, factory.opened = DeferredQueue(), Deferred()
        await HostnameEndpoint(h.reactor, "127.0.0.1", h.port(1)).connect(factory)
        client: Client = await factory.opened
        assert await client.ask(type="auth", token=SOCKET_TOKEN) == {"status": "authenticated"}
        return client

    async def ask(self, **message: Any) -> Any:
        """Send a message and return what comes next."""
        self.sendMessage(json.dumps(message).encode())
        return json.loads(await self.factory.heard.get())

    def onOpen(self) -> None:
        self.factory.opened.callback(self)

    def onMessage(self, payload: bytes, isBinary: bool) -> None:
        self.factory.heard.put(payload)
