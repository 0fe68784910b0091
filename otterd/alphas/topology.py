"""Keeps the map of the cluster, as the alphas themselves tell it."""

from collections.abc import Callable
from dataclasses import replace

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.defer import TimeoutError as Late
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from otterd.alphas.discovery import Discovery
from otterd.alphas.posts import Guardian, Post, Posts
from otterd.alphas.probe import HEALTHY, UNHEALTHY
from otterd.alphas.state_page import Refused, read_state, state_page
from otterd.config.live import Live
from otterd.core.chart import chart
from otterd.core.cluster import UNCHARTED, Map
from otterd.core.namespace import namespace_of
from otterd.core.steady import Steady
from otterd.errors import AlphaFailure

log = Logger(__name__)

URGENT = 0.25
"""Seconds between two questions while an answer is awaited that changes things, and at the least."""

AFTER_HINT = 1.5
"""Seconds for which a hint makes matters urgent: alphas hear from zero once a second."""

URGENT_FOR = 30.0
"""Seconds after which what is missing, a leader or any answer, is asked for at the usual pace."""

OLD = 60.0
"""Seconds without an answer as new as the map, after which an older one, or a refusal, counts."""

RENEWAL = 10.0
"""Seconds in which an expired token is renewed once at most."""

AT_ONCE = 3
"""How many alphas may be asked at the same time, so that one that hangs keeps nothing up."""

SHARE, URGENT_SHARE = 0.01, 0.1
"""The part of all time that reading answers may take: in large clusters it lengthens the pauses."""

_ALL = 0
"""Stands among groups for the answer of any alpha."""

_NOT_YET = "no alpha has told of the cluster yet"
_GUARDED = "the alphas tell only guardians of the cluster, and "


class Topology:
    """Asks one alpha after the other for `/state`; `map` is replaced whole, `why` tells why it is empty."""

    def __init__(
        self, live: Live, reactor: IReactorTime, clock: Steady, fleet: Posts, account: Guardian
    ) -> None:
        self.map: Map = UNCHARTED
        self.why = _NOT_YET
        self._live = live
        self._reactor = reactor
        self._clock = clock
        self._fleet = fleet
        self._account = account
        self._discovery = Discovery(live, fleet)
        self._watchers: list[Callable[[Map, Map], None]] = []
        self._internal: dict[str, str] = {}
        self._asking: dict[str, Deferred[None]] = {}
        self._next: IDelayedCall | None = None
        self._running = False
        self._turn = 0
        self._asked = self._hinted = self._renewed = float("-inf")
        self._missing: dict[int, float] = {}
        self._cost = 0.0
        fleet.on_told(self._heard)
        fleet.on_muster(self._join)
        live.watch(lambda old, new: self._join())

    def watch(self, callback: Callable[[Map, Map], None]) -> None:
        """Call `callback(old, new)` when another picture replaces the map; not for its age alone."""
        self._watchers.append(callback)

    def start(self) -> None:
        """Ask now, and then again and again."""
        self._running = True
        self._ask()

    def stop(self) -> None:
        """Ask no more; the map stays as it is."""
        self._running = False
        self._later(None)
        for asking in list(self._asking.values()):
            asking.cancel()

    def hint(self, why: str) -> None:
        """Ask at once, because of `why` (a few words), and in the next moments often."""
        log.debug("the cluster may have changed: {why}", why=why)
        self._hinted = self._clock.seconds()
        self._soon()

    def _ask(self) -> None:
        """Ask the next alpha that is not being asked already."""
        self._next = None
        alpha = self._whom()
        if alpha is not None and not self._account.pending:
            token = self._account.token
            asked = state_page(alpha.http, self._reactor, token, self._live.config.probe_timeout)
            told = asked.addCallback(self._told, alpha.address, namespace_of(token))
            self._asking[alpha.address] = told.addErrback(self._failed, alpha.address)
            told.addBoth(self._over, alpha.address)
        self._asked = self._clock.seconds()
        usual = max(self._live.config.topology_interval, self._cost / SHARE)
        self._later(self._least() if self._urgent() else usual)

    def _whom(self) -> Post | None:
        """Return the alpha whose turn it is, of the healthiest that are not being asked."""
        alphas = self._fleet.alphas
        if not alphas or len(self._asking) >= AT_ONCE:
            return None
        self._turn = (self._turn + 1) % len(alphas)
        turns = [*alphas[self._turn :], *alphas[: self._turn]]
        free = [alpha for alpha in turns if alpha.address not in self._asking]
        ranks = {HEALTHY: 0, UNHEALTHY: 2}
        return min(free, key=lambda alpha: ranks.get(alpha.health.status, 1), default=None)

    def _told(self, body: bytes | None, source: str, namespace: int) -> None:
        """Take what `source` tells, unless something newer was told already."""
        began = self._clock.seconds()
        new = chart(read_state(body), self._internals(), began, source, namespace=namespace)
        known = self.map
        anew = bool(known.cid and new.cid and known.cid != new.cid)
        if new.counter < known.counter and not anew and began - known.made < OLD:
            return
        if anew:
            log.warn("{alpha} tells of another cluster than before", alpha=source)
        self._say("")
        self._replace(new)
        self._cost = self._clock.seconds() - began

    def _failed(self, failure: Failure, source: str) -> None:
        error = failure.value
        if isinstance(error, Refused):
            self._refused(error)
        elif isinstance(error, AlphaFailure | ValueError):
            log.debug("{alpha} did not tell of the cluster: {why}", alpha=source, why=str(error))
        elif not isinstance(error, CancelledError | Late):
            log.failure("the answer of {alpha} broke the map", failure, alpha=source)

    def _refused(self, refused: Refused) -> None:
        now, config = self._clock.seconds(), self._live.config
        if refused.expired and self._account.token and now - self._renewed >= RENEWAL:
            self._renewed = now
            self._account.renew().addCallback(lambda _: self.hint("the account's token is new"))
            return
        if self.map.known and now - self.map.made < OLD:
            return
        if not config.dgraph_user:
            why = "no account is configured"
        elif not self._account.token:
            why = "the configured account could not log in"
        else:
            why = "the configured account is none"
        self._say(f"{_GUARDED}{why}: requests go by health alone")
        self._replace(UNCHARTED)

    def _over(self, result: object, source: str) -> None:
        del self._asking[source]
        if self._urgent():
            self._soon()

    def _heard(self, address: str) -> None:
        """Look at what a probe of the alpha at `address` changed."""
        alpha = next((each for each in self._fleet.alphas if each.address == address), None)
        if alpha is None:
            return
        if self._internal.get(internal_of(alpha)) != address:
            self._join()
        if alpha.health.since == alpha.health.seen:
            came = alpha.health.status == HEALTHY
            led = any(group.leader == address for group in self.map.groups.values())
            if came != led:
                self.hint(f"{address} is {alpha.health.status}")

    def _join(self) -> None:
        """Join the map with the alphas as they are known now."""
        internal = self._internals()
        if internal != self._internal:
            self._internal = internal
            self._replace(self.map.joined(internal))
        self._discover()

    def _internals(self) -> dict[str, str]:
        """Return our address by the internal one of each alpha that has told its own."""
        found: dict[str, str] = {}
        for alpha in sorted(self._fleet.alphas, key=lambda each: each.health.status != HEALTHY):
            found.setdefault(internal_of(alpha), alpha.address)
        found.pop("", None)
        return found

    def _replace(self, new: Map) -> None:
        old, self.map = self.map, new
        if _alike(old, new):
            return
        for group in new.groups.values():
            if group.leader and group.leader != old.leader_of(group.id):
                log.info("group {group} is led by {leader}", group=group.id, leader=group.leader)
        self._discover()
        for callback in self._watchers:
            callback(old, new)

    def _discover(self) -> None:
        """Take up whom the map lists; while it lists nobody, those that were found stay."""
        if self.map.known or not self._live.config.discover:
            named = {i for i, address in self._internals().items() if address not in self._fleet.discovered}
            self._discovery.follow(self.map, named)

    def _urgent(self) -> bool:
        """Tell whether to ask soon: after a hint, or while a leader or every answer is missing."""
        now = self._clock.seconds()
        ill = {alpha.address for alpha in self._fleet.alphas if alpha.health.status == UNHEALTHY}
        missing = set(self.map.leaderless())
        missing.update(group.id for group in self.map.groups.values() if group.leader in ill)
        if self.why == _NOT_YET:
            missing.add(_ALL)
        # Each by itself: a group that stays away must not hide that another loses its leader.
        self._missing = {id: self._missing.get(id, now) for id in missing}
        late = any(now - since < URGENT_FOR for since in self._missing.values())
        return late or now - self._hinted < AFTER_HINT

    def _least(self) -> float:
        return max(URGENT, self._cost / URGENT_SHARE)

    def _soon(self) -> None:
        """Ask as soon as may be, if that is sooner than the next question."""
        wait = max(0.0, self._asked + self._least() - self._clock.seconds())
        if self._next is not None and self._next.getTime() > self._reactor.seconds() + wait:
            self._later(wait)

    def _say(self, why: str) -> None:
        """Say once why nothing is known, or that something is."""
        if self.why != why:
            self.why = why
            if why:
                log.warn("{why}", why=why)
            else:
                log.info("the alphas tell of the cluster")

    def _later(self, wait: float | None) -> None:
        """Ask next in `wait` seconds, with None not by itself."""
        if self._next is not None and self._next.active():
            self._next.cancel()
        self._next = None
        if wait is not None and self._running:
            self._next = self._reactor.callLater(wait, self._ask)


def internal_of(alpha: Post) -> str:
    """Return the address by which the cluster knows `alpha`, "" while it has not told."""
    said = (alpha.health.raw or {}).get("address")
    return said if isinstance(said, str) else ""


def _alike(old: Map, new: Map) -> bool:
    """Tell whether both are the same picture, whoever told it when."""
    return replace(old, counter=0, made=0.0, source="") == replace(new, counter=0, made=0.0, source="")
