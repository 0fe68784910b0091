"""The graph decides the route: the daemon in front of sandboxes of several groups, and what it makes wait."""

import json
from types import SimpleNamespace
from typing import Any

import pytest_twisted
from twisted.internet.asyncioreactor import AsyncioSelectorReactor
from twisted.internet.defer import gatherResults

from otterd.config.schema import Seconds
from otterd.core.operation import Entry
from otterd.core.slots import Lane
from tests.house import DQL, JSON, NAMED, RDF, House, Told, house
from tests.test_elections import QUICK, begun, held, lose_leader, said

ALTER = "text/plain"


def members(h: House, group: int) -> set[str]:
    """Return the alphas of a group."""
    return set(h.otter.topology.map.groups[group].addresses)


def leader(h: House, group: int) -> str:
    """Return who leads a group."""
    return h.alpha(h.trouble.leader(group))


async def serve(h: House, **places: int) -> None:
    """Let groups serve predicates, and have Otter know."""
    for predicate, group in places.items():
        await h.post("/alter", f"{predicate}: string .", ALTER)
        await h.trouble.move(predicate, group)
    owned = {f"0-{predicate}": group for predicate, group in places.items()}
    await h.until(lambda: owned.items() <= h.otter.topology.map.owners.items())
    await h.settled()


def write(h: House, predicate: str, value: str = "x", options: str = "?commitNow=true") -> Any:
    """Write one value."""
    return h.post(f"/mutate{options}", f'{{ set {{ _:a <{predicate}> "{value}" . }} }}', RDF)


def read(h: House, predicate: str, options: str = "", **headers: str) -> Any:
    """Ask for all values of a predicate."""
    return h.post(f"/query{options}", f"{{ q(func: has({predicate})) {{ {predicate} }} }}", DQL, **headers)


def entries(h: House) -> list[Entry]:
    """Return a list in which the record of each request from now on is, as the access log is told of it."""
    kept: list[Entry] = []
    site: Any = h.otter.http.keeper.site
    ask = h.otter.gateway.ask

    def asked(operation: Any, ear: Any) -> Any:
        kept.append(operation.entry)
        return ask(operation, ear)

    site._gateway = SimpleNamespace(ask=asked)
    return kept


def worked(told: Told) -> bool:
    """Tell whether an answer is a good one."""
    return told.status == 200 and not told.json.get("errors")


class TestPlaces:
    """Where requests go."""

    @pytest_twisted.ensureDeferred
    async def test_writes_go_to_the_leader_and_reads_to_members(
        self, reactor: AsyncioSelectorReactor
    ) -> None:
        async with house(reactor, (3, 3), **QUICK) as h:
            await h.settled()
            await serve(h, name=1, other=2)
            for predicate, group in (("name", 1), ("other", 2)):
                for _ in range(4):
                    told = await write(h, predicate)
                    assert worked(told)
                    assert told.field("X-Otter-Alpha") == leader(h, group)
                    told = await read(h, predicate)
                    assert worked(told)
                    assert told.field("X-Otter-Alpha") in members(h, group)

    @pytest_twisted.ensureDeferred
    async def test_a_decision_is_explained(self, reactor: AsyncioSelectorReactor) -> None:
        async with house(reactor, (1, 1), **QUICK) as h:
            await h.settled()
            await serve(h, name=2)
            told = await read(h, "name", X_Otter_Explain="1")
            decision = json.loads(told.field("X-Otter-Explain") or "{}")
            assert decision["policy"] == "state-based"
            assert decision["predicates"] == ["0-name"]
            assert decision["candidates"][0] == h.alpha(1) == told.field("X-Otter-Alpha")
            assert [(each["alpha"], each["verdict"]) for each in decision["attempts"]] == [
                (h.alpha(1), "fine")
            ]

    @pytest_twisted.ensureDeferred
    async def test_new_predicates_go_where_least_data_is(self, reactor: AsyncioSelectorReactor) -> None:
        async with house(reactor, (1, 1), **QUICK) as h:
            await h.settled()
            await serve(h, name=1)
            # A sandbox tells no sizes: the group with fewer predicates has less data.
            told = await write(h, "fresh")
            assert worked(told)
            assert told.field("X-Otter-Alpha") == h.alpha(1)
            await h.until(lambda: h.otter.topology.map.owners.get("0-fresh") == 2)


class TestMoves:
    """Aborts that a move of a predicate makes."""

    @pytest_twisted.ensureDeferred
    async def test_are_told_from_conflicts(self, reactor: AsyncioSelectorReactor) -> None:
        async with house(reactor, (1, 1), **QUICK) as h:
            await h.settled()
            await serve(h, name=1)
            first = await write(h, "name", "Io")
            [uid] = first.json["data"]["uids"].values()
            kept = entries(h)
            change = f'{{ set {{ <{uid}> <name> "%s" . }} }}'
            two = [await h.post("/mutate", change % name, RDF) for name in ("Europa", "Callisto")]
            assert worked(await commit(h, two[0]))
            assert "aborted" in said(await commit(h, two[1]))
            assert kept[-1].verdict == "aborted"
            third = await h.post("/mutate", change % "Ganymede", RDF)
            await h.trouble.move("name", 2)
            await h.until(lambda: h.otter.topology.map.owners["0-name"] == 2)
            assert "aborted" in said(await commit(h, third))
            assert kept[-1].verdict == "moved"
            tally = h.otter.gateway.shared.tally
            assert (tally.conflicts, tally.moved) == (1, 1)


async def commit(h: House, begun: Told) -> Told:
    """Commit what a mutation began."""
    txn = begun.json["extensions"]["txn"]
    keys = json.dumps({"keys": txn["keys"], "preds": txn["preds"]})
    return await h.post(f"/commit?startTs={txn['start_ts']}", keys, JSON)


class TestGroupsOfOne:
    """A cluster in which each alpha is a group."""

    @pytest_twisted.ensureDeferred
    async def test_reads_of_a_dead_group_are_held_and_then_refused(
        self, reactor: AsyncioSelectorReactor
    ) -> None:
        async with house(reactor, (1, 1, 1), hold_timeout=Seconds(1.0), **QUICK) as h:
            await h.settled()
            await serve(h, name=1, other=2, third=3)
            h.trouble.kill(0)
            reads = [begun(read(h, "name")) for _ in range(3)]
            await h.until(lambda: held(h) == 3)
            for predicate in ("other", "third"):
                assert worked(await read(h, predicate))
            assert not any(each.called for each in reads)
            for told in await gatherResults(reads):
                assert told.status == 503
                assert told.field("Retry-After")
                assert "group 1" in said(told)
            h.trouble.restart(0)
            await h.settled()
            assert worked(await read(h, "name"))

    @pytest_twisted.ensureDeferred
    async def test_what_is_held_is_answered_when_the_group_is_back(
        self, reactor: AsyncioSelectorReactor
    ) -> None:
        async with house(reactor, (1, 1, 1), **QUICK) as h:
            await h.settled()
            await serve(h, name=1, other=2, third=3)
            h.trouble.kill(0)
            # An alpha asks each other group before any write, so that these cannot be done meanwhile.
            writes = [begun(write(h, predicate, "x")) for predicate in ("name", "other", "third")]
            reads = [begun(read(h, "name")) for _ in range(3)]
            await h.until(lambda: held(h) == 6)
            h.trouble.restart(0)
            assert all(map(worked, await gatherResults(writes + reads)))
            for predicate in ("name", "other", "third"):
                told = await read(h, predicate)
                assert told.json["data"]["q"] == [{predicate: "x"}]

    @pytest_twisted.ensureDeferred
    async def test_writes_that_cannot_be_done_are_refused_and_never_unknown(
        self, reactor: AsyncioSelectorReactor
    ) -> None:
        async with house(reactor, (1, 1, 1), hold_timeout=Seconds(1.0), **QUICK) as h:
            await h.settled()
            await serve(h, name=1, other=2)
            h.trouble.kill(0)
            writes = [begun(write(h, predicate)) for predicate in ("name", "other", "other", "new")]
            for told in await gatherResults(writes):
                assert told.status == 503, said(told)
                assert told.field("Retry-After")
            h.trouble.restart(0)
            await h.settled()
            for predicate in ("name", "other"):
                assert (await read(h, predicate)).json["data"]["q"] == []

    @pytest_twisted.ensureDeferred
    async def test_writes_go_through_the_survivors_of_an_election(
        self, reactor: AsyncioSelectorReactor
    ) -> None:
        async with house(reactor, (3, 1), **QUICK) as h:
            await h.settled()
            await serve(h, name=1, other=2)
            gone = lose_leader(h)
            await h.until(lambda: h.otter.gateway.shared.elections.troubled)
            for _ in range(3):
                told = await write(h, "other")
                assert worked(told), said(told)
                assert told.field("X-Otter-Alpha") in members(h, 1) - {h.alpha(gone)}
            h.trouble.end_election(1)


class TestTransactions:
    """Transactions of several requests."""

    @pytest_twisted.ensureDeferred
    async def test_stay_with_their_alpha_and_outlive_it(self, reactor: AsyncioSelectorReactor) -> None:
        async with house(reactor, **QUICK) as h:
            await h.settled()
            await h.store("Io")
            first = await h.post("/query", NAMED)
            home, start_ts = first.field("X-Otter-Alpha"), first.json["extensions"]["txn"]["start_ts"]
            for _ in range(6):
                told = await h.post(f"/query?startTs={start_ts}", NAMED)
                assert told.field("X-Otter-Alpha") == home
            await h.store("Europa")
            written = await write(h, "name", "Callisto", "")
            number = next(at for at in range(3) if h.alpha(at) == home)
            other = next(at for at in range(3) if h.alpha(at) == written.field("X-Otter-Alpha"))
            for gone in {number, other}:
                h.trouble.kill(gone)
                await h.until(lambda gone=gone: h.alpha(gone) not in h.otter.fleet.ward.usable)
                told = await h.post(f"/query?startTs={start_ts}&timeout=5s", NAMED)
                assert told.json["data"]["q"] == [{"name": "Io"}]
                assert told.field("X-Otter-Alpha") != h.alpha(gone)
                if gone == other:
                    assert worked(await commit(h, written))
                h.trouble.restart(gone)
                await h.settled()
            assert await h.names() == ["Callisto", "Europa", "Io"]

    @pytest_twisted.ensureDeferred
    async def test_outlive_otter(self, reactor: AsyncioSelectorReactor) -> None:
        async with house(reactor, **QUICK) as h:
            await h.settled()
            await h.store("Io")
            seen = await h.post("/query", NAMED)
            start_ts = seen.json["extensions"]["txn"]["start_ts"]
            written = await write(h, "name", "Europa", "")
            await h.start_anew()
            told = await h.post(f"/query?startTs={start_ts}", NAMED)
            assert told.json["data"]["q"] == [{"name": "Io"}]
            assert worked(await commit(h, written))
            assert await h.names() == ["Europa", "Io"]


class TestAlters:
    """Alters, which every alpha must show."""

    @pytest_twisted.ensureDeferred
    async def test_are_answered_when_every_alpha_shows_the_schema(
        self, reactor: AsyncioSelectorReactor
    ) -> None:
        async with house(reactor, **QUICK) as h:
            await h.settled()
            behind = (h.trouble.leader(1) + 1) % 3
            h.trouble.fault(behind, schema_behind=True)
            alter = begun(h.post("/alter", "name: string @index(exact) .", ALTER))
            await h.until(lambda: h.otter.gateway.shared.tally.alters)
            told = await h.post("/alter?runInBackground=true", "other: int .", ALTER)
            assert worked(told)
            assert not told.field("X-Otter-Schema-Behind")
            assert not alter.called
            h.trouble.fault(behind, schema_behind=False)
            told = await alter
            assert worked(told)
            assert not told.field("X-Otter-Schema-Behind")

    @pytest_twisted.ensureDeferred
    async def test_name_who_is_behind(self, reactor: AsyncioSelectorReactor) -> None:
        async with house(reactor, alter_settle_timeout=Seconds(0.5), **QUICK) as h:
            await h.settled()
            behind = (h.trouble.leader(1) + 1) % 3
            h.trouble.fault(behind, schema_behind=True)
            told = await h.post("/alter", "name: string @index(exact) .", ALTER)
            assert worked(told)
            assert told.field("X-Otter-Schema-Behind") == h.alpha(behind)
            h.trouble.heal(behind)

    @pytest_twisted.ensureDeferred
    async def test_go_one_at_a_time(self, reactor: AsyncioSelectorReactor) -> None:
        async with house(reactor, **QUICK) as h:
            await h.settled()
            for number in range(3):
                h.trouble.fault(number, hang=True, only=["/alter"])
            alters = [begun(h.post("/alter", f"pred{at}: string .", ALTER)) for at in range(3)]
            lines = h.otter.gateway.shared.lines
            await h.until(lambda: lines.waiting(Lane.ALTER) == 2)
            assert lines.taken(Lane.ALTER, h.alpha(0)) == 1
            for number in range(3):
                h.trouble.heal(number)
            assert all(map(worked, await gatherResults(alters)))


class TestOverload:
    """More than the alphas are given at once."""

    @pytest_twisted.ensureDeferred
    async def test_what_finds_the_line_full_is_told_to_come_again(
        self, reactor: AsyncioSelectorReactor
    ) -> None:
        async with house(reactor, max_alpha_reads=1, queue_limit=2, **QUICK) as h:
            await h.settled()
            lines = h.otter.gateway.shared.lines
            for number in range(3):
                h.trouble.fault(number, hang=True, only=["Query"])
            reads = [begun(h.post("/query", NAMED)) for _ in range(5)]
            await h.until(lambda: lines.waiting(Lane.READ) == 2)
            refused = await h.post("/query", NAMED)
            assert refused.status == 503
            assert refused.field("Retry-After")
            for number in range(3):
                h.trouble.heal(number)
            assert all(map(worked, await gatherResults(reads)))

    @pytest_twisted.ensureDeferred
    async def test_a_caller_that_asks_little_does_not_wait_for_one_that_asks_much(
        self, reactor: AsyncioSelectorReactor
    ) -> None:
        async with house(reactor, max_alpha_reads=1, trusted_proxy_cidrs=("127.0.0.1/32",), **QUICK) as h:
            await h.settled()
            lines = h.otter.gateway.shared.lines
            for number in range(3):
                h.trouble.fault(number, hang=True, only=["Query"])
            much = [begun(h.post("/query", NAMED, X_Forwarded_For="192.0.2.1")) for _ in range(12)]
            await h.until(lambda: lines.waiting(Lane.READ) == 9)
            little = begun(h.post("/query", NAMED, X_Forwarded_For="192.0.2.2"))
            await h.until(lambda: lines.waiting(Lane.READ) == 10)
            for number in range(3):
                h.trouble.heal(number)
            assert worked(await little)
            assert not all(each.called for each in much)
            assert all(map(worked, await gatherResults(much)))

    @pytest_twisted.ensureDeferred
    async def test_commits_come_before_reads(self, reactor: AsyncioSelectorReactor) -> None:
        caps = {"max_alpha_reads": 1, "max_alpha_commits": 1, "queue_limit": 2}
        async with house(reactor, **caps, **QUICK) as h:
            await h.settled()
            written = [await write(h, "name", f"moon {at}", "") for at in range(4)]
            lines = h.otter.gateway.shared.lines
            for number in range(3):
                h.trouble.fault(number, hang=True, only=["Query", "CommitOrAbort"])
            reads = [begun(h.post("/query", NAMED)) for _ in range(5)]
            await h.until(lambda: lines.waiting(Lane.READ) == 2)
            commits = [begun(commit(h, each)) for each in written]
            await h.until(lambda: lines.waiting(Lane.COMMIT) == 1)
            for number in range(3):
                h.trouble.heal(number)
            assert all(map(worked, await gatherResults(commits)))
            answers = await gatherResults(reads)
            assert sorted(told.status for told in answers) == [200, 200, 200, 200, 503]
