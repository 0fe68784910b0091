"""Builds the daemon from a Config; the only module that names the global reactor."""

from __future__ import annotations

import asyncio
import gc
import os
import sys
import time
from collections.abc import Callable
from typing import Any

import uvloop
from twisted.application.service import Service
from twisted.internet import asyncioreactor
from twisted.internet.defer import Deferred
from twisted.logger import Logger

from otterd.alphas.account import Account
from otterd.alphas.fleet import Fleet
from otterd.alphas.schema_watch import SchemaWatch
from otterd.alphas.sight import Sight
from otterd.alphas.topology import Topology
from otterd.config.live import Live
from otterd.config.load import ConfigError, load
from otterd.config.schema import Config
from otterd.config.show import redacted
from otterd.core.operation import Door
from otterd.edges.grpc.factory import GrpcFactory
from otterd.edges.http.factory import HttpFactory
from otterd.edges.http.site import OtterSite
from otterd.edges.ws.factory import OtterSocketFactory
from otterd.gateway import Gateway, passage
from otterd.guard.guard import Guard
from otterd.listeners import Listeners, StartFailed, try_ports
from otterd.ops.access import AccessLog
from otterd.ops.cluster_page import ClusterPage
from otterd.ops.drain import Drain
from otterd.ops.exposition import MetricsFactory
from otterd.ops.instruments import Metrics
from otterd.ops.ledger import Ledger
from otterd.ops.log import journal
from otterd.ops.readings import Readings
from otterd.ops.reload import Reload
from otterd.ops.report import Report
from otterd.ops.supervisor import Supervisor
from otterd.ops.twistd import Root
from otterd.ops.vitals import Vitals
from otterd.options import Options, die

__all__ = ["Options", "Otter", "StartFailed", "install_reactor", "makeService", "make_otter"]

log = Logger(__name__)

COMPILED = not passage.__file__.endswith(".py")
"""Whether the hot rooms run as machine code (`make compiled`)."""

THRESHOLDS = 20_000, 20, 50
"""Of the garbage collector: Python's own (700, 10, 10) let it look several times in a hundred requests."""

Reader = Callable[[], Config]
"""Reads the configuration again, for a reload; raises ConfigError."""


def install_reactor() -> None:
    """Install the asyncio reactor on a uvloop loop, unless one of that kind is there already.

    Must run before anything imports `twisted.internet.reactor`. Raises RuntimeError, saying
    what to do, when another reactor was installed first.
    """
    installed = sys.modules.get("twisted.internet.reactor")
    if installed is None:
        loop = uvloop.new_event_loop()
        asyncio.set_event_loop(loop)
        asyncioreactor.install(loop)
        return
    if not isinstance(getattr(installed, "_asyncioEventloop", None), uvloop.Loop):
        raise RuntimeError(
            f"otter needs the asyncio reactor on uvloop, but {type(installed).__name__} is installed:"
            " leave out twistd's --reactor option"
        )


class SteadyClock:
    """The machine's monotonic clock."""

    seconds = staticmethod(time.monotonic)


class Otter(Service):
    """The whole daemon: `startService` listens and begins, `stopService` drains and closes."""

    name = "otter"

    def __init__(self, config: Config, reactor: Any, read: Reader) -> None:
        self._reactor = reactor
        self._read = read
        self.live = live = Live(config)
        self.metrics = Metrics()
        self.guard = Guard(live, reactor, lambda: self.fleet.discovered)
        clock = SteadyClock()
        self.fleet = Fleet(live, reactor, clock=clock)
        self.account = Account(live, reactor, self.fleet)
        self.topology = Topology(live, reactor, clock, self.fleet, self.account)
        sight = Sight(self.fleet, self.topology, clock)
        schemas = SchemaWatch(live, reactor, clock, self.fleet.usable)
        self.gateway = Gateway(
            live, clock, reactor, self.guard, self.fleet, self.account, sight, schemas=schemas
        )
        page = ClusterPage(live, self.fleet, self.gateway.shared, self.topology)
        self.report = Report(live, reactor, self.fleet, self.gateway, page)
        self.vitals = Vitals(reactor, self.metrics)
        self.listeners = Listeners(reactor)
        self.supervisor = Supervisor("")
        self._drain: Drain | None = None

    def startService(self) -> None:
        """Listen on every door, then look for the alphas; raises StartFailed with nothing left open."""
        live, reactor = self.live, self._reactor
        journal.follow(live, reactor)
        access = AccessLog(reactor, journal.stream, self.metrics)
        ledger = Ledger(live, reactor, access, self.metrics, lambda: self.fleet.discovered)
        site = OtterSite(live, self.gateway, self.guard, self.report, reactor, atlas=self.topology)
        self.http = HttpFactory(live, reactor, site, ledger)
        self.sockets = OtterSocketFactory(live, reactor, self.gateway, self.guard, ledger)
        self.calls = GrpcFactory(
            live,
            reactor,
            self.fleet.clock,
            self.gateway,
            self.guard,
            ledger,
            self.report,
            self.http.budget,
            soon=reactor._asyncioEventloop.call_soon,
        )
        scrapers = MetricsFactory(reactor, self.metrics.registry)
        self.listeners.open(
            live.config, http=self.http, websocket=self.sockets, grpc=self.calls, metrics=scrapers
        )
        super().startService()
        self.supervisor = Supervisor.from_environ(os.environ, os.getpid())
        self._tell_start()
        self._begin(access)

    def _begin(self, access: AccessLog) -> None:
        """Start what runs beside the doors, and make ready for the stop."""
        live, reactor = self.live, self._reactor
        self.report.show_in(self.metrics)
        Readings(self.fleet, self.gateway.shared).show_in(self.metrics)
        self.metrics.count_connections(Door.HTTP, lambda: self.http.connections)
        self.metrics.count_connections(Door.WEBSOCKET, lambda: self.sockets.connections)
        self.metrics.count_connections(Door.GRPC, lambda: self.calls.connections)
        self.vitals.start()
        self.reload = Reload(
            live,
            self._read,
            clock=reactor,
            metrics=self.metrics,
            supervisor=self.supervisor,
            rotated=journal.stream,
        )
        self.reload.install(reactor)
        self._drain = Drain(
            reactor,
            live,
            supervisor=self.supervisor,
            readiness=self.report,
            corridor=self.gateway,
            ports=self.listeners.doors,
            doors=[self.http, self.sockets, self.calls],
            after=[
                ("end the account's session", self.account.stop),
                ("ask no more of the cluster", self.topology.stop),
                ("close the alphas' channels", self.fleet.stop),
                ("forget what waits", self.gateway.stop),
                ("close the metrics", self.listeners.close_metrics),
                ("flush the access log", access.flush),
                ("stop measuring", self._rest),
            ],
        )
        probed = self.fleet.start()
        self.account.start()
        self.topology.start()
        self.supervisor.announce(reactor, probed)
        self.supervisor.live(reactor)
        # What is built by now lives as long as the process: collections need not look at it.
        gc.collect()
        gc.freeze()
        # A request leaves no circles behind: what is left to collect comes of connections and failures.
        gc.set_threshold(*THRESHOLDS)

    def stopService(self) -> Deferred[None] | None:
        """Drain and close everything; the Deferred holds up the end of the process."""
        super().stopService()
        return self._drain.begin() if self._drain is not None else None

    def _rest(self) -> None:
        self.reload.remove()
        self.supervisor.stop()
        self.vitals.stop()

    def _tell_start(self) -> None:
        config = self.live.config
        log.info("effective configuration", config=redacted(config), compiled=COMPILED)
        for alpha in config.alphas():
            if alpha not in config.dgraph_http_endpoints:
                log.info(
                    "{alpha} is taken to speak HTTP on {http}", alpha=alpha, http=config.http_address(alpha)
                )
        for said in self.listeners.standing:
            log.info("{door} listens on {address}", door=said[0], address=said[1])
        if config.dev_mode:
            log.warn(
                "dev mode: no token is demanded of HTTP callers on this machine; set dev_mode: false to guard"
            )
        self.guard.announce()


def make_otter(config: Config, reactor: Any, read: Reader | None = None) -> Otter:
    """Return the daemon for `config`; `read` is asked again on SIGHUP."""
    return Otter(config, reactor, read or (lambda: load(None, os.environ)))


class Started(Root):
    """Otter under twistd: a start that fails ends the process with one line, without a traceback.

    A daemonised twistd wants the exception itself, to tell its parent.
    """

    def startService(self) -> None:
        """Start, or end the process."""
        try:
            super().startService()
        except StartFailed as failure:
            if self._twistd is None or not self._twistd.get("nodaemon"):
                raise
            die(str(failure), 1)


def makeService(options: Options) -> Root:
    """Return the service that twistd runs."""
    try:
        install_reactor()
    except RuntimeError as error:
        die(str(error), 1)
    from twisted.internet import reactor  # noqa: TID251 -- this module names it for all others

    if options.parent is not None and not options.parent.get("nodaemon"):
        try:
            try_ports(options.loaded)
        except StartFailed as failure:
            die(str(failure), 1)
    root = Started(options.parent)
    try:
        otter = make_otter(options.loaded, reactor, options.load)
    except ConfigError as error:
        die(str(error))
    otter.setServiceParent(root)
    return root
