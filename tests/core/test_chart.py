"""The map made out of `/state`."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otterd.core.chart import chart, key_of
from otterd.core.cluster import UNCHARTED, Map

OURS = {"one:7080": "a:9080", "two:7080": "b:9080", "three:7080": "c:9080"}


def member(id: int, addr: str, **more: Any) -> dict[str, Any]:
    return {"id": str(id), "groupId": 1, "addr": addr, "leader": False, "lastUpdate": "0", **more}


def tablet(name: str, **more: Any) -> dict[str, Any]:
    return {"groupId": 1, "predicate": name, "onDiskBytes": "0", "moveTs": "0", **more}


def state(**groups: Any) -> dict[str, Any]:
    return {
        "counter": "17",
        "cid": "the-cluster",
        "groups": {k.removeprefix("g"): v for k, v in groups.items()},
    }


ONE = {
    "members": {
        "1": member(1, "one:7080", leader=True),
        "2": member(2, "two:7080"),
        "3": member(3, "far:7080"),
    },
    "tablets": {"0-name": tablet("0-name", onDiskBytes="1000"), "3-age": tablet("3-age", onDiskBytes=24)},
}
TWO = {
    "members": {"4": member(4, "three:7080")},
    "tablets": {"0-film": tablet("0-film", moveTs="18446744073709551615", readOnly=True)},
}


def drawn(page: Any, **more: Any) -> Map:
    return chart(page, OURS, 5.0, "a:9080", **more)


def test_groups_members_leaders_and_tablets_are_read() -> None:
    found = drawn(state(g2=TWO, g1=ONE))
    assert (found.known, found.counter, found.made, found.source, found.cid) == (
        True,
        17,
        5.0,
        "a:9080",
        "the-cluster",
    )
    assert list(found.groups) == [1, 2]
    one = found.groups[1]
    assert (one.addresses, one.leader, one.tablets, one.size) == (("a:9080", "b:9080"), "a:9080", 2, 1024)
    assert [(m.internal, m.raft_id, m.address) for m in one.members][2] == ("far:7080", 3, "")
    assert found.owners == {"0-name": 1, "3-age": 1, "0-film": 2}
    assert found.group_of == {"a:9080": 1, "b:9080": 1, "c:9080": 2}
    assert (found.moving, found.moved) == ({"0-film"}, {"0-film": 2**64 - 1})
    assert (found.leader_of(2), found.leaderless()) == ("", (2,))
    assert found.sizes == {"0-name": 1000, "3-age": 24}


def test_other_sizes_alone_are_no_other_picture() -> None:
    grown = {
        **ONE,
        "tablets": {"0-name": tablet("0-name", onDiskBytes=4), "3-age": tablet("3-age", onDiskBytes=1020)},
    }
    assert drawn(state(g1=grown)) == drawn(state(g1=ONE))


def test_a_leader_that_otter_cannot_call_is_none_but_leads() -> None:
    found = chart(state(g1=ONE), {"two:7080": "b:9080"}, 0.0, "b:9080")
    assert (found.groups[1].leader, found.leaderless()) == ("", ())


def test_of_two_leaders_the_latest_counts() -> None:
    page = {
        "1": member(1, "one:7080", leader=True, lastUpdate="1772560856"),
        "2": member(2, "two:7080", leader=True, lastUpdate=1772560857),
    }
    found = drawn(state(g1={"members": page}))
    assert found.groups[1].leader == "b:9080"
    assert [each.leader for each in found.groups[1].members] == [False, True]


def test_a_map_is_joined_again_when_addresses_are_learnt_or_lost() -> None:
    page = state(g1=ONE, g2=TWO)
    blind = chart(page, {}, 5.0, "a:9080")
    assert (blind.group_of, blind.leader_of(1), blind.groups[1].addresses) == ({}, "", ())
    assert blind.joined(OURS) == drawn(page)
    assert drawn(page).joined({}) == blind


def test_learners_come_last_and_the_removed_not_at_all() -> None:
    page = {
        "1": member(1, "one:7080", learner=True),
        "2": member(2, "two:7080"),
        "3": member(3, "three:7080", amDead=True),
    }
    found = drawn(state(g1={"members": page}))
    assert found.groups[1].addresses == ("b:9080", "a:9080")
    assert "c:9080" not in found.group_of


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("0-name", "0-name"),
        ("1f-name", "1f-name"),
        ("0-a-b", "0-a-b"),
        ("0x0-name", "0-name"),
        ("0x1f-name", "1f-name"),
        ("00-name", "0-name"),
        ("0-имя", "0-имя"),
        ("\0\0\0\0\0\0\0\0name", "0-name"),
        ("\0\0\0\0\0\0\0\x1fname", "1f-name"),
        ("\0\0\0\0\0\0é-name", "c3a9--name"),
        ("\0\0\0\0\0\0\0\N{REPLACEMENT CHARACTER}name", ""),
        ("\0\0\0\0\0\0\0é", ""),
        ("\0\0\0\0\0\0\0\0", ""),
        ("name", ""),
        ("0-", ""),
        ("", ""),
        ("x-name", ""),
    ],
)
def test_the_key_of_a_tablet_is_read_in_every_form(name: str, key: str) -> None:
    assert key_of(name) == key


@given(st.integers(0, 2**31 - 1), st.text("abc.é", min_size=1))
def test_a_namespace_of_raw_bytes_is_read_or_left_out_but_never_mistaken(namespace: int, name: str) -> None:
    raw = namespace.to_bytes(8, "big") + name.encode()
    # A server replaces what is no UTF-8 before it writes JSON.
    told = json.loads(json.dumps(raw.decode(errors="replace")))
    assert key_of(told) in ("", f"{namespace:x}-{name}")
    if namespace < 128:
        assert key_of(told)


def test_a_guardian_of_one_namespace_sees_bare_names() -> None:
    page = {"members": {}, "tablets": {"name": tablet("name"), "a-b": tablet("a-b")}}
    assert drawn(state(g1=page), namespace=10).owners == {"a-name": 1, "a-a-b": 1}


@pytest.mark.parametrize(
    "page", [None, [], {}, {"groups": []}, {"groups": {}}, {"groups": {"x": {}, "1": 3}}]
)
def test_what_is_no_state_is_refused(page: Any) -> None:
    with pytest.raises(ValueError, match="this is not the state of a cluster"):
        drawn(page)


def test_nothing_is_known_before() -> None:
    assert not UNCHARTED.known
    assert UNCHARTED.weigh({"0-name"}) == {}


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.data())
def test_junk_in_any_place_spoils_nothing_else(data: st.DataObject) -> None:
    page = json.loads(json.dumps(state(g1=ONE, g2=TWO)))
    place = page["groups"]
    for _ in range(data.draw(st.integers(0, 3))):
        inner = [key for key, value in place.items() if isinstance(value, dict)]
        if not inner:
            break
        place = place[data.draw(st.sampled_from(inner))]
    place[data.draw(st.sampled_from(list(place)) | st.text())] = data.draw(values)
    found = drawn(page)
    assert set(found.groups) >= {1} or set(found.groups) >= {2}
    assert set(found.owners.values()) <= set(found.groups)
    assert set(found.group_of.values()) <= set(found.groups)
