"""From a client's bytes to stored data and back: the daemon in front of sandbox alphas, with their faults."""

import json

import pytest
import pytest_twisted
from twisted.internet.asyncioreactor import AsyncioSelectorReactor
from twisted.internet.defer import Deferred, gatherResults

from otterd.config.schema import Secret
from tests.house import JSON, NAMED, RDF, house


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
            h.trouble.fault(number, **{fault: True})
        stored = [await h.store(f"moon {at}") for at in range(6)]
        assert [told["data"]["code"] for _, told in stored] == ["Success"] * 6
        assert await h.names() == [f"moon {at}" for at in range(6)]


@pytest.mark.parametrize(("fault", "applied"), [("reset_before", False), ("reset_after", True)])
@pytest_twisted.ensureDeferred
async def test_a_write_that_is_cut_off_is_never_sent_twice(
    reactor: AsyncioSelectorReactor, fault: str, applied: bool
) -> None:
    async with house(reactor) as h:
        h.trouble.fault(0, **{fault: True, "only": ["Query"]})
        status, told = await h.store("Io")
        assert status == 502
        assert told["errors"][0]["message"].startswith("outcome unknown")
        h.trouble.heal(0)
        assert await h.names() == (["Io"] if applied else [])


@pytest_twisted.ensureDeferred
async def test_a_read_that_is_cut_off_is_asked_elsewhere(reactor: AsyncioSelectorReactor) -> None:
    async with house(reactor) as h:
        await h.store("Io")
        for number in range(2):
            h.trouble.fault(number, reset_after=(number == 1), only=["Query"])
        assert [await h.names() for _ in range(3)] == [["Io"]] * 3


@pytest_twisted.ensureDeferred
async def test_an_election_holds_all_but_best_effort_reads(reactor: AsyncioSelectorReactor) -> None:
    async with house(reactor) as h:
        await h.store("Io")
        h.trouble.begin_election(1)
        status, told = await h.ask("/query?be=true", NAMED)
        assert (status, told["data"]["q"]) == (200, [{"name": "Io"}])
        status, told = await h.ask("/query?timeout=50ms", NAMED)
        assert told["errors"][0]["message"] == ": context deadline exceeded"
        waiting = gatherResults(
            [Deferred.fromCoroutine(h.store("Europa")), Deferred.fromCoroutine(h.names())]
        )
        h.trouble.end_election(1)
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
