"""Keeps the addresses of the alphas' names, looked up outside requests.

The last good answer stays in use for as long as a newer one cannot be had, so that an
outage of the name service does not reach requests.
"""

from collections.abc import Callable, Iterable, Sequence
from ipaddress import ip_address

from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.interfaces import (
    IAddress,
    IHostResolution,
    IReactorPluggableNameResolver,
    IReactorTime,
    IResolutionReceiver,
)
from twisted.internet.task import LoopingCall
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from otterd.errors import NotReached

log = Logger(__name__)

REFRESH = 30.0
"""Seconds between two lookups of a name."""

PATIENCE = 10.0
"""Seconds that one lookup may take."""

PAUSE = 1.0
"""Seconds after a failed first lookup in which none is begun by a request."""

Addresses = tuple[str, ...]
"""IP addresses of one host, IPv4 first, each family in order, so that a shuffled answer is no change."""

Lookup = Callable[[str], Deferred[Sequence[str]]]
"""Asks the name service for the IP addresses of a host."""


def split(address: str) -> tuple[str, int]:
    """Return host and port of `host:port`; an IPv6 host loses its brackets."""
    host, _, port = address.rpartition(":")
    return host.strip("[]"), int(port)


def system_lookup(reactor: IReactorPluggableNameResolver) -> Lookup:
    """Return a Lookup that asks the system's resolver, off the reactor's thread."""

    def lookup(host: str) -> Deferred[Sequence[str]]:
        gathering = _Gathering()
        reactor.nameResolver.resolveHostName(gathering, host)
        return gathering.done

    return lookup


class Resolver:
    """Knows the addresses of every followed host."""

    def __init__(self, clock: IReactorTime, lookup: Lookup) -> None:
        self._clock = clock
        self._lookup = lookup
        self._known: dict[str, Addresses] = {}
        self._asking: dict[str, list[Deferred[Addresses]]] = {}
        self._failed: dict[str, tuple[float, str]] = {}
        self._watchers: list[Callable[[str], None]] = []
        self._loop = LoopingCall(self.refresh)
        self._loop.clock = clock
        self._hosts: frozenset[str] = frozenset()

    def start(self) -> None:
        """Look every followed host up now and every `REFRESH` seconds."""
        if not self._loop.running:
            self._loop.start(REFRESH)

    def stop(self) -> None:
        """Look nothing up any more."""
        if self._loop.running:
            self._loop.stop()

    def follow(self, hosts: Iterable[str]) -> None:
        """Keep the addresses of exactly these `hosts` fresh from now on."""
        names = frozenset(host for host in hosts if not _literal(host))
        new, self._hosts = names - self._hosts, names
        for host in set(self._known) - names:
            del self._known[host]
        if self._loop.running:
            for host in sorted(new):
                self._ask(host)

    def watch(self, watcher: Callable[[str], None]) -> Callable[[], None]:
        """Call `watcher(host)` whenever the addresses of a host changed; return what ends that."""
        self._watchers.append(watcher)
        return lambda: self._watchers.remove(watcher)

    def known(self, host: str) -> Addresses:
        """Return the last good addresses of `host`, or nothing when there never were any."""
        literal = _literal(host)
        return (literal,) if literal else self._known.get(host, ())

    def find(self, host: str) -> Deferred[Addresses]:
        """Fire with the addresses of `host`; fails with NotReached when it has none."""
        known = self.known(host)
        if known:
            return succeed(known)
        when, reason = self._failed.get(host, (-PAUSE, ""))
        if host not in self._asking and self._clock.seconds() < when + PAUSE and reason:
            return fail(NotReached(reason))
        waiting: Deferred[Addresses] = Deferred()
        self._ask(host, waiting)
        return waiting

    def refresh(self) -> None:
        """Look every followed host up."""
        for host in sorted(self._hosts):
            self._ask(host)

    def _ask(self, host: str, waiting: Deferred[Addresses] | None = None) -> None:
        asking = host in self._asking
        waiters = self._asking.setdefault(host, [])
        if waiting is not None:
            waiters.append(waiting)
        if asking:
            return
        answer = self._lookup(host).addTimeout(PATIENCE, self._clock)
        answer.addCallback(self._answered, host).addErrback(self._not_answered, host)
        answer.addBoth(self._tell, host)
        answer.addErrback(lambda failure: log.failure("resolving an alpha's name failed", failure))

    def _answered(self, found: Sequence[str], host: str) -> None:
        addresses = ordered(found)
        if not addresses:
            raise NotReached("no address")
        self._failed.pop(host, None)
        before = self._known.get(host)
        if before == addresses:
            return
        self._known[host] = addresses
        if before is not None:
            log.info("{host} is now at {addresses}", host=host, addresses=", ".join(addresses))
        for watcher in list(self._watchers):
            watcher(host)

    def _not_answered(self, failure: Failure, host: str) -> None:
        first = host not in self._failed
        said = str(failure.value) or type(failure.value).__name__
        self._failed[host] = (self._clock.seconds(), f"the name {host} has no address: {said}")
        if first:
            kept = "its last addresses stay in use" if host in self._known else "it cannot be reached"
            log.warn("{host} could not be resolved: {kept}", host=host, kept=kept)

    def _tell(self, _: object, host: str) -> None:
        known = self._known.get(host)
        for waiting in self._asking.pop(host):
            if waiting.called:
                continue
            if known:
                waiting.callback(known)
            else:
                waiting.errback(NotReached(self._failed[host][1]))


def ordered(found: Iterable[str]) -> Addresses:
    """Return `found` without doubles, IPv4 first, in a fixed order."""
    unique = {ip_address(text.partition("%")[0]) for text in found}
    return tuple(str(ip) for ip in sorted(unique, key=lambda ip: (ip.version, int(ip))))


def _literal(host: str) -> str:
    try:
        return str(ip_address(host))
    except ValueError:
        return ""


@implementer(IResolutionReceiver)
class _Gathering:
    """Collects the addresses of one lookup."""

    def __init__(self) -> None:
        self.done: Deferred[Sequence[str]] = Deferred()
        self._found: list[str] = []

    def resolutionBegan(self, resolution: IHostResolution) -> None:
        """Take note of nothing: a lookup in a thread cannot be called off."""

    def addressResolved(self, address: IAddress) -> None:
        self._found.append(address.host)  # type: ignore[attr-defined]

    def resolutionComplete(self) -> None:
        if not self.done.called:
            self.done.callback(self._found)
