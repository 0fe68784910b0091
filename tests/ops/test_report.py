import json
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from otterd import __version__
from otterd.config.live import Live
from otterd.config.schema import Balancer, Config
from otterd.core.balance import policy_for
from otterd.core.health import Bounds, Probed, Ward
from otterd.core.judge import Verdict
from otterd.core.operation import Answer
from otterd.errors import NotReached
from otterd.ops.instruments import Metrics
from otterd.ops.report import Report
from otterd.ops.zeros import FRESH, LONGEST
from tests.fakes.memory import HANG, FakeBody, FakeHttpChannel

CONFIG = Config(dgraph_endpoints=("a:9080", "b:9080"))
SAID = {"instance": "alpha", "address": "a:7080", "status": "healthy", "group": "1", "max_assigned": 2**60}
ZERO = {"instance": "zero", "address": "z:5080", "status": "healthy", "group": "0"}


@dataclass
class Health:
    raw: dict[str, Any] | None = None


@dataclass
class Alpha:
    address: str
    http: FakeHttpChannel
    health: Health = field(default_factory=Health)
    in_flight: int = 0

    @property
    def http_address(self) -> str:
        return self.address.replace("9080", "8080")


class Rig:
    in_flight = 7

    def __init__(self, config: Config = CONFIG) -> None:
        self.clock = Clock()
        self.alphas = [
            Alpha(name, FakeHttpChannel(name.replace("90", "80"), self.clock)) for name in config.alphas()
        ]
        self.ward = Ward(Bounds())
        self.ward.muster(config.alphas(), 0.0)
        for alpha in self.alphas:
            self.ward.probed(alpha.address, 0.0, Probed())
        self.policy = policy_for(config, lambda: 0.0)
        self.shown_with: tuple[bool, str, int] | None = None
        self.report = Report(Live(config), self.clock, self, self, self)

    def shown(self, ready: bool, why: str, in_flight: int) -> bytes:
        self.shown_with = ready, why, in_flight
        return b"the page"

    def down(self, *names: str) -> None:
        for alpha in self.alphas:
            if alpha.address in names:
                alpha.health = Health(SAID)
                for _ in range(3):
                    self.ward.probed(alpha.address, 0.0, Probed(Verdict.NOT_REACHED, "refused"))

    def health(self, *, all: bool = False) -> tuple[int, list[dict[str, Any]]]:
        asked = self.report.health(all)
        told: Any = asked
        if isinstance(asked, Deferred):
            assert asked.called
            told = asked.result
        return told[0], json.loads(told[1])


def purposeful(**groups: str) -> Config:
    lists = {name: tuple(text.split()) for name, text in groups.items()}
    return Config(balancer_type=Balancer.DEFINED, groups=lists)


@pytest.mark.parametrize(
    ("config", "down", "ready", "why"),
    [
        (CONFIG, "", True, "ready"),
        (CONFIG, "a:9080", True, "ready"),
        (CONFIG, "a:9080 b:9080", False, "no healthy alpha for any purpose"),
        (purposeful(query="a:9080 b:9080", mutation="b:9080"), "a:9080", True, "ready"),
        (
            purposeful(query="a:9080", mutation="b:9080"),
            "b:9080",
            False,
            "no healthy alpha for mutation, upsert",
        ),
        (
            purposeful(query="a:9080", mutation="b:9080", upsert="a:9080"),
            "a:9080",
            False,
            "no healthy alpha for query, upsert",
        ),
    ],
)
def test_ready_means_an_alpha_for_each_purpose(config: Config, down: str, ready: bool, why: str) -> None:
    rig = Rig(config)
    rig.down(*down.split())
    assert rig.report.ready() == (ready, why)
    status, (own, *_) = rig.health()
    assert status == (200 if ready else 503)
    assert own["status"] == ("healthy" if ready else "unhealthy")
    assert own["reason"] == why


def test_an_alpha_that_was_never_probed_does_not_make_ready() -> None:
    rig = Rig()
    rig.ward.muster((), 0.0)
    rig.ward.muster(CONFIG.alphas(), 0.0)
    assert not rig.report.ready()[0]
    assert [one["status"] for one in rig.health()[1]] == ["unhealthy"] * 3


def test_a_draining_otter_is_not_ready() -> None:
    rig = Rig()
    rig.report.draining = True
    assert rig.report.ready() == (False, "draining")
    assert rig.health()[0] == 503


def test_health_is_otter_and_then_each_alpha_in_dgraphs_shape() -> None:
    rig = Rig()
    rig.alphas[0].health = Health(SAID)
    rig.alphas[0].in_flight = 4
    rig.clock.advance(90)
    rig.down("b:9080")
    status, (own, first, second) = rig.health()
    assert status == 200
    assert own == {
        "instance": "otter",
        "address": "127.0.0.1:8080",
        "status": "healthy",
        "version": __version__,
        "uptime": 90,
        "balancer": "round-robin",
        "reason": "ready",
        "in_flight": 7,
    }
    assert list(first) == [*SAID, "otter"]
    assert {name: first[name] for name in SAID} == SAID
    assert first["otter"] == {
        "address": "a:9080",
        "http_address": "a:8080",
        "status": "usable",
        "reason": "",
        "since": 90,
        "in_flight": 4,
    }
    assert {name: second[name] for name in ("instance", "address", "status")} == {
        "instance": "alpha",
        "address": "b:9080",
        "status": "unhealthy",
    }
    assert (second["otter"]["status"], second["otter"]["reason"]) == ("down", "refused")


def test_health_says_for_how_long_an_alpha_is_left_out() -> None:
    rig = Rig()
    rig.alphas[1].health = Health(SAID)
    for _ in range(5):
        rig.ward.heard("b:9080", 0.0, Verdict.LOST, 0.1)
    rig.clock.advance(4)
    assert rig.report.ready() == (True, "ready")
    seen = rig.health()[1][2]
    assert seen["status"] == "unhealthy"
    assert (seen["otter"]["status"], seen["otter"]["ejected_for"]) == ("ejected", 6)
    assert seen["otter"]["reason"] == "left out for another 6 s: its connections broke"


def test_an_endpoint_is_named_by_its_kind_alone() -> None:
    rig = Rig(replace(CONFIG, http_endpoint="ssl:443:privateKey=/etc/key.pem"))
    assert rig.health()[1][0]["address"] == "ssl"


def test_all_adds_the_zeros_of_an_alpha() -> None:
    rig = Rig()
    rig.down("a:9080")
    body = FakeBody(json.dumps([ZERO]).encode()[:9], json.dumps([ZERO, SAID]).encode()[9:])
    body.pieces = [json.dumps([ZERO, SAID]).encode()]
    rig.alphas[1].http.on("/health", Answer(200, body))
    assert rig.health(all=True)[1][3:] == [ZERO]
    (call,) = rig.alphas[1].http.calls
    assert call.request.target == b"/health?all"
    assert not rig.alphas[0].http.calls


@pytest.mark.parametrize(
    "outcome",
    [
        NotReached("refused"),
        Answer(200, b'{"errors":[{"message":"no accessJwt available"}]}'),
        Answer(503, b"not json"),
        lambda _: Answer(200, FakeBody(b"[", fail="broke")),
        lambda _: Answer(200, FakeBody(b"[" + b" " * LONGEST, json.dumps(ZERO).encode(), b"]")),
    ],
)
def test_zeros_that_nobody_tells_of_are_left_out(outcome: Any) -> None:
    rig = Rig()
    rig.alphas[0].http.on("/health", outcome)
    assert len(rig.health(all=True)[1]) == 3


def test_zeros_are_asked_for_once_however_many_want_to_know() -> None:
    rig = Rig()
    http = rig.alphas[0].http
    http.on("/health", HANG, Answer(200, json.dumps([ZERO]).encode()))
    asked = [rig.report.health(True) for _ in range(3)]
    assert len(http.calls) == 1
    assert isinstance(asked[0], Deferred)
    asked[0].addErrback(lambda _: None)
    asked[0].cancel()
    http.settle(http.calls[0], Answer(200, json.dumps([ZERO]).encode()))
    assert all(isinstance(one, Deferred) and one.called for one in asked)
    rig.health(all=True)
    assert len(http.calls) == 1
    rig.clock.advance(FRESH)
    assert len(rig.health(all=True)[1]) == 4
    assert len(http.calls) == 2
    assert not rig.clock.getDelayedCalls()


def test_an_alpha_that_begins_and_never_ends_does_not_hold_up_health() -> None:
    rig = Rig()
    body = FakeBody(b"[", manual=True)
    rig.alphas[0].http.on("/health", Answer(200, body))
    asked = rig.report.health(True)
    rig.clock.advance(60)
    assert isinstance(asked, Deferred)
    assert asked.called
    assert body.stopped


def test_who_serves_a_purpose_is_the_policys_to_say() -> None:
    """An alpha that was discovered serves, and one that the policy has not taken up yet does not."""
    rig = Rig()
    rig.down("a:9080", "b:9080")
    rig.ward.muster(("a:9080", "b:9080", "new:9080"), 0.0)
    rig.ward.probed("new:9080", 0.0, Probed())
    assert rig.report.ready()[0] is False
    rig.policy = policy_for(CONFIG, lambda: 0.0, ("new:9080",))
    assert rig.report.ready() == (True, "ready")


def test_the_cluster_is_told_whether_otter_is_ready() -> None:
    rig = Rig()
    rig.down("a:9080", "b:9080")
    assert rig.report.cluster() == b"the page"
    assert rig.shown_with == (False, "no healthy alpha for any purpose", 7)


def test_metrics_show_whether_otter_drains() -> None:
    rig, metrics = Rig(), Metrics()
    rig.report.show_in(metrics)
    assert "otter_draining 0.0\n" in "".join(metrics.registry.pieces())
    rig.report.draining = True
    assert "otter_draining 1.0\n" in "".join(metrics.registry.pieces())
