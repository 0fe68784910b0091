"""From a client's bytes to stored data and back: the daemon in front of sandbox alphas, with their faults."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest
import pytest_twisted
import treq
from twisted.internet.asyncioreactor import AsyncioSelectorReactor
from twisted.internet.defer import Deferred, gatherResults
from twisted.web.client import Agent

from otterd.alphas.grpcio import deferred_of
from otterd.config.schema import Config, Secret
from otterd.sandbox.accounts import Accounts
from otterd.sandbox.cluster import Shape
from otterd.sandbox.engine.answer import answer
from otterd.sandbox.run import config_for
from otterd.sandbox.service import Sandbox
from otterd.service import Otter, make_otter

DQL, RDF, JSON = "application/dql", "application/rdf", "application/json"
NAMED = "{ q(func: has(name)) { name } }"


@dataclass
class House:
    """A daemon in front of a sandbox."""

    otter: Otter
    sandbox: Sandbox
    reactor: Any

    async def ask(self, target: str, body: str, kind: str = DQL, **headers: str) -> tuple[int, Any]:
        """POST and return status and parsed JSON."""
        address: Any = self.otter.listeners.doors[0].getHost()
        url = f"http://127.0.0.1:{address.port}{target}"
        sent = {"Content-Type": kind, **{name.replace("_", "-"): value for name, value in headers.items()}}
        response = await treq.request(
            "POST", url, headers=sent, data=body.encode(), agent=Agent(self.reactor)
        )
        return response.code, json.loads(await response.content())

    async def store(self, name: str, target: str = "/mutate?commitNow=true") -> tuple[int, Any]:
        """Store a node of that name."""
        return await self.ask(target, f'{{ set {{ _:a <name> "{name}" . }} }}', RDF)

    async def names(self) -> list[str]:
        """Return the names that are stored."""
        status, told = await self.ask("/query", NAMED)
        assert status == 200
        return sorted(node["name"] for node in told["data"]["q"])

    def faults(self, number: int) -> Any:
        """Return the faults of the alpha with that number, from 0."""
        return self.sandbox.cluster.faults[number]


@asynccontextmanager
async def house(reactor: AsyncioSelectorReactor, **keys: Any) -> AsyncIterator[House]:
    """Start everything on ports of the system's choice, and stop it."""
    sandbox = Sandbox(reactor, Shape(), answer, any_port=True)
    await deferred_of(sandbox.start())
    if "dgraph_user" in keys:
        sandbox.cluster.accounts = Accounts(sandbox.cluster.now, ttl=3600)
    config = Config(
        dgraph_endpoints=("unset:1",),
        proxy_port=0,
        enable_websocket=False,
        metrics_endpoint="",
        access_log=False,
        **keys,
    )
    otter = make_otter(config_for(config, sandbox), reactor)
    otter.startService()
    try:
        yield House(otter, sandbox, reactor)
    finally:
        stopped = otter.stopService()
        assert stopped is not None
        await stopped
        await deferred_of(sandbox.stop())


@pytest_twisted.ensureDeferred
async def test_what_is_stored_is_found_through_every_alpha(reactor: AsyncioSelectorReactor) -> None:
    async with house(reactor) as h:
        status, told = await h.store("Io")
        assert (status, told["data"]["code"]) == (200, "Success")
        assert [await h.names() for _ in range(3)] == [["Io"]] * 3


@pytest_twisted.ensureDeferred
async def test_a_transaction_of_several_requests(reactor: AsyncioSelectorReactor) -> None:
    async with house(reactor) as h:
        _, begun = await h.store("Io", "/mutate")
        txn = begun["extensions"]["txn"]
        assert await h.names() == []
        keys = json.dumps({"keys": txn["keys"], "preds": txn["preds"]})
        status, told = await h.ask(f"/commit?startTs={txn['start_ts']}", keys, JSON)
        assert (status, told["data"]["code"]) == (200, "Success")
        assert await h.names() == ["Io"]


@pytest_twisted.ensureDeferred
async def test_of_two_that_conflict_one_is_aborted(reactor: AsyncioSelectorReactor) -> None:
    async with house(reactor) as h:
        _, first = await h.store("Io")
        [uid] = first["data"]["uids"].values()
        change = f'{{ set {{ <{uid}> <name> "%s" . }} }}'
        begun = [(await h.ask("/mutate", change % name, RDF))[1] for name in ("Europa", "Callisto")]
        answers = []
        for one in begun:
            txn = one["extensions"]["txn"]
            keys = json.dumps({"keys": txn["keys"], "preds": txn["preds"]})
            answers.append((await h.ask(f"/commit?startTs={txn['start_ts']}", keys, JSON))[1])
        assert answers[0]["data"]["code"] == "Success"
        said = "rpc error: code = Aborted desc = Transaction has been aborted. Please retry"
        assert answers[1]["errors"][0]["message"] == said
        assert await h.names() == ["Europa"]


@pytest_twisted.ensureDeferred
async def test_an_upsert_stores_once(reactor: AsyncioSelectorReactor) -> None:
    async with house(reactor) as h:
        mutation = 'mutation @if(eq(len(v), 0)) { set { _:a <name> "Io" . } }'
        upsert = f"upsert {{ query {{ q(func: has(name)) {{ v as uid }} }} {mutation} }}"
        for _ in range(3):
            status, told = await h.ask("/mutate?commitNow=true", upsert, RDF)
            assert (status, told["data"]["code"]) == (200, "Success")
        assert await h.names() == ["Io"]


@pytest.mark.parametrize("fault", ["draining", "unready", "overloaded", "refuse"])
@pytest_twisted.ensureDeferred
async def test_an_alpha_that_takes_no_work_is_passed_by(reactor: AsyncioSelectorReactor, fault: str) -> None:
    async with house(reactor) as h:
        for number in (0, 1):
            h.faults(number).change(**{fault: True})
        stored = [await h.store(f"moon {at}") for at in range(6)]
        assert [told["data"]["code"] for _, told in stored] == ["Success"] * 6
        assert await h.names() == [f"moon {at}" for at in range(6)]


@pytest.mark.parametrize(("fault", "applied"), [("reset_before", False), ("reset_after", True)])
@pytest_twisted.ensureDeferred
async def test_a_write_that_is_cut_off_is_never_sent_twice(
    reactor: AsyncioSelectorReactor, fault: str, applied: bool
) -> None:
    async with house(reactor) as h:
        h.faults(0).change(**{fault: True, "only": ["Query"]})
        status, told = await h.store("Io")
        assert status == 502
        assert told["errors"][0]["message"].startswith("outcome unknown")
        h.faults(0).heal()
        assert await h.names() == (["Io"] if applied else [])


@pytest_twisted.ensureDeferred
async def test_a_read_that_is_cut_off_is_asked_elsewhere(reactor: AsyncioSelectorReactor) -> None:
    async with house(reactor) as h:
        await h.store("Io")
        for number in range(2):
            h.faults(number).change(reset_after=(number == 1), only=["Query"])
        assert [await h.names() for _ in range(3)] == [["Io"]] * 3


@pytest_twisted.ensureDeferred
async def test_an_election_holds_all_but_best_effort_reads(reactor: AsyncioSelectorReactor) -> None:
    async with house(reactor) as h:
        await h.store("Io")
        h.sandbox.trouble.begin_election(1)
        status, told = await h.ask("/query?be=true", NAMED)
        assert (status, told["data"]["q"]) == (200, [{"name": "Io"}])
        status, told = await h.ask("/query?timeout=50ms", NAMED)
        assert told["errors"][0]["message"] == ": context deadline exceeded"
        waiting = gatherResults(
            [Deferred.fromCoroutine(h.store("Europa")), Deferred.fromCoroutine(h.names())]
        )
        h.sandbox.trouble.end_election(1)
        (status, _), _ = await waiting
        assert status == 200
        assert await h.names() == ["Europa", "Io"]


@pytest_twisted.ensureDeferred
async def test_the_gateways_account_is_lent_and_a_callers_token_wins(reactor: AsyncioSelectorReactor) -> None:
    async with house(reactor, dgraph_user="groot", dgraph_password=Secret("password")) as h:
        status, told = await h.store("Io")
        assert (status, told.get("errors")) == (200, None)
        status, told = await h.ask("/query", NAMED, X_Dgraph_AccessToken="mine")
        assert "errors" in told
        credentials = json.dumps({"userid": "groot", "password": "password"})
        status, told = await h.ask("/login", credentials, JSON)
        token = told["data"]["accessJWT"]
        status, told = await h.ask("/query", NAMED, X_Dgraph_AccessToken=token)
        assert told["data"]["q"] == [{"name": "Io"}]


@pytest_twisted.ensureDeferred
async def test_a_schema_is_set_and_its_index_serves(reactor: AsyncioSelectorReactor) -> None:
    async with house(reactor) as h:
        await h.store("Io")
        asked = '{ q(func: eq(name, "Io")) { name } }'
        _, told = await h.ask("/query", asked)
        assert "not indexed" in told["errors"][0]["message"]
        _, told = await h.ask("/alter", "name: string @index(exact) .")
        assert told["data"]["code"] == "Success"
        _, told = await h.ask("/query", asked)
        assert told["data"]["q"] == [{"name": "Io"}]
