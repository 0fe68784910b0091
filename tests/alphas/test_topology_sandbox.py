"""The map that alphas of a sandbox tell, over their own ports."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest_twisted
from twisted.internet.asyncioreactor import AsyncioSelectorReactor

from otterd.alphas.grpcio import deferred_of
from otterd.config.schema import Secret
from otterd.sandbox.cluster import Shape
from otterd.sandbox.engine.answer import answer
from otterd.sandbox.service import Sandbox
from otterd.wire import api_pb2 as api
from tests.charting import Charting, charted, charting
from tests.house import DQL, house

GROOT = {"dgraph_user": "groot", "dgraph_password": Secret("password")}


class Scene:
    """A sandbox and a topology before it; alphas are numbered from 0."""

    def __init__(self, sandbox: Sandbox, one: Charting) -> None:
        self.sandbox = sandbox
        self.trouble = sandbox.trouble
        self.one = one
        self.until = one.until

    def at(self, number: int) -> str:
        return grpc_at(self.sandbox, number)

    async def write(self, number: int, predicate: str) -> None:
        """Let an alpha be the first to write a predicate."""
        mutation = api.Mutation(set_nquads=f'_:a <{predicate}> "x" .'.encode())
        request = api.Request(mutations=[mutation], commit_now=True)
        await deferred_of(self.sandbox.alphas[number].query(request, {}))


def grpc_at(sandbox: Sandbox, number: int) -> str:
    return f"127.0.0.1:{sandbox.grpc[number].port}"


def http_at(sandbox: Sandbox, number: int) -> str:
    return f"127.0.0.1:{sandbox.http[number].port}"


@asynccontextmanager
async def scene(
    reactor: Any, *groups: int, named: int | None = None, guarded: bool = False, **keys: Any
) -> AsyncIterator[Scene]:
    """Start both; the configuration names the first `named` alphas, or all."""
    sandbox = Sandbox(reactor, Shape(groups), answer, any_port=True)
    await deferred_of(sandbox.start())
    if guarded:
        sandbox.trouble.demand_tokens(3600)
    numbers = range(sum(groups) if named is None else named)
    pages = {grpc_at(sandbox, number): http_at(sandbox, number) for number in numbers}
    if keys.get("discover"):
        keys["address_rules"] = tuple(
            f"localhost:{7080 + number}={grpc_at(sandbox, number)}/{http_at(sandbox, number)}"
            for number in range(sum(groups))
        )
    try:
        async with charting(
            reactor, dgraph_endpoints=tuple(pages), dgraph_http_endpoints=pages, **keys
        ) as one:
            yield Scene(sandbox, one)
    finally:
        await deferred_of(sandbox.stop())


@pytest_twisted.ensureDeferred
async def test_groups_leaders_and_owners_are_those_of_the_cluster(reactor: AsyncioSelectorReactor) -> None:
    async with scene(reactor, 2, 1, 1) as s:
        for number, predicate in ((1, "one"), (2, "two"), (3, "three")):
            await s.write(number, predicate)
        found = (await s.until(lambda t: "0-three" in t.map.owners and len(t.map.group_of) == 4)).map
        assert {id: group.addresses for id, group in found.groups.items()} == {
            1: (s.at(0), s.at(1)),
            2: (s.at(2),),
            3: (s.at(3),),
        }
        assert [found.leader_of(id) for id in (1, 2, 3)] == [s.at(0), s.at(2), s.at(3)]
        assert found.weigh({"0-one", "0-two", "0-three", "0-none"}) == {1: 1, 2: 1, 3: 1}


@pytest_twisted.ensureDeferred
async def test_a_new_leader_is_seen_when_the_old_one_was_killed(reactor: AsyncioSelectorReactor) -> None:
    async with scene(reactor, 3) as s:
        first = (await s.until(lambda t: len(t.map.group_of) == 3)).map.leader_of(1)
        assert first == s.at(0)
        s.trouble.kill(0, election=0.5)
        found = (await s.until(lambda t: t.map.leader_of(1) not in ("", first))).map
        assert found.leader_of(1) == s.at(s.trouble.leader(1))
        assert found.group_of[s.at(0)] == 1


@pytest_twisted.ensureDeferred
async def test_a_moved_predicate_has_another_owner_and_the_time_of_its_move(
    reactor: AsyncioSelectorReactor,
) -> None:
    async with scene(reactor, 1, 1, topology_interval=0.25) as s:
        await s.write(0, "name")
        await s.until(lambda t: t.map.owners.get("0-name") == 1)
        await deferred_of(s.trouble.move("name", 2))
        found = (await s.until(lambda t: t.map.owners.get("0-name") == 2)).map
        assert found.moved["0-name"] > 0


@pytest_twisted.ensureDeferred
async def test_a_frozen_alpha_keeps_no_news_from_coming(reactor: AsyncioSelectorReactor) -> None:
    async with scene(reactor, 3, topology_interval=0.25) as s:
        await s.until(lambda t: len(t.map.group_of) == 3)
        s.trouble.freeze(1)
        await s.write(0, "new")
        await s.until(lambda t: "0-new" in t.map.owners, seconds=5)


@pytest_twisted.ensureDeferred
async def test_without_a_guardian_nothing_is_known_and_why_says_so(reactor: AsyncioSelectorReactor) -> None:
    async with scene(reactor, 3, guarded=True) as s:
        known = await s.until(lambda t: t.why.startswith("the alphas tell only guardians"))
        assert "no account is configured" in known.why
        assert not known.map.known


@pytest_twisted.ensureDeferred
async def test_a_guardians_account_opens_the_map(reactor: AsyncioSelectorReactor) -> None:
    async with scene(reactor, 3, guarded=True, **GROOT) as s:
        known = await s.until(lambda t: t.map.known)
        assert (known.why, known.map.owners["0-dgraph.type"]) == ("", 1)


@pytest_twisted.ensureDeferred
async def test_alphas_that_only_the_cluster_names_are_found_joined_and_used(
    reactor: AsyncioSelectorReactor,
) -> None:
    async with scene(reactor, 2, 1, named=1, discover=True) as s:
        known = await s.until(lambda t: len(t.map.group_of) == 3)
        assert s.one.fleet.discovered == {s.at(1), s.at(2)}
        assert known.map.leader_of(2) == s.at(2)
        await s.until(lambda t: {s.at(1), s.at(2)} <= s.one.fleet.ward.usable)


@pytest_twisted.ensureDeferred
async def test_an_explanation_names_group_and_leader(reactor: AsyncioSelectorReactor) -> None:
    async with house(reactor, (1, 1, 1)) as h:
        await h.store("Io")
        await charted(
            reactor,
            h.otter.fleet,
            h.otter.topology,
            # The leader is known once it has told its own address.
            lambda t: "0-name" in t.map.owners and t.map.leader_of(t.map.owners["0-name"]),
        )
        told = await h.post("/validate/dql?explain=true", "{ q(func: has(name)) { name } }", DQL)
        [owner] = told.json["owners"]
        assert owner == {"predicate": "name", "group": owner["group"], "leader": h.alpha(owner["group"] - 1)}
