"""The map of a running cluster: groups, leaders, owners, moves, and what a guardian sees."""

from urllib.parse import quote

import pytest
import pytest_twisted

from otterd.config.schema import Secret
from tests.charting import charting
from tests.cluster import Shape
from tests.cluster.ask import ask, until
from tests.cluster.cluster import PASSWORD, USER
from tests.live.conftest import started

LONG = 60.0
"""Seconds that a change may take to show: an election takes up to eight on an idle machine."""


@pytest.fixture(scope="module")
def groups():
    """Give a cluster of three groups of one alpha each."""
    yield from started(Shape(alphas=3, replicas=1))


def before(cluster, **keys):
    """Return the keys of a configuration that names all alphas of `cluster`."""
    named = cluster.addresses[: keys.pop("named", None)]
    return {
        "dgraph_endpoints": tuple(each.grpc for each in named),
        "dgraph_http_endpoints": {each.grpc: each.http for each in named},
        **keys,
    }


def told_by_zero(cluster):
    """Return the group of each tablet, and the leader of each group, as zero tells them."""
    told = ask(cluster.zero_http, "GET", "/state").json()["groups"]
    owners = {name: int(group) for group, page in told.items() for name in page["tablets"]}
    leaders = {
        int(group): member["addr"]
        for group, page in told.items()
        for member in page["members"].values()
        if member["leader"]
    }
    return owners, leaders


def write(address, predicate, headers=None):
    """Store a value of a predicate."""
    body = {"set": [{predicate: "x"}]}

    def done():
        return "errors" not in ask(address, "POST", "/mutate?commitNow=true", body, headers).json()

    until(done, f"a write of {predicate}")


@pytest_twisted.ensureDeferred
async def test_groups_leaders_and_owners_are_those_that_zero_tells(reactor, groups, mark):
    for number, address in enumerate(groups.addresses):
        write(address.http, f"{mark}.{number}")
    async with charting(reactor, **before(groups)) as one:
        found = (await one.until(lambda t: f"0-{mark}.2" in t.map.owners, LONG)).map
        owners, leaders = told_by_zero(groups)
        assert found.owners == owners
        assert sorted(found.group_of) == sorted(each.grpc for each in groups.addresses)
        internal = {m.address: m.internal for group in found.groups.values() for m in group.members}
        assert {id: internal[found.leader_of(id)] for id in found.groups} == leaders
        health = [ask(each.http, "GET", "/health").json()[0] for each in groups.addresses]
        assert [found.group_of[each.grpc] for each in groups.addresses] == [int(h["group"]) for h in health]
        # Whoever first wrote a predicate has it.
        assert [found.owners[f"0-{mark}.{n}"] for n in range(3)] == [int(h["group"]) for h in health]


@pytest_twisted.ensureDeferred
async def test_a_moved_predicate_has_another_owner_and_the_time_of_its_move(reactor, groups, mark):
    name = f"{mark}.moving"
    write(groups.addresses[0].http, name)
    async with charting(reactor, **before(groups)) as one:
        known = await one.until(lambda t: f"0-{name}" in t.map.owners, LONG)
        here = known.map.owners[f"0-{name}"]
        there = here % 3 + 1
        moved = ask(groups.zero_http, "GET", f"/moveTablet?tablet={quote(name)}&group={there}")
        assert moved.status == 200, moved.body
        found = (await one.until(lambda t: t.map.owners.get(f"0-{name}") == there, LONG)).map
        assert found.moved[f"0-{name}"] > 0
        assert f"0-{mark}.0" not in found.moved


@pytest_twisted.ensureDeferred
async def test_alphas_that_the_file_does_not_name_are_found_by_a_rule(reactor, groups):
    keys = before(groups, named=1, discover=True, address_rules=("localhost:*=127.0.0.1:+2000",))
    async with charting(reactor, **keys) as one:
        everyone = {each.grpc for each in groups.addresses}
        known = await one.until(lambda t: set(t.map.group_of) == everyone, LONG)
        assert one.fleet.discovered == everyone - {groups.addresses[0].grpc}
        assert {known.map.leader_of(id) for id in (1, 2, 3)} == everyone


def test_an_explanation_names_the_group_and_its_leader(otter, groups, mark):
    name = f"{mark}.explained"
    write(groups.addresses[1].http, name)
    ours = otter(groups)
    text = f"{{ q(func: has({name})) {{ {name} }} }}"

    def owners():
        told = ask(ours.http, "POST", "/validate/dql?explain=true", text, {"Content-Type": "application/dql"})
        found = told.json()["owners"]
        return found if found and found[0]["group"] else None

    group = int(ask(groups.addresses[1].http, "GET", "/health").json()[0]["group"])
    told = until(owners, "the owner of a predicate")
    assert told == [{"predicate": name, "group": group, "leader": groups.addresses[1].grpc}]


@pytest_twisted.ensureDeferred
async def test_a_new_leader_is_known_after_the_old_one_was_killed(reactor, own_cluster):
    async with charting(reactor, **before(own_cluster)) as one:
        known = await one.until(lambda t: t.map.leader_of(1) and len(t.map.group_of) == 3, LONG)
        first = known.map.leader_of(1)
        [dead] = [n for n, each in enumerate(own_cluster.addresses) if each.grpc == first]
        own_cluster.alphas[dead].kill()
        found = (await one.until(lambda t: t.map.leader_of(1) not in ("", first), LONG)).map
        assert found.leader_of(1) in found.groups[1].addresses
        assert first in found.group_of


def login(address, namespace, password=PASSWORD):
    account = {"userid": USER, "password": password, "namespace": namespace}
    reply = ask(address, "POST", "/login", account).json()
    return {"X-Dgraph-AccessToken": reply["data"]["accessJWT"]} if reply.get("data") else None


@pytest_twisted.ensureDeferred
async def test_without_a_guardian_nothing_is_known_and_why_says_so(reactor, acl_cluster):
    async with charting(reactor, **before(acl_cluster)) as one:
        known = await one.until(lambda t: t.why.startswith("the alphas tell only guardians"), LONG)
        assert ("no account is configured" in known.why, known.map.known) == (True, False)


@pytest_twisted.ensureDeferred
async def test_a_guardian_opens_the_map_of_all_namespaces_or_of_its_own(reactor, acl_cluster, mark):
    address = acl_cluster.addresses[0].http
    password = "a-password"
    text = f'mutation {{ addNamespace(input: {{password: "{password}"}}) {{ namespaceId }} }}'

    def added():
        reply = ask(address, "POST", "/admin", {"query": text}, login(address, 0)).json()
        return None if reply.get("errors") else int(reply["data"]["addNamespace"]["namespaceId"])

    namespace = until(added, "a new namespace")
    token = until(lambda: login(address, namespace, password), "a login in it")
    write(address, f"{mark}.theirs", token)
    write(address, f"{mark}.roots", login(address, 0))
    theirs, roots = f"{namespace:x}-{mark}.theirs", f"0-{mark}.roots"

    account = {"dgraph_user": USER, "dgraph_password": Secret(PASSWORD)}
    async with charting(reactor, **before(acl_cluster, **account)) as one:
        await one.until(lambda t: {theirs, roots} <= set(t.map.owners), LONG)
    account = {"dgraph_user": USER, "dgraph_password": Secret(password), "dgraph_namespace": namespace}
    async with charting(reactor, **before(acl_cluster, **account)) as one:
        known = await one.until(lambda t: theirs in t.map.owners, LONG)
        assert {key.partition("-")[0] for key in known.map.owners} == {f"{namespace:x}"}
        assert known.map.leader_of(1)
