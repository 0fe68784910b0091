"""The names of alphas."""

import pytest
from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.task import Clock

from otterd.alphas.resolve import PATIENCE, PAUSE, REFRESH, Resolver, ordered, split
from otterd.errors import NotReached


class Names:
    """A name service with an answer for each host."""

    def __init__(self):
        self.answers = {}
        self.asked = []

    def lookup(self, host):
        self.asked.append(host)
        answer = self.answers.get(host)
        if answer is None:
            return fail(OSError("unknown"))
        return answer if isinstance(answer, Deferred) else succeed(answer)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def names():
    return Names()


@pytest.fixture
def resolver(clock, names):
    resolver = Resolver(clock, names.lookup)
    resolver.start()
    yield resolver
    resolver.stop()
    assert not clock.getDelayedCalls()


def result(deferred):
    got = []
    deferred.addBoth(got.append)
    return got[0] if got else None


def test_an_ip_address_needs_no_lookup(resolver, names):
    assert result(resolver.find("127.0.0.1")) == ("127.0.0.1",)
    assert resolver.known("::1") == ("::1",)
    resolver.follow(["127.0.0.1"])
    assert not names.asked


def test_a_followed_name_is_looked_up_at_once_and_then_every_thirty_seconds(resolver, names, clock):
    names.answers["a"] = ["10.0.0.1"]
    resolver.follow(["a"])
    assert resolver.known("a") == ("10.0.0.1",)
    clock.advance(REFRESH)
    assert names.asked == ["a", "a"]


def test_the_last_good_answer_outlives_an_outage(resolver, names, clock):
    names.answers["a"] = ["10.0.0.1"]
    resolver.follow(["a"])
    for nothing in (None, []):
        names.answers["a"] = nothing
        clock.advance(REFRESH)
        assert result(resolver.find("a")) == ("10.0.0.1",)


def test_a_lookup_that_never_answers_is_given_up(resolver, names, clock):
    names.answers["a"] = Deferred()
    resolver.follow(["a"])
    waiting = resolver.find("a")
    assert result(waiting) is None
    clock.advance(PATIENCE)
    failures = []
    waiting.addErrback(failures.append)
    names.answers["a"] = ["10.0.0.1"]
    clock.advance(REFRESH)
    assert resolver.known("a") == ("10.0.0.1",)


def test_watchers_hear_of_changes_only(resolver, names, clock):
    heard = []
    end = resolver.watch(heard.append)
    names.answers["a"] = ["10.0.0.2", "10.0.0.1"]
    resolver.follow(["a"])
    names.answers["a"] = ["10.0.0.1", "10.0.0.2"]
    clock.advance(REFRESH)
    assert heard == ["a"]
    names.answers["a"] = ["10.0.0.3"]
    clock.advance(REFRESH)
    assert heard == ["a", "a"]
    end()
    names.answers["a"] = ["10.0.0.4"]
    clock.advance(REFRESH)
    assert heard == ["a", "a"]


def test_an_unknown_name_is_not_reached_and_not_asked_for_again_at_once(resolver, names, clock):
    assert result(resolver.find("a")).check(NotReached)
    assert "the name a has no address" in result(resolver.find("a")).value.reason
    assert names.asked == ["a"]
    clock.advance(PAUSE)
    names.answers["a"] = ["10.0.0.1"]
    assert result(resolver.find("a")) == ("10.0.0.1",)


def test_finders_share_one_lookup_and_may_leave_it(resolver, names):
    names.answers["a"] = answer = Deferred()
    first, second = resolver.find("a"), resolver.find("a")
    gone = []
    first.addErrback(gone.append)
    first.cancel()
    answer.callback(["10.0.0.1"])
    assert result(second) == ("10.0.0.1",)
    assert names.asked == ["a"]


def test_a_name_that_is_no_longer_followed_is_forgotten(resolver, names, clock):
    names.answers["a"] = ["10.0.0.1"]
    resolver.follow(["a"])
    resolver.follow([])
    assert resolver.known("a") == ()
    clock.advance(REFRESH)
    assert names.asked == ["a"]


def test_addresses_come_in_a_fixed_order():
    assert ordered(["::1", "10.0.0.2", "10.0.0.1", "::1"]) == ("10.0.0.1", "10.0.0.2", "::1")
    assert ordered(["fe80::1%eth0"]) == ("fe80::1",)


def test_host_and_port_are_told_apart():
    assert split("alpha1:9080") == ("alpha1", 9080)
    assert split("[::1]:9080") == ("::1", 9080)
