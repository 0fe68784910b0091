"""Alphas of the cluster that the configuration does not name."""

from otterd.alphas.discovery import MOST, Discovery
from otterd.config.live import Live
from otterd.config.schema import Config
from otterd.core.cluster import Group, Map, Member


class Crew:
    """Keeps what it was told to hold."""

    def __init__(self):
        self.held = None

    def take_up(self, found):
        self.held = dict(found)


def follow(*internals, named=(), **keys):
    crew = Crew()
    members = tuple(Member(internal, 1) for internal in internals)
    Discovery(Live(Config(dgraph_endpoints=("a:9080",), **keys)), crew).follow(
        Map({1: Group(1, members)}), named
    )
    return crew.held


def test_strangers_are_taken_up_by_the_rules():
    found = follow(
        "a:7080", "b:7080", "c:7081", named={"a:7080"}, discover=True, address_rules=("*:7080=*:9080",)
    )
    assert found == {"b:9080": "b:8080"}


def test_nobody_is_when_it_is_off():
    assert follow("b:7080", address_rules=("*:7080=*:9080",)) == {}


def test_there_is_a_bound_to_it():
    many = [f"a{i}:7080" for i in range(MOST + 1)]
    assert len(follow(*many, discover=True, address_rules=("*:7080=*:9080",))) == MOST
