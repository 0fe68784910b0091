"""All alphas together."""

from dataclasses import replace

import pytest
from twisted.internet.defer import succeed
from twisted.internet.task import Clock
from twisted.logger import ILogObserver, formatEvent, globalLogPublisher
from zope.interface import provider

from otterd.alphas.fleet import Fleet
from otterd.alphas.grpcio import GrpcioChannel
from otterd.alphas.h2.channel import H2Channel
from otterd.alphas.passthrough import PassThrough
from otterd.config.live import Live
from otterd.config.schema import Balancer, Config, Engine
from otterd.core.judge import Verdict
from otterd.core.load import Pending
from otterd.core.operation import Answer, HttpCall, Rpc
from otterd.core.texts import DRAINING, NOT_READY
from otterd.errors import Lost
from tests.fakes.alpha import HANG, FakeChannel, FakeHttpChannel

WELL = (200, b'[{"instance":"alpha","status":"healthy"}]')
ILL = (503, b"not ready")


def config(*addresses, **more):
    return Config(dgraph_endpoints=addresses, slow_answer_timeout=60, **more)


class Stage:
    """A fleet of fakes."""

    def __init__(self, first):
        self.clock = Clock()
        self.live = Live(first)
        self.pages = {}
        self.asked = []
        self.looked_up = []
        self.fleet = Fleet(
            self.live,
            self.clock,
            make_channel=lambda address: FakeChannel(address, self.clock),
            make_http=lambda address: FakeHttpChannel(address, self.clock),
            make_ask=self._ask_of,
            lookup=self._lookup,
            chance=lambda: 0.5,
        )

    def _ask_of(self, http_address):
        def ask():
            self.asked.append(http_address)
            return succeed(self.pages.get(http_address, WELL))

        return ask

    def _lookup(self, host):
        self.looked_up.append(host)
        return succeed(["127.0.0.1"])

    def names(self):
        return [alpha.address for alpha in self.fleet.alphas]


@pytest.fixture
def stage():
    stage = Stage(config("a:9080", "b:9081", dgraph_http_endpoints={"b:9081": "web:80"}))
    yield stage
    stage.fleet.stop()
    assert not stage.clock.getDelayedCalls()


def test_holds_every_configured_alpha_in_order(stage):
    assert stage.names() == ["a:9080", "b:9081"]
    assert [alpha.http_address for alpha in stage.fleet.alphas] == ["a:8080", "web:80"]
    assert stage.fleet.get("a:9080") is stage.fleet.alphas[0]
    assert stage.fleet.get("c:9080") is None


def test_nothing_happens_before_the_start(stage):
    assert (stage.asked, stage.looked_up) == ([], [])
    assert stage.fleet.alphas[0].health.status == "unknown"


def test_the_start_resolves_and_probes_at_once(stage):
    stage.fleet.start()
    assert sorted(stage.looked_up) == ["a", "b", "web"]
    assert sorted(stage.asked) == ["a:8080", "web:80"]
    assert [alpha.health.status for alpha in stage.fleet.alphas] == ["healthy", "healthy"]


def test_the_start_fires_when_the_first_alpha_is_healthy(stage):
    stage.pages = {"a:8080": ILL, "web:80": ILL}
    fired = []
    stage.fleet.start().addCallback(fired.append)
    assert fired == []
    assert stage.fleet.alphas[0].health.reason == "it answered 503: not ready"
    assert stage.fleet.ward.usable == frozenset()
    stage.pages = {"a:8080": ILL}
    stage.clock.advance(5)
    assert fired == [None]
    stage.pages = {}
    stage.clock.advance(5)


def test_a_reload_keeps_what_stays_and_probes_what_is_new(stage):
    stage.fleet.start()
    kept = stage.fleet.get("b:9081")
    stage.asked.clear()
    stage.live.replace(config("c:9080", "b:9081", dgraph_http_endpoints={"b:9081": "web:80"}))
    assert stage.names() == ["c:9080", "b:9081"]
    assert stage.fleet.get("b:9081") is kept
    assert stage.fleet.get("a:9080") is None
    assert stage.asked == ["c:8080"]
    assert stage.looked_up.count("c") == 1


def test_a_reload_to_groups_counts_too(stage):
    groups = {"query": ("a:9080", "c:9080"), "mutation": ("c:9080",)}
    stage.live.replace(Config(balancer_type=Balancer.DEFINED, groups=groups))
    assert stage.names() == ["a:9080", "c:9080"]


def test_another_http_address_makes_another_alpha(stage):
    old = stage.fleet.get("b:9081")
    stage.live.replace(config("a:9080", "b:9081"))
    assert stage.fleet.get("b:9081") is not old
    stage.clock.advance(1)
    assert old.channel.closed


def test_an_alpha_that_leaves_is_closed_when_idle(stage):
    stage.fleet.start()
    gone = stage.fleet.get("a:9080")
    gone.in_flight = 1
    stage.live.replace(config("b:9081", dgraph_http_endpoints={"b:9081": "web:80"}))
    stage.clock.pump([1] * 5)
    assert not gone.channel.closed
    gone.in_flight = 0
    stage.clock.advance(1)
    assert gone.channel.closed
    assert gone.http.closed


def test_a_stream_keeps_a_leaving_alpha_open(stage):
    gone = stage.fleet.get("a:9080")
    gone.http.on("/graphql", HANG)
    gone.http.send(HttpCall(b"GET", b"/graphql", ()), 1000).addErrback(lambda failure: failure.trap(Lost))
    stage.live.replace(config("b:9081"))
    stage.clock.pump([1] * 59)
    assert not gone.http.closed
    stage.clock.advance(1)
    assert gone.http.closed


def test_a_leaving_alpha_is_not_probed(stage):
    stage.fleet.start()
    stage.live.replace(config("b:9081", dgraph_http_endpoints={"b:9081": "web:80"}))
    stage.asked.clear()
    stage.clock.pump([1] * 6)
    assert set(stage.asked) == {"web:80"}


def test_found_alphas_stand_after_those_of_the_file_and_leave_when_they_are_found_no_more(stage):
    stage.fleet.start()
    mustered = []
    stage.fleet.on_muster(lambda: mustered.append(stage.names()))
    stage.asked.clear()
    stage.fleet.take_up({"b:9081": "other:80", "c:9082": "web:81"})
    stage.fleet.take_up({"b:9081": "other:80", "c:9082": "web:81"})
    assert mustered == [["a:9080", "b:9081", "c:9082"]]
    assert (stage.asked, stage.fleet.discovered) == (["web:81"], {"c:9082"})
    assert stage.fleet.get("b:9081").http_address == "web:80"
    stage.live.replace(config("c:9082", dgraph_http_endpoints={"c:9082": "web:81"}))
    assert (stage.names(), stage.fleet.discovered) == (["c:9082", "b:9081"], {"b:9081"})
    stage.fleet.take_up({})
    assert (stage.names(), stage.fleet.discovered) == (["c:9082"], frozenset())


def test_those_who_ask_hear_of_each_probe(stage):
    heard = []
    stage.fleet.on_told(heard.append)
    stage.fleet.start()
    assert heard == ["a:9080", "b:9081"]
    stage.clock.advance(5)
    assert heard == ["a:9080", "b:9081"] * 2


def test_the_stop_closes_everything(stage):
    stage.fleet.start()
    gone = stage.fleet.get("a:9080")
    gone.channel.on("Query", HANG)
    lost = []
    gone.channel.call(Rpc("Query", b""), 100).addErrback(lost.append)
    gone.in_flight = 1
    stage.live.replace(config("b:9081"))
    alphas = [gone, *stage.fleet.alphas]
    fired = []
    stage.fleet.stop().addCallback(fired.append)
    assert fired == [None]
    assert all(alpha.channel.closed and alpha.http.closed for alpha in alphas)
    assert lost[0].check(Lost)


@pytest.mark.parametrize(("engine", "made"), [(Engine.GRPCIO, GrpcioChannel), (Engine.H2, H2Channel)])
def test_real_ways_are_made_by_the_configured_engine_and_open_nothing(engine, made):
    live = Live(replace(config("127.0.0.1:9080"), alpha_engine=engine))
    fleet = Fleet(live, Clock(), lookup=lambda host: succeed([]))
    [alpha] = fleet.alphas
    assert isinstance(alpha.channel, made)
    assert isinstance(alpha.http, PassThrough)
    assert alpha.idle


def test_the_ward_hears_of_every_probe(stage):
    assert stage.fleet.ward.usable == frozenset()
    stage.fleet.start()
    assert stage.fleet.ward.usable == {"a:9080", "b:9081"}
    stage.pages = {"a:8080": (503, DRAINING.encode())}
    stage.clock.advance(1.1)
    assert stage.fleet.ward.usable == {"b:9081"}
    assert stage.fleet.ward.standing("a:9080").status == "draining"
    stage.pages = {}
    stage.clock.pump([1.1] * 2)
    assert stage.fleet.ward.usable == {"a:9080", "b:9081"}


def test_the_ward_follows_a_reload(stage):
    stage.fleet.start()
    stage.live.replace(config("c:9080", "b:9081", probe_fall=7))
    assert stage.fleet.ward.usable == {"c:9080", "b:9081"}
    assert stage.fleet.ward.bounds.fall == 7


def test_an_ejection_ends_without_a_probe(stage):
    stage.live.replace(config("a:9080", "b:9081", probe_interval=1000))
    stage.fleet.start()
    for _ in range(5):
        stage.fleet.ward.heard("a:9080", stage.clock.seconds(), Verdict.LOST, 0.1)
    assert stage.fleet.ward.usable == {"b:9081"}
    stage.clock.pump([1] * 11)
    assert stage.fleet.ward.usable == {"a:9080", "b:9081"}


def test_each_change_is_logged_with_its_reason(stage):
    lines = []

    @provider(ILogObserver)
    def observe(event):
        lines.append(formatEvent(event))

    globalLogPublisher.addObserver(observe)
    try:
        stage.fleet.start()
        stage.pages = {"a:8080": (503, NOT_READY.encode())}
        stage.clock.pump([1.1] * 3)
        stage.pages = {}
        stage.clock.pump([1.1] * 3)
    finally:
        globalLogPublisher.removeObserver(observe)
    assert [line for line in lines if line.startswith("a:9080")] == [
        "a:9080 is usable",
        f"a:9080 is not ready: it answered 503: {NOT_READY}",
        "a:9080 is usable",
    ]


@pytest.mark.parametrize(("balancer", "asked"), [(Balancer.ROUND_ROBIN, 0), (Balancer.STATE_BASED, 1)])
def test_what_waits_at_an_alpha_is_asked_for_where_it_decides_something(stage, balancer, asked):
    metrics = b"dgraph_pending_proposals_total 3\ndgraph_pending_queries_total 4\n"
    stage.live.replace(config("a:9080", balancer_type=balancer))
    http = stage.fleet.get("a:9080").http
    http.on("/metrics", Answer(200, metrics))
    stage.fleet.start()
    assert len(http.calls) == asked
    pending = stage.fleet.load.pending("a:9080", stage.clock.seconds())
    assert pending == (Pending(4, 3, 0.0) if asked else None)
