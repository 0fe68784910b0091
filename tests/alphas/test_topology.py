"""The map as alphas tell it: played by fakes, on a clock of the test's own."""

import json

import pytest
from twisted.internet.defer import Deferred, succeed
from twisted.internet.task import Clock
from twisted.logger import globalLogPublisher

from otterd.alphas.fleet import Fleet
from otterd.alphas.topology import AFTER_HINT, OLD, RENEWAL, URGENT, URGENT_FOR, Topology
from otterd.config.live import Live
from otterd.config.schema import Config
from otterd.core.operation import Answer
from otterd.errors import NotReached
from tests.core.test_namespace import token
from tests.fakes.memory import HANG, FakeChannel, FakeHttpChannel

INTERVAL = 3
DENIED = b'{"errors":[{"message":"rpc error: code = PermissionDenied desc = no accessJwt available"}]}'
EXPIRED = (
    b'{"errors":[{"message":"rpc error: code = Unauthenticated desc = unable to parse: Token is expired"}]}'
)


def state(counter=1, leader="a", tablets=("0-name",), members=("a", "b"), cid="one"):
    every = {
        str(at): {"id": str(at), "groupId": 1, "addr": f"{name}:7080", "leader": name == leader}
        for at, name in enumerate(members, 1)
    }
    served = {name: {"groupId": 1, "predicate": name} for name in tablets}
    groups = {"1": {"members": every, "tablets": served}}
    return json.dumps({"counter": str(counter), "groups": groups, "cid": cid}).encode()


class Account:
    """The gateway's own account."""

    def __init__(self):
        self.said = ""
        self.pending = False
        self.renewals = []

    @property
    def token(self):
        return self.said

    def renew(self):
        self.renewals.append(Deferred())
        return self.renewals[-1]


class Stage:
    """A topology over a fleet of fakes; `pages` holds what each alpha says on `/state`."""

    def __init__(self, *addresses, **keys):
        self.clock = Clock()
        self.live = Live(Config(dgraph_endpoints=addresses or ("a:9080", "b:9080"), **keys))
        self.ways = {}
        self.ill = set()
        self.account = Account()
        self.fleet = Fleet(
            self.live,
            self.clock,
            make_channel=lambda address: FakeChannel(address, self.clock),
            make_http=self._way,
            make_ask=lambda address: lambda: self._health(address),
            lookup=lambda host: succeed(["127.0.0.1"]),
            chance=lambda: 0.5,
        )
        self.topology = Topology(self.live, self.clock, self.clock, self.fleet, self.account)
        self.page = state()
        self.changes = []
        self.topology.watch(lambda old, new: self.changes.append((old, new)))

    @property
    def map(self):
        return self.topology.map

    def _way(self, address):
        way = self.ways[address] = FakeHttpChannel(address, self.clock)
        way.default = lambda call: Answer(200, self.page)
        return way

    def _health(self, address):
        host = address.partition(":")[0]
        if host in self.ill:
            return succeed((503, b"not ready"))
        told = {"instance": "alpha", "status": "healthy", "address": f"{host}:7080", "group": "1"}
        return succeed((200, json.dumps([told]).encode()))

    def begin(self):
        self.fleet.start()
        self.topology.start()
        return self

    def asked(self):
        """Return how often each alpha was asked for its state."""
        return {address.partition(":")[0]: len(way.calls) for address, way in self.ways.items()}

    def all_asked(self):
        return sum(self.asked().values())

    def run(self, seconds, step=0.05):
        for _ in range(round(seconds / step)):
            self.clock.advance(step)


@pytest.fixture
def stages():
    made = []

    def make(*addresses, **keys):
        made.append(Stage(*addresses, **keys))
        return made[-1]

    yield make
    for one in made:
        one.topology.stop()
        one.fleet.stop()
        assert not one.clock.getDelayedCalls()


@pytest.fixture
def stage(stages):
    return stages()


@pytest.fixture
def said():
    """Collect the lines of the topology's log, debug lines left out."""
    lines = []

    def observe(event):
        if event["log_namespace"].endswith("topology") and event["log_level"].name != "debug":
            lines.append(event["log_format"].format(**event))

    globalLogPublisher.addObserver(observe)
    yield lines
    globalLogPublisher.removeObserver(observe)


def test_nothing_is_asked_or_known_before_the_start(stage):
    assert (stage.map.known, stage.topology.why) == (False, "no alpha has told of the cluster yet")
    stage.topology.hint("early")
    stage.run(1)
    assert stage.all_asked() == 0


def test_the_first_answer_makes_a_map_that_is_joined_with_our_addresses(stage):
    stage.begin()
    assert (stage.map.known, stage.topology.why) == (True, "")
    assert stage.map.groups[1].addresses == ("a:9080", "b:9080")
    assert (stage.map.leader_of(1), stage.map.owners) == ("a:9080", {"0-name": 1})
    assert [new.counter for _, new in stage.changes] == [1]


def test_alphas_that_tell_their_address_later_are_joined_then(stage):
    stage.ill = {"a"}
    stage.begin()
    assert (stage.map.groups[1].addresses, stage.map.leader_of(1)) == (("b:9080",), "")
    made = stage.map.made
    stage.ill = set()
    stage.clock.advance(stage.live.config.probe_interval)
    assert (stage.map.groups[1].addresses, stage.map.leader_of(1)) == (("a:9080", "b:9080"), "a:9080")
    assert stage.map.made >= made


def test_another_alpha_is_asked_each_time(stage):
    stage.begin()
    stage.run(2)
    before = stage.asked()
    stage.run(4 * INTERVAL)
    assert {name: count - before[name] for name, count in stage.asked().items()} == {"a": 2, "b": 2}


def test_healthy_alphas_are_asked_first(stages):
    stage = stages("a:9080", "b:9080", "c:9080")
    stage.ill = {"b"}
    stage.begin()
    stage.run(12 * INTERVAL)
    assert stage.asked()["b"] == 0
    assert stage.asked()["a"] > 4
    assert stage.asked()["c"] > 4


def test_when_none_is_healthy_all_are_asked(stage):
    stage.ill = {"a", "b"}
    stage.begin()
    stage.run(2 * INTERVAL)
    assert min(stage.asked().values()) > 0
    assert stage.map.known


def test_the_newest_map_stays_when_an_older_one_is_told(stage):
    stage.page = state(counter=9, tablets=("0-name", "0-new"))
    stage.begin()
    stage.page = state(counter=8)
    stage.run(3 * INTERVAL)
    assert (stage.map.counter, set(stage.map.owners)) == (9, {"0-name", "0-new"})
    stage.page = state(counter=9, leader="b")
    stage.run(INTERVAL)
    assert stage.map.leader_of(1) == "b:9080"


def test_the_last_map_stays_while_nobody_answers(stage):
    stage.begin()
    for way in stage.ways.values():
        way.default = NotReached("gone")
    stage.run(2 * OLD, step=0.25)
    assert (stage.map.known, stage.map.counter) == (True, 1)


def test_an_older_count_is_believed_after_a_while(stage):
    stage.page = state(counter=9)
    stage.begin()
    stage.page = state(counter=3, leader="b")
    stage.run(OLD - INTERVAL, step=0.25)
    assert stage.map.counter == 9
    stage.run(3 * INTERVAL, step=0.25)
    assert (stage.map.counter, stage.map.leader_of(1)) == (3, "b:9080")


def test_a_cluster_made_anew_is_believed_at_once(stage, said):
    stage.page = state(counter=9)
    stage.begin()
    stage.page = state(counter=1, tablets=("0-film",), cid="two")
    stage.run(INTERVAL)
    assert stage.map.owners == {"0-film": 1}
    assert sum("another cluster" in line for line in said) == 1


@pytest.mark.parametrize(
    "page", [b"", b"{}", b"[]", b'{"groups":{}}', b'{"errors":[{"message":"starting"}]}']
)
def test_junk_changes_nothing(stage, page):
    stage.begin()
    known = stage.map
    stage.page = page
    stage.run(2 * INTERVAL)
    assert stage.map is known


def test_watchers_hear_of_another_picture_and_not_of_a_later_one(stage):
    stage.begin()
    stage.changes.clear()
    stage.page = state(counter=2)
    stage.run(INTERVAL)
    assert (stage.map.counter, stage.changes) == (2, [])
    stage.page = state(counter=3, tablets=("0-name", "0-age"))
    stage.run(INTERVAL)
    assert [(old.counter, new.counter) for old, new in stage.changes] == [(2, 3)]


def settled(stage):
    """Run `stage` until nothing is urgent."""
    stage.begin()
    stage.run(AFTER_HINT + INTERVAL)
    return stage


def test_a_hint_asks_at_once_and_often_for_a_moment(stage):
    settled(stage)
    before = stage.all_asked()
    stage.clock.advance(URGENT)
    stage.topology.hint("a leader fell")
    stage.clock.advance(0)
    assert stage.all_asked() == before + 1
    stage.run(AFTER_HINT)
    often = stage.all_asked() - before
    assert AFTER_HINT / URGENT - 1 <= often <= AFTER_HINT / URGENT + 2
    stage.run(2 * INTERVAL)
    assert stage.all_asked() - before - often <= 3


def test_many_hints_ask_no_more_often_than_four_times_a_second(stage):
    settled(stage)
    before = stage.all_asked()
    for _ in range(100):
        stage.topology.hint("again")
        stage.clock.advance(0.02)
    assert stage.all_asked() - before <= 2 / URGENT + 1


def test_while_a_leader_is_missing_it_is_asked_for_often_but_not_for_ever(stage):
    stage.page = state(leader="")
    stage.begin()
    stage.run(10)
    assert stage.all_asked() >= 0.8 * 10 / URGENT
    stage.run(URGENT_FOR - 10)
    before = stage.all_asked()
    stage.run(10 * INTERVAL)
    assert stage.all_asked() - before <= 12
    stage.page = state(counter=2, leader="b")
    stage.run(INTERVAL)
    assert stage.map.leader_of(1) == "b:9080"


def two_groups(*leaderless):
    members = {
        id: {"id": id, "addr": f"{name}:7080", "leader": id not in leaderless} for id, name in ("1a", "2b")
    }
    return json.dumps({"groups": {id: {"members": {id: one}} for id, one in members.items()}}).encode()


def test_a_group_that_stays_away_does_not_hide_that_another_loses_its_leader(stage):
    stage.page = two_groups("1")
    stage.begin()
    stage.run(URGENT_FOR + 2 * INTERVAL, step=0.25)
    stage.page = two_groups("1", "2")
    stage.run(INTERVAL)
    before = stage.all_asked()
    stage.run(10)
    assert stage.all_asked() - before >= 0.8 * 10 / URGENT


def test_a_leader_that_falls_ill_counts_as_missing(stage):
    settled(stage)
    before = stage.all_asked()
    stage.ill = {"a"}
    stage.clock.advance(stage.live.config.probe_interval)
    stage.run(2 * AFTER_HINT)
    stage.page = state(counter=2, leader="b")
    stage.clock.advance(URGENT)
    assert stage.map.leader_of(1) == "b:9080"
    asked = stage.all_asked()
    assert asked - before < 20
    stage.run(INTERVAL)
    assert stage.all_asked() - asked <= 2


def test_an_alpha_that_hangs_does_not_keep_the_others_from_telling(stages):
    stage = stages("a:9080", "b:9080", "c:9080")
    settled(stage)
    stage.ways["a:8080"].default = HANG
    stage.page = state(counter=2, leader="b")
    stage.topology.hint("it hangs")
    stage.run(0.6)
    assert stage.map.leader_of(1) == "b:9080"
    stage.run(60, step=0.25)
    assert stage.ways["a:8080"].open <= 1


class Slow:
    """A clock on which each look costs 100 ms."""

    def __init__(self, clock):
        self.clock = clock
        self.spent = 0.0

    def seconds(self):
        self.spent += 0.1
        return self.clock.seconds() + self.spent


def test_a_cluster_whose_pages_take_long_to_read_is_asked_more_seldom(stage):
    stage.topology._clock = Slow(stage.clock)
    stage.begin()
    stage.run(60, step=0.25)
    assert 3 <= stage.all_asked() <= 10


def test_the_accounts_token_is_shown_and_its_namespace_counts(stage):
    stage.account.said = token({"namespace": 10})
    stage.page = state(tablets=("name",))
    stage.begin()
    shown = dict(stage.ways["b:8080"].calls[0].request.headers)
    assert shown[b"X-Dgraph-AccessToken"].decode() == stage.account.said
    assert stage.map.owners == {"a-name": 1}


def test_the_first_login_is_waited_for(stage):
    stage.account.pending = True
    stage.page = DENIED
    stage.begin()
    stage.run(1)
    assert (stage.all_asked(), stage.topology.why) == (0, "no alpha has told of the cluster yet")
    stage.account.pending = False
    stage.page = state()
    stage.run(URGENT)
    assert stage.map.known


@pytest.mark.parametrize(
    ("user", "shown", "why"),
    [
        ("", "", "no account is configured"),
        ("groot", "", "the configured account could not log in"),
        ("groot", "jwt", "the configured account is none"),
    ],
)
def test_without_a_guardian_it_says_once_why_nothing_is_known(stages, said, user, shown, why):
    stage = stages(dgraph_user=user)
    stage.account.said = shown
    stage.page = DENIED
    stage.begin()
    stage.run(5 * INTERVAL)
    whole = f"the alphas tell only guardians of the cluster, and {why}: requests go by health alone"
    assert (stage.topology.why, stage.map.known, said) == (whole, False, [whole])
    assert stage.all_asked() < 20
    stage.page = state()
    stage.run(INTERVAL)
    assert (stage.topology.why, stage.map.known) == ("", True)
    assert said == [whole, "the alphas tell of the cluster", "group 1 is led by a:9080"]


def test_a_map_that_may_no_longer_be_read_is_given_up_when_it_is_old(stage):
    stage.begin()
    stage.page = DENIED
    stage.run(OLD - INTERVAL, step=0.25)
    assert stage.map.known
    stage.run(3 * INTERVAL, step=0.25)
    assert (stage.map.known, bool(stage.topology.why)) == (False, True)


def test_an_expired_token_is_renewed_but_not_over_and_over(stage):
    stage.account.said = "old"
    stage.begin()
    stage.page = EXPIRED
    stage.run(INTERVAL)
    assert len(stage.account.renewals) == 1
    stage.account.said = "new"
    stage.page = state(counter=2)
    stage.account.renewals[0].callback("new")
    stage.run(URGENT)
    assert stage.map.counter == 2
    stage.page = EXPIRED
    stage.run(RENEWAL - INTERVAL - 1)
    assert len(stage.account.renewals) == 1


RULES = ("*:7080=*:9080",)


def test_alphas_of_the_cluster_are_taken_up_where_a_rule_fits(stages):
    stage = stages("a:9080", discover=True, address_rules=("b:7080=b:9080/b:8080", "c:1=c:2/c:3"))
    stage.page = state(members=("a", "b", "c"), leader="b")
    stage.begin()
    assert [alpha.address for alpha in stage.fleet.alphas] == ["a:9080", "b:9080"]
    assert stage.fleet.discovered == {"b:9080"}
    stage.run(URGENT)
    assert (stage.map.groups[1].addresses, stage.map.leader_of(1)) == (("a:9080", "b:9080"), "b:9080")
    stage.run(3 * INTERVAL)
    assert stage.asked()["b"] > 0


def test_an_alpha_that_left_the_cluster_or_its_rule_is_let_go(stages):
    stage = stages("a:9080", discover=True, address_rules=RULES)
    stage.page = state(members=("a", "b", "c"))
    stage.begin()
    assert stage.fleet.discovered == {"b:9080", "c:9080"}
    stage.page = state(counter=2, members=("a", "c"))
    stage.run(INTERVAL)
    assert stage.fleet.discovered == {"c:9080"}
    stage.live.replace(Config(dgraph_endpoints=("a:9080",), discover=True, address_rules=("c:7080=x:9080",)))
    assert stage.fleet.discovered == {"x:9080"}
    stage.live.replace(Config(dgraph_endpoints=("a:9080",)))
    assert stage.fleet.discovered == frozenset()


def test_an_alpha_that_the_file_names_otherwise_is_not_taken_up_twice(stages):
    stage = stages("a:9080", "b:9080", discover=True, address_rules=("*:7080=other-*:9080",))
    stage.ill = {"b"}
    stage.begin()
    assert stage.fleet.discovered == {"other-b:9080"}
    stage.ill = set()
    stage.clock.advance(stage.live.config.probe_interval)
    assert stage.fleet.discovered == frozenset()
    assert stage.map.groups[1].addresses == ("a:9080", "b:9080")


def test_nobody_is_taken_up_when_discovery_is_off(stages):
    stage = stages("a:9080", address_rules=RULES)
    stage.begin()
    assert stage.fleet.discovered == frozenset()


def test_after_the_stop_nothing_is_asked(stage):
    for way in stage.ways.values():
        way.default = HANG
    stage.begin()
    stage.topology.stop()
    asked = stage.all_asked()
    stage.topology.hint("late")
    stage.run(INTERVAL)
    assert stage.all_asked() == asked
    assert not any(way.open for way in stage.ways.values()) or all(
        call.cancelled for way in stage.ways.values() for call in way.waiting
    )
