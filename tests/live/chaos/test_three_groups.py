"""Of three groups of one alpha each, one goes away under load and comes back.

What it alone can answer is held, then answered 503 while it stays away; all other reads succeed.
Before any write an alpha asks every group for its schema, so that meanwhile no write goes through:
they are held and refused likewise, and nothing is lost.
"""

import asyncio
from collections.abc import Iterable, Sequence

import pytest

from tests.cluster.ask import ask
from tests.live.chaos.books import Books, Reads
from tests.live.chaos.clients import NOT_BEGUN
from tests.live.chaos.conftest import PREDICATES
from tests.live.chaos.storm import STALE_GRPC, STALE_HTTP, STALE_WS
from tests.live.chaos.weather import ABORTED, weather, whole

QUOTA = 1_700
"""Writes of each storm at the least."""

STEP = 200
"""Writes that end before something happens."""

WANTED = 10
"""Answers that show that something is so."""

AWAY = "did not come back in time; nothing was done"


def reads(books: Books, predicate: str) -> list[Reads]:
    """Return the books of the readers of one predicate."""
    return [each for kind, each in books.reads.items() if kind.endswith(predicate)]


def others(predicate: str) -> list[str]:
    """Return all predicates but one."""
    return [each for each in PREDICATES if each != predicate]


def unexplained(errors: Iterable[str], *told: str) -> list[str]:
    """Return the errors that none of the texts `told` explains."""
    return [error for error in errors if not any(text in error for text in told)]


async def flowing(books: Books, predicates: Sequence[str] = PREDICATES) -> None:
    """Wait until reads of `predicates` are answered again and again."""
    fine = [each.fine for predicate in predicates for each in reads(books, predicate)]
    await asyncio.gather(*(each.more(WANTED) for each in fine))


async def written(books: Books) -> None:
    """Wait until writes to every predicate are acknowledged again."""
    await asyncio.gather(*(books.acknowledged_in(each).more(WANTED) for each in PREDICATES))


async def refused(books: Books, predicate: str) -> None:
    """Wait until every reader of one predicate has been told that its group stays away."""
    await asyncio.gather(*(each.refused.more(1) for each in reads(books, predicate)))


def held_only_what_had_to_be(books: Books, dead: str) -> None:
    """Assert that nothing failed but what one group alone can answer, and writes, which need every group."""
    for predicate in others(dead):
        assert [each.failed for each in reads(books, predicate) if each.failed] == []
    for each in reads(books, dead):
        assert unexplained(each.failed, AWAY) == []
    assert unexplained(books.refused.values(), AWAY, NOT_BEGUN) == []


@pytest.mark.parametrize("victim", [0, 2])
def test_a_group_that_dies_and_comes_back(three_groups, hasty, victim):
    doomed, dead = three_groups.alphas[victim], PREDICATES[victim]

    async def script(books):
        await books.writes.more(STEP)
        await asyncio.to_thread(doomed.kill)
        await asyncio.gather(refused(books, dead), flowing(books, others(dead)))
        await asyncio.to_thread(three_groups.restart, doomed)
        await asyncio.gather(flowing(books), written(books))

    held_only_what_had_to_be(weather(three_groups, hasty, PREDICATES, QUOTA, script), dead)


def test_a_group_that_freezes_and_thaws(three_groups, hasty):
    frozen, dead = three_groups.alphas[1], PREDICATES[1]

    async def script(books):
        await books.writes.more(STEP)
        await asyncio.to_thread(frozen.pause)
        try:
            await asyncio.gather(refused(books, dead), flowing(books, others(dead)))
        finally:
            await asyncio.to_thread(frozen.resume)
        await asyncio.gather(flowing(books), written(books))

    held_only_what_had_to_be(weather(three_groups, hasty, PREDICATES, QUOTA, script), dead)


def test_an_alter_is_not_begun_while_a_group_is_away(three_groups, hasty):
    new, doomed = "chaosnew", three_groups.alphas[2]
    asked = {"query": f"schema(pred: [{new}]) {{ type }}"}
    whole(three_groups, hasty)
    doomed.kill()
    try:
        # The first comes before Otter knows, and hears it from an alpha.
        told = [ask(hasty.http, "POST", "/alter", f"{new}: int .") for _ in range(2)]
    finally:
        three_groups.restart(doomed)
    for each in told:
        assert (each.status, AWAY in each.body.decode()) == (503, True)
        assert each.headers["retry-after"]
    whole(three_groups, hasty)
    assert new not in ask(three_groups.addresses[0].http, "POST", "/query", asked).body.decode()
    assert b"Success" in ask(hasty.http, "POST", "/alter", f"{new}: int .").body
    assert new in ask(three_groups.addresses[0].http, "POST", "/query", asked).body.decode()


def test_a_zero_that_dies_and_comes_back(three_groups, hasty):
    async def script(books):
        await books.writes.more(STEP)
        await asyncio.to_thread(three_groups.zero.kill)
        stale = (STALE_HTTP, STALE_WS, STALE_GRPC)
        old = [each.stale for kind, each in books.reads.items() if kind.startswith(stale)]
        await asyncio.gather(*(each.more(WANTED) for each in old))
        await asyncio.to_thread(three_groups.restart, three_groups.zero)
        await asyncio.gather(flowing(books), written(books))

    books = weather(three_groups, hasty, PREDICATES, QUOTA, script)
    assert books.failed() == {}
    assert unexplained(books.refused.values(), ABORTED, NOT_BEGUN) == []
