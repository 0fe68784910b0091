"""A group goes silent: the daemon in front of a sandbox of three groups of one, of which one is stopped."""

from typing import Any

import pytest
import pytest_twisted
from twisted.internet.asyncioreactor import AsyncioSelectorReactor
from twisted.internet.defer import gatherResults

from otterd.config.schema import Seconds
from tests.house import DQL, House, house
from tests.test_elections import QUICK, begun, said
from tests.test_routing import ALTER, leader, read, serve, worked

ONE_EACH = (1, 1, 1)
AWAY = "group 2 of the cluster did not come back in time; nothing was done"
BOTH = "{ a(func: has(near)) { near } b(func: has(far)) { far } }"


async def served(h: House) -> int:
    """Let group 1 serve `near` and group 2 `far`; return the number of group 2's only alpha."""
    await h.settled()
    await serve(h, near=1, far=2)
    return h.trouble.leader(2)


@pytest_twisted.ensureDeferred
async def test_reads_that_hang_on_a_frozen_group_are_told_with_those_that_are_held(
    reactor: AsyncioSelectorReactor,
) -> None:
    async with house(reactor, ONE_EACH, hold_timeout=Seconds(0.5), **QUICK) as h:
        frozen = await served(h)
        for number in range(3):
            h.trouble.fault(number, hang=True, only={"Query"})
        asked = [read(h, "far") for _ in range(4)] + [h.post("/query", BOTH, DQL) for _ in range(4)]
        early = [begun(each) for each in asked]
        load = h.otter.fleet.load
        await h.until(lambda: sum(load.in_flight(h.alpha(number)) for number in range(3)) == 8)
        h.trouble.fault(frozen, frozen=True)
        # Now the others work on, and ask the frozen one in vain.
        for number in {0, 1, 2} - {frozen}:
            h.trouble.fault(number, hang=False)
        await h.until(lambda: h.otter.gateway.shared.elections.troubled)
        assert h.otter.gateway.shared.elections.troubled == {2}
        held = [begun(read(h, "far")) for _ in range(4)]
        assert worked(await read(h, "near"))
        told: list[Any] = await gatherResults(early + held)
        assert [(each.status, said(each)) for each in told] == [(503, AWAY)] * 12
        assert all(each.field("Retry-After") for each in told)
        assert h.otter.gateway.shared.tally.given_up == 8
        h.trouble.heal(frozen)
        await h.settled()
        assert worked(await read(h, "far"))


@pytest.mark.parametrize("known", [False, True])
@pytest_twisted.ensureDeferred
async def test_an_alter_waits_for_a_group_that_died(reactor: AsyncioSelectorReactor, known: bool) -> None:
    async with house(reactor, ONE_EACH, **QUICK) as h:
        dead = await served(h)
        where = leader(h, 2)
        h.trouble.kill(dead)
        if known:
            await h.until(lambda: h.otter.gateway.shared.elections.troubled)
        altered = begun(h.post("/alter", "fresh: string @index(exact) .", ALTER))
        await h.until(lambda: len(h.otter.gateway.shared.elections))
        assert not altered.called
        h.trouble.restart(dead)
        told: Any = await altered
        assert worked(told), said(told)
        await h.until(lambda: where in h.otter.fleet.ward.usable)
        assert worked(await h.post("/query", '{ q(func: eq(fresh, "x")) { fresh } }', DQL))


@pytest_twisted.ensureDeferred
async def test_an_alter_is_refused_when_the_group_stays_away(reactor: AsyncioSelectorReactor) -> None:
    async with house(reactor, ONE_EACH, hold_timeout=Seconds(0.2), **QUICK) as h:
        dead = await served(h)
        h.trouble.kill(dead)
        await h.until(lambda: h.otter.gateway.shared.elections.troubled)
        told = await h.post("/alter", "fresh: string .", ALTER)
        assert (told.status, said(told)) == (503, AWAY)
        h.trouble.restart(dead)
        await h.settled()
        schema = await h.post("/query", "schema { type }", DQL)
        assert "fresh" not in [each["predicate"] for each in schema.json["data"]["schema"]]
