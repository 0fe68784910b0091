"""Whom an alpha must reach to answer, how long it waits for them, and what it says when it cannot."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from otterd.sandbox.cluster import Cluster
from otterd.sandbox.failures import NO_CONNECTION, UNAVAILABLE, UNKNOWN, Failed
from otterd.sandbox.replica import Replica
from otterd.sandbox.schema import Schema

_UNHEALTHY = "dispatchTaskOverNetwork: while retrieving connection.: Unhealthy connection"


class Reach:
    """The cluster as seen from the alpha `own`.

    Predicates that nobody serves are in no group: reading them needs nobody.
    """

    def __init__(self, cluster: Cluster, own: Replica) -> None:
        self._cluster = cluster
        self._own = own

    async def read(self, namespace: int, preds: Iterable[str], ts: int) -> bool:
        """Wait until who serves `preds` has applied `ts`; tell whether anything had to be waited for.

        Raises Failed where nobody can be reached who serves one.
        """
        waited = False
        for group in sorted(self._groups(namespace, preds)):
            while True:
                server = self._server(group)
                if server is not None and self._cluster.applied(server) >= ts:
                    break
                waited = True
                if server is None:
                    await self._call(self._cluster.quorum.members(group)[-1], _UNHEALTHY, ": ")
                else:
                    await self._change()
        return waited

    def moved(self, namespace: int, preds: Iterable[str], start_ts: int) -> None:
        """Raise Failed where one of `preds` moved after the transaction began that reads it."""
        for pred in preds:
            tablet = self._cluster.zero.membership.tablets.get((namespace, pred))
            if tablet is not None and start_ts < tablet.move_ts:
                name = f"{namespace:x}-{pred}"
                raise Failed(
                    f': StartTs: {start_ts} is from before MoveTs: {tablet.move_ts} for pred: "{name}"'
                )

    async def tell_schema(self, namespace: int, preds: Iterable[str]) -> None:
        """Wait for the leaders of who serves `preds`, of every group if there are none."""
        groups = self._groups(namespace, preds) if preds else self._every_group()
        await self._leaders(groups, ": while fetching schema: ")

    async def mutate(self, namespace: int, preds: Iterable[str]) -> None:
        """Wait until the groups that `preds` belong to can take a write; raise Failed if one cannot.

        Alphas look up predicates of others before, and then, without need, ask the leader of every group.
        """
        preds = list(dict.fromkeys(preds))
        others = self._groups(namespace, preds) - {self._own.group}
        foreign = [pred for pred in preds if self._groups(namespace, [pred]) & others]
        names = " ".join(f"{namespace:x}-{pred}" for pred in foreign)
        await self._leaders(others, f"unique validation failed to fetch schema for predicates [{names}]: ")
        await self.propose(namespace, preds)

    async def propose(self, namespace: int, preds: Iterable[str]) -> None:
        """Wait until the groups of `preds` are led; a predicate that nobody serves goes to one's own."""
        await self._leaders(self._every_group(), "cannot retrieve predicate information: ")
        tablets = self._cluster.zero.membership.tablets
        new = any((namespace, pred) not in tablets for pred in preds)
        for group in sorted(self._groups(namespace, preds) | ({self._own.group} if new else set())):
            own = group == self._own.group
            (self._own if own else self._cluster.quorum.leader(group)).faults.proposal()
            self._own.proposals += 1
            try:
                while not self._cluster.quorum.led(group):
                    await self._change()
            finally:
                self._own.proposals -= 1

    def schema(self, namespace: int) -> Schema:
        """Return the schema by which a query is answered: of each predicate as who serves it knows it."""
        whole = self._cluster.schema(namespace)
        if all(replica.schemas is None for replica in self._cluster.replicas):
            return whole
        own = self._known(self._own, namespace)
        predicates = {}
        for pred in {**whole.predicates, **own.predicates}:
            tablet = self._cluster.zero.membership.tablets.get((namespace, pred))
            server = self._server(tablet.group) if tablet is not None else None
            found = self._known(server or self._own, namespace).predicates.get(pred)
            if found is not None:
                predicates[pred] = found
        return replace(whole, predicates=predicates, types=own.types)

    async def _change(self) -> None:
        """Return when something has changed, and this alpha runs to see it."""
        await self._cluster.change()
        while not self._own.runs:
            await self._cluster.change()

    def _known(self, replica: Replica, namespace: int) -> Schema:
        return self._cluster.known(replica).get(namespace) or Schema()

    def _groups(self, namespace: int, preds: Iterable[str]) -> set[int]:
        tablets = self._cluster.zero.membership.tablets
        found = (tablets.get((namespace, pred)) for pred in preds)
        return {tablet.group for tablet in found if tablet is not None}

    def _every_group(self) -> set[int]:
        return {replica.group for replica in self._cluster.replicas}

    def _server(self, group: int) -> Replica | None:
        """Return who answers for `group`: oneself, else the member that has applied most."""
        if group == self._own.group:
            return self._own
        running = [replica for replica in self._cluster.quorum.members(group) if replica.runs]
        return max(running, key=self._cluster.applied, default=None)

    async def _leaders(self, groups: Iterable[int], before: str) -> None:
        """Wait until the leaders of other `groups` can be asked; raise Failed, after `before`, if not."""
        for group in sorted(set(groups) - {self._own.group}):
            while not (leader := self._cluster.quorum.leader(group)).runs:
                await self._call(leader, NO_CONNECTION, before)

    async def _call(self, silent: Replica, known: str, before: str) -> None:
        """Call one that does not run: return when it does, for what was sent to it stays sent.

        Raises Failed where it cannot be called: with `known` when its silence was noticed.
        """
        if silent.noticed(self._cluster.clock.seconds()):
            raise Failed(before + known, UNKNOWN)
        while not silent.runs:
            if silent.faults.dead:
                port = silent.member.address.partition(":")[2]
                raise Failed(
                    f'{before}rpc error: code = Unavailable desc = connection error: desc = "transport:'
                    f' Error while dialing: dial tcp 127.0.0.1:{port}: connect: connection refused"',
                    UNAVAILABLE,
                )
            await self._change()
