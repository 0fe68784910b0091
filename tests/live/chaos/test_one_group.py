"""Three alphas in one group are broken in every way under load, and nothing that was promised is lost.

No read fails, no channel to the gRPC door breaks, those with consent to old answers get them while there
is no leader, and every write that was acknowledged is there exactly once.
"""

import asyncio
from collections.abc import Callable

import pytest

from tests.cluster import Cluster
from tests.cluster.ask import ask
from tests.cluster.member import Member
from tests.live.chaos.books import Books
from tests.live.chaos.clients import NOT_BEGUN
from tests.live.chaos.conftest import PREDICATES
from tests.live.chaos.storm import STALE_GRPC, STALE_HTTP, STALE_WS, Script
from tests.live.chaos.weather import ABORTED, weather
from tests.live.instance import Otter

QUOTA = 2_200
"""Writes of each storm at the least."""

STEP = 300
"""Writes that end before something happens, and between two things that do."""

WANTED = 5
"""Answers that show that something is so."""

PREDICATE = PREDICATES[0]


def follower(cluster: Cluster) -> Member:
    """Return an alpha that does not lead."""
    leader = cluster.leader()
    return next(alpha for alpha in cluster.alphas if alpha is not leader)


CHOSEN: dict[str, Callable[[Cluster], Member]] = {"follower": follower, "leader": Cluster.leader}


async def old_answers(books: Books) -> None:
    """Wait until those who are content with old answers got some, on each door."""
    kinds = (STALE_HTTP, STALE_WS, STALE_GRPC)
    await asyncio.gather(*(books.reads_of(f"{kind} {PREDICATE}").stale.more(WANTED) for kind in kinds))


def begun(books: Books) -> dict[str, str]:
    """Return what was refused, without transactions whose first half came to nothing."""
    return {mark: error for mark, error in books.refused.items() if not error.startswith(NOT_BEGUN)}


def survived(cluster: Cluster, otter: Otter, script: Script) -> Books:
    """Let a storm pass in which no read may fail."""
    books = weather(cluster, otter, [PREDICATE], QUOTA, script)
    assert books.failed() == {}
    return books


@pytest.mark.parametrize("victim", CHOSEN)
def test_an_alpha_that_is_killed_and_started_again(one_group, patient, victim):
    doomed = CHOSEN[victim](one_group)

    async def script(books):
        await books.writes.more(STEP)
        await asyncio.to_thread(doomed.kill)
        if victim == "leader":
            await old_answers(books)
        await books.writes.more(STEP)
        await asyncio.to_thread(one_group.restart, doomed)
        await books.writes.more(STEP)

    books = survived(one_group, patient, script)
    assert begun(books) == {}


@pytest.mark.parametrize("victim", CHOSEN)
def test_an_alpha_that_is_frozen_and_thawed(one_group, patient, victim):
    doomed = CHOSEN[victim](one_group)

    async def script(books):
        fresh = books.reads_of(f"http {PREDICATE}").fine
        await books.writes.more(STEP)
        await asyncio.to_thread(doomed.pause)
        try:
            if victim == "leader":
                await old_answers(books)
            # Writes may all hang on the one that is frozen: fresh reads show that the others go on.
            await fresh.more(10 * WANTED)
        finally:
            await asyncio.to_thread(doomed.resume)
        await books.writes.more(STEP)

    books = survived(one_group, patient, script)
    assert set(begun(books).values()) <= {ABORTED}


@pytest.mark.parametrize("victim", CHOSEN)
def test_an_alpha_that_drains_costs_nobody_anything(one_group, patient, victim):
    index = one_group.alphas.index(CHOSEN[victim](one_group))
    named = {"X-Otter-Alpha": one_group.addresses[index].grpc}

    def drain(on):
        target = f"/admin/draining?enable={'true' if on else 'false'}"
        assert ask(patient.http, "PUT", target, headers=named).status == 200

    async def script(books):
        await books.writes.more(STEP)
        await asyncio.to_thread(drain, True)
        try:
            await books.writes.more(STEP)
        finally:
            await asyncio.to_thread(drain, False)
        await books.writes.more(STEP)

    books = survived(one_group, patient, script)
    assert (books.unknown, books.refused) == ({}, {})


def test_an_alpha_that_is_restarted_in_order(one_group, patient):
    chosen = one_group.leader()

    async def script(books):
        await books.writes.more(STEP)
        await asyncio.to_thread(chosen.stop)
        await books.writes.more(STEP)
        await asyncio.to_thread(one_group.restart, chosen)
        await books.writes.more(STEP)

    books = survived(one_group, patient, script)
    assert begun(books) == {}


def test_a_zero_that_is_killed_and_started_again(one_group, patient):
    async def script(books):
        await books.writes.more(STEP)
        await asyncio.to_thread(one_group.zero.kill)
        await old_answers(books)
        await asyncio.to_thread(one_group.restart, one_group.zero)
        await books.writes.more(STEP)

    books = survived(one_group, patient, script)
    # What the zero did not decide before it died, it does not decide after.
    assert set(begun(books).values()) <= {ABORTED}
