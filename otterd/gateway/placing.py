"""Where a request may go: what it touches, what its transaction is pinned to, what the policy says."""

from functools import partial
from typing import Final, Protocol

from twisted.logger import Logger

from otterd.config.live import Live
from otterd.core.balance import Ask, Policy
from otterd.core.judge import Verdict
from otterd.core.namespace import namespace_of, tablet
from otterd.core.operation import COMMIT, DATA, Answer, Operation, Purpose, Rpc
from otterd.core.pins import Pins
from otterd.core.replaced import replaced
from otterd.core.started import Starting, StartingJson, groups_of_commit, started
from otterd.core.steady import Steady
from otterd.dql.shape import Shape
from otterd.gateway.listening import Listening
from otterd.gateway.seams import Sight
from otterd.gateway.tally import Tally

log = Logger(__name__)

MOST_SETS: Final = 20_000
MOST_NAMED: Final = 200_000
"""Predicates in all the sets that are remembered: one request may name thousands."""

Tablets = frozenset[str] | None


class Facts(Protocol):
    """Tells what a request touches."""

    def of(self, operation: Operation) -> Shape | None:
        """Return the shape of its text, None when it has none."""

    @property
    def unseen(self) -> int:
        """How many payloads were read, for they were not remembered."""

    @property
    def parsed(self) -> int:
        """How many queries were parsed, for no text alike was remembered."""


class Placing:
    """Asks the policy in force for one request after the other."""

    def __init__(self, live: Live, policy: Policy, sight: Sight, facts: Facts, clock: Steady) -> None:
        self.policy = policy
        self.pins = Pins()
        self.orphans = 0
        """Transactions with writes of their own that went on elsewhere."""
        self._live = live
        self._sight = sight
        self.facts = facts
        self._clock = clock
        self._asks: dict[tuple[Purpose, Tablets, Tablets, int], Ask] = {}
        self._named = 0

    def ask(self, operation: Operation, *, lent: bool) -> Ask:
        """Return what the policy is told of `operation`; `lent` when it goes under Otter's own account."""
        purpose = operation.purpose
        if purpose not in DATA:
            return Ask(purpose)
        shape = self.facts.of(operation)
        if shape is None:
            # Passed through as it is, or longer than is read: nothing is written by a query.
            ask = Ask(purpose, None, None if operation.writes else frozenset())
        else:
            own = lent or operation.caller.own_token
            namespace = self._namespace(operation, lent=lent) if own else 0
            key = (purpose, shape.reads, shape.writes, namespace)
            ask = self._asks.get(key) or self._remember(key)
        known = self.pins.find(operation.start_ts, self._clock.seconds()) if operation.start_ts else None
        return ask if known is None else replaced(ask, pin=known.address, wrote=known.wrote)

    def order(self, operation: Operation, ask: Ask) -> tuple[str, ...]:
        """Return the alphas to try, the best first."""
        if operation.target:
            return (operation.target,)
        order = self.policy.order(ask, self._sight)
        return self._of_group(operation, order) if operation.group else order

    def _of_group(self, operation: Operation, order: tuple[str, ...]) -> tuple[str, ...]:
        """Return `order` behind the leader and the members of the group that `operation` is about.

        Those that drain, too: an import makes all of them say so, and is for them.
        """
        group = self._sight.map.groups.get(operation.group)
        if group is None:
            return order
        allowed = self.policy.members(operation.purpose)
        inside = [each for each in (group.leader, *group.addresses) if each in allowed]
        return tuple(dict.fromkeys((*(each for each in inside if not self._sight.silent(each)), *order)))

    def staying(self, ask: Ask, order: tuple[str, ...]) -> tuple[str, ...]:
        """Return whom of `order` a request may be sent to now: the alpha alone that has its own writes.

        When that is busy it is waited for, since any other might miss them.
        """
        return order[:1] if ask.wrote and order[:1] == (ask.pin,) else order

    def strayed(self, operation: Operation, ask: Ask, tried: tuple[str, ...]) -> Ask:
        """Note that a request goes past the alpha with its own writes; return what it asks from now on."""
        if ask.pin in self._sight.usable and ask.pin not in tried:
            # A policy that restricts the alphas has it so.
            return ask
        self.orphans += 1
        log.warn(
            "transaction {start_ts} goes on without {alpha}, where it wrote: it may miss its own writes",
            start_ts=operation.start_ts,
            alpha=ask.pin,
        )
        return replaced(ask, wrote=False)

    def learn(self, operation: Operation, answer: Answer, now: float) -> None:
        """Remember which alpha began, or went on with, the transaction that `answer` tells of, at `now`."""
        if operation.purpose is COMMIT:
            self.pins.forget(operation.start_ts)
            return
        if operation.purpose not in DATA or operation.commit_now:
            return
        body, rpc = answer.body, isinstance(operation.request, Rpc)
        if not isinstance(body, bytes):
            ear = Starting() if rpc else StartingJson()
            answer.body = Listening(body, ear, partial(self._pin, answer.alpha, operation.writes))
        elif rpc:
            start_ts = started(body)
            if start_ts:
                self.pins.learn(start_ts, answer.alpha, now, operation.writes)

    def _pin(self, alpha: str, wrote: bool, start_ts: int) -> None:
        self.pins.learn(start_ts, alpha, self._clock.seconds(), wrote)

    def why_aborted(self, operation: Operation, ask: Ask, verdict: Verdict, tally: Tally) -> Verdict:
        """Tell an abort for a tablet on the move from a conflict, by the map, and count it."""
        if verdict is Verdict.MOVED or self._was_moved(operation, ask):
            tally.moved += 1
            return Verdict.MOVED
        tally.conflicts += 1
        return verdict

    def _was_moved(self, operation: Operation, ask: Ask) -> bool:
        """Tell whether a tablet that was touched is moving, or moved after the transaction began."""
        charted = self._sight.map
        groups = dict.fromkeys((ask.writes or frozenset()) | (ask.reads or frozenset()), 0)
        if operation.purpose is COMMIT and isinstance(operation.request, Rpc):
            groups = groups_of_commit(operation.request.payload)
        for touched, group in groups.items():
            owner = charted.owners.get(touched, 0)
            if touched in charted.moving or (group and owner and owner != group):
                return True
            if 0 < operation.start_ts < charted.moved.get(touched, 0):
                return True
            members = charted.groups.get(group or owner)
            if members is not None and any(map(self._sight.moves_tablets, members.addresses)):
                return True
        return False

    def _namespace(self, operation: Operation, *, lent: bool) -> int:
        if lent:
            return self._live.config.dgraph_namespace
        if isinstance(operation.request, Rpc):
            for name, value in operation.request.metadata:
                if name == "accessjwt":
                    return namespace_of(value)
        return 0

    def _remember(self, key: tuple[Purpose, Tablets, Tablets, int]) -> Ask:
        """Return what the policy is told of all requests that touch the same in the same namespace."""
        purpose, reads, writes, namespace = key
        size = len(reads or ()) + len(writes or ())
        self._named += size
        if len(self._asks) >= MOST_SETS or self._named > MOST_NAMED:
            self._asks.clear()
            self._named = size
        ask = self._asks[key] = Ask(purpose, _tablets(reads, namespace), _tablets(writes, namespace))
        return ask


def _tablets(predicates: frozenset[str] | None, namespace: int) -> Tablets:
    return None if predicates is None else frozenset([tablet(namespace, each) for each in predicates])
