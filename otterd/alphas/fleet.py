"""All alphas, of the configuration and found beside it: the ways to them, their load and their health."""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.task import LoopingCall
from twisted.logger import Logger
from twisted.python.failure import Failure

from otterd.alphas import tls
from otterd.alphas.channel import Channel, HttpChannel
from otterd.alphas.endpoint import AlphaEndpoint
from otterd.alphas.grpcio import GrpcioChannel
from otterd.alphas.h2 import H2Channel
from otterd.alphas.health_page import Ask, agent_for, asks
from otterd.alphas.passthrough import PassThrough
from otterd.alphas.pending import Pending
from otterd.alphas.probe import Check, Health, Probe
from otterd.alphas.resolve import Lookup, Resolver, split, system_lookup
from otterd.alphas.tls import ClientTls
from otterd.config.live import Live
from otterd.config.schema import Balancer, Config, Engine
from otterd.core.health import Bounds, Standing, Ward
from otterd.core.lag import Lag
from otterd.core.load import Load
from otterd.core.operation import Rpc
from otterd.core.steady import Steady

log = Logger(__name__)

GLANCE = 1.0
"""Seconds between two looks at whether an alpha that left is idle, and an ejection over."""

MakeEngine = Callable[[str, Resolver, Any, ClientTls | None, Callable[[], float]], Channel]

ENGINES: dict[Engine, MakeEngine] = {Engine.GRPCIO: GrpcioChannel, Engine.H2: H2Channel}
"""What makes gRPC channels, by the configured name."""


MakeChannel = Callable[[str], Channel]
MakeHttp = Callable[[str], HttpChannel]
MakeAsk = Callable[[str], Ask]


@dataclass(slots=True, eq=False)
class Alpha:
    """One Dgraph alpha. `in_flight` counts the requests that wait for it; the corridor keeps it."""

    address: str
    http_address: str
    channel: Channel
    http: HttpChannel
    probe: Probe
    pending: Pending
    in_flight: int = 0

    @property
    def health(self) -> Health:
        """What the probes found last."""
        return self.probe.health

    @property
    def idle(self) -> bool:
        """Whether nothing is under way, bodies and tunnels included."""
        return not self.in_flight and not self.http.open and not self.channel.open


class Fleet:
    """Holds an Alpha for each address of the configuration in force, and for those that `take_up` adds.

    Alphas that a reload took out take no new requests; they are closed once idle, or when the
    slowest answer would be over time. `make_*` replace the real ways to an alpha in tests. `ward`, `load`
    and `lag` are what is known of the alphas, told by `clock`.
    """

    def __init__(
        self,
        live: Live,
        reactor: Any,
        *,
        make_channel: MakeChannel | None = None,
        make_http: MakeHttp | None = None,
        make_ask: MakeAsk | None = None,
        lookup: Lookup | None = None,
        chance: Callable[[], float] = random.random,
        clock: Steady | None = None,
    ) -> None:
        self.clock: Steady = clock if clock is not None else reactor
        self.lag = Lag()
        self.load = Load()
        self.ward = Ward(Bounds.of(live.config), self.lag, self._stands)
        self._live = live
        self._reactor = reactor
        self._tls = tls.load(live.config)
        self._resolver = Resolver(reactor, lookup or system_lookup(reactor))
        self._make_channel = make_channel or self._channel_to
        self._make_http = make_http or self._http_to
        self._make_ask = make_ask or self._ask_of
        self._chance = chance
        self._engine = ENGINES[live.config.alpha_engine]
        self._by_address: dict[str, Alpha] = {}
        self._found: dict[str, str] = {}
        self._hearing: list[Callable[[str], None]] = []
        self._following: list[Callable[[], None]] = []
        self._leaving: dict[Alpha, float] = {}
        self._watch = LoopingCall(self._see_off)
        self._watch.clock = reactor
        self._ticking = LoopingCall(lambda: self.ward.tick(self.clock.seconds()))
        self._ticking.clock = reactor
        self._running = False
        self._first: Deferred[None] = Deferred()
        self.alphas: tuple[Alpha, ...] = ()
        self._muster(live.config)
        live.watch(lambda old, new: self._muster(new))

    def get(self, address: str) -> Alpha | None:
        """Return the alpha with this gRPC address, or None when it is not (or no longer) one of ours."""
        return self._by_address.get(address)

    def usable(self) -> tuple[Alpha, ...]:
        """Return the alphas that may be given work."""
        return tuple(alpha for alpha in self.alphas if alpha.address in self.ward.usable)

    @property
    def discovered(self) -> frozenset[str]:
        """The gRPC addresses that the configuration does not name."""
        return frozenset(self._by_address).difference(self._live.config.alphas())

    def take_up(self, found: Mapping[str, str]) -> None:
        """Hold from now on, after those of the file, exactly the alphas `found`: gRPC to HTTP address."""
        if self._found != found:
            self._found = dict(found)
            self._muster(self._live.config)

    def on_told(self, hearer: Callable[[str], None]) -> None:
        """Call `hearer(address)` after each probe of an alpha."""
        self._hearing.append(hearer)

    def on_muster(self, follower: Callable[[], None]) -> None:
        """Call `follower()` when `alphas` has changed."""
        self._following.append(follower)

    def start(self) -> Deferred[None]:
        """Begin to resolve and to probe; fires when the first alpha is usable."""
        self._running = True
        self._resolver.start()
        self._ticking.start(GLANCE, now=False)
        for alpha in self.alphas:
            self._begin(alpha)
        return self._first

    def stop(self) -> Deferred[None]:
        """Stop probing and close every way; what is in flight fails."""
        self._running = False
        self._resolver.stop()
        for call in (self._watch, self._ticking):
            if call.running:
                call.stop()
        alphas = (*self.alphas, *self._leaving)
        self._leaving.clear()
        closing = [self._close(alpha) for alpha in alphas]
        done: Deferred[None] = gatherResults(closing).addCallback(lambda _: None)
        return done

    def _muster(self, config: Config) -> None:
        """Make `alphas` those of `config` and those found, keeping those that stay as they are."""
        mustered: dict[str, Alpha] = {}
        named = {address: config.http_address(address) for address in config.alphas()}
        for address, http_address in (named | {**self._found, **named}).items():
            known = self._by_address.get(address)
            if known is None or known.http_address != http_address:
                known = self._recruit(address, http_address, config)
            mustered[address] = known
        gone = [alpha for alpha in self.alphas if mustered.get(alpha.address) is not alpha]
        new = [alpha for alpha in mustered.values() if alpha not in self.alphas]
        self._by_address = mustered
        self.alphas = tuple(mustered.values())
        self.ward.bounds = Bounds.of(config)
        self.ward.muster(tuple(mustered), self.clock.seconds())
        self.load.keep(frozenset(mustered))
        self._resolver.follow(
            split(address)[0] for alpha in self.alphas for address in (alpha.address, alpha.http_address)
        )
        for alpha in gone:
            self._dismiss(alpha)
        if self._running:
            for alpha in new:
                self._begin(alpha)
        if gone or new:
            for follower in self._following:
                follower()

    def _recruit(self, address: str, http_address: str, config: Config) -> Alpha:
        channel, http = self._make_channel(address), self._make_http(http_address)
        check: Check = lambda limit: channel.call(Rpc("CheckVersion", b""), limit)  # noqa: E731
        probe = Probe(
            self._make_ask(http_address),
            check,
            self._reactor,
            lambda: self._live.config.probe_interval,
            lambda: self._live.config.probe_timeout,
            self._chance,
            lambda: self._told(address),
        )
        pending = Pending(
            http,
            self._reactor,
            lambda: self._live.config.load_interval,
            lambda: self._live.config.probe_timeout,
            lambda: self._live.config.balancer_type is Balancer.STATE_BASED,
            lambda queries, proposals: self.load.told(address, self.clock.seconds(), queries, proposals),
        )
        return Alpha(address, http_address, channel, http, probe, pending)

    def _begin(self, alpha: Alpha) -> None:
        alpha.probe.start()
        alpha.pending.start()

    def _told(self, address: str) -> None:
        alpha = self._by_address.get(address)
        if alpha is None or alpha.health.probed is None:
            return
        self.ward.probed(address, self.clock.seconds(), alpha.health.probed)
        for hearer in self._hearing:
            hearer(address)

    def _stands(self, address: str, standing: Standing) -> None:
        if not standing.usable:
            log.warn(
                "{alpha} is {status}: {reason}",
                alpha=address,
                status=standing.status.value,
                reason=standing.reason,
            )
            return
        log.info("{alpha} is usable", alpha=address)
        if not self._first.called:
            self._first.callback(None)

    def _end(self, alpha: Alpha) -> None:
        alpha.probe.stop()
        alpha.pending.stop()

    def _dismiss(self, alpha: Alpha) -> None:
        self._end(alpha)
        self._leaving[alpha] = self._reactor.seconds() + self._live.config.slow_answer_timeout
        if not self._watch.running:
            self._watch.start(GLANCE, now=False)

    def _see_off(self) -> None:
        now = self._reactor.seconds()
        for alpha in [a for a, latest in self._leaving.items() if a.idle or now >= latest]:
            del self._leaving[alpha]
            log.info("{alpha} left", alpha=alpha.address)
            self._close(alpha)
        if not self._leaving:
            self._watch.stop()

    def _close(self, alpha: Alpha) -> Deferred[object]:
        self._end(alpha)

        def failed(failure: Failure) -> None:
            log.failure("closing the ways to {alpha}", failure, alpha=alpha.address)

        closing = gatherResults([alpha.channel.close(), alpha.http.close()], consumeErrors=True)
        return closing.addErrback(failed)

    def _connect_timeout(self) -> float:
        return self._live.config.alpha_connect_timeout

    def _endpoint(self, http_address: str) -> AlphaEndpoint:
        return AlphaEndpoint(self._reactor, self._resolver, http_address, self._tls, self._connect_timeout)

    def _channel_to(self, address: str) -> Channel:
        return self._engine(address, self._resolver, self._reactor, self._tls, self._connect_timeout)

    def _http_to(self, http_address: str) -> HttpChannel:
        return PassThrough(
            http_address,
            self._endpoint(http_address),
            self._reactor,
            self._connect_timeout,
            lambda: self._live.config.progress_timeout,
        )

    def _ask_of(self, http_address: str) -> Ask:
        return asks(agent_for(self._reactor, self._endpoint(http_address)), http_address)
