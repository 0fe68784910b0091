"""Users, groups and namespaces: who may do what, and who sees what."""

import functools

import pytest
import pytest_twisted
from twisted.internet.task import Clock

from otterd.alphas.grpcio import deferred_of
from otterd.sandbox.accounts import Accounts
from otterd.sandbox.alpha import Alpha
from otterd.sandbox.cluster import Cluster, Shape
from otterd.sandbox.engine.answer import answer
from otterd.sandbox.failures import PERMISSION_DENIED, Failed
from otterd.sandbox.namespaces import own_state
from otterd.wire import api_pb2 as api

NAMED = "{ q(func: has(name)) { name } }"
BOB = """
_:u <dgraph.xid> "bob" .
_:u <dgraph.password> "bobs password" .
_:u <dgraph.user.group> _:g .
_:g <dgraph.xid> "readers" .
_:g <dgraph.acl.rule> _:r .
_:r <dgraph.rule.predicate> "name" .
_:r <dgraph.rule.permission> "4" .
"""


def guarded(test):
    """Run a coroutine of asyncio's with an alpha whose cluster controls access."""

    @pytest_twisted.ensureDeferred
    @functools.wraps(test)
    async def run():
        cluster = Cluster(Shape(), answer, lambda: 1000.0, Clock())
        cluster.accounts = Accounts(lambda: 1000.0)
        await deferred_of(test(Alpha(cluster, 0)))

    # pytest asks for what the arguments of the wrapped test are called.
    del run.__wrapped__
    return run


async def token(alpha, userid="groot", password="password", namespace=0):
    asked = api.LoginRequest(userid=userid, password=password, namespace=namespace)
    response = await alpha.login(asked, {})
    return {"accessjwt": api.Jwt.FromString(response.json).access_jwt}


async def put(alpha, quads, shown):
    mutation = api.Mutation(set_nquads=quads.encode())
    return await alpha.query(api.Request(mutations=[mutation], commit_now=True), shown)


async def read(alpha, text, shown):
    return (await alpha.query(api.Request(query=text), shown)).json


async def call(alpha, name, request, shown):
    kind, method = alpha.calls[name]
    assert isinstance(request, kind)
    return await method(request, shown)


@guarded
async def test_namespaces_do_not_see_each_other(alpha):
    root = await token(alpha)
    made = await call(alpha, "CreateNamespace", api.CreateNamespaceRequest(), root)
    own = await token(alpha, namespace=made.namespace)
    await put(alpha, '_:a <name> "first" .', root)
    await put(alpha, '_:a <name> "second" .\n_:a <mine> "x" .', own)
    assert await read(alpha, NAMED, root) == b'{"q":[{"name":"first"}]}'
    assert await read(alpha, NAMED, own) == b'{"q":[{"name":"second"}]}'
    tablets = alpha.cluster.zero.state()["groups"]["1"]["tablets"]
    assert {"0-name", "1-name"} <= set(tablets)
    seen = own_state(alpha.cluster.zero.state(), 1)["groups"]["1"]["tablets"]
    assert seen["mine"]["predicate"] == "mine"
    assert not any(name.startswith(("0-", "1-")) for name in seen)


@guarded
async def test_a_dropped_namespace_is_gone(alpha):
    root = await token(alpha)
    await call(alpha, "CreateNamespace", api.CreateNamespaceRequest(), root)
    own = await token(alpha, namespace=1)
    await put(alpha, '_:a <name> "second" .', own)
    await call(alpha, "DropNamespace", api.DropNamespaceRequest(namespace=1), root)
    assert await read(alpha, NAMED, own) == b'{"q":[]}'
    listed = await call(alpha, "ListNamespaces", api.ListNamespacesRequest(), root)
    assert list(listed.namespaces) == [0]
    with pytest.raises(Failed, match="invalid username or password"):
        await token(alpha, namespace=1)


@guarded
async def test_only_a_superadmin_makes_namespaces(alpha):
    root = await token(alpha)
    await call(alpha, "CreateNamespace", api.CreateNamespaceRequest(), root)
    own = await token(alpha, namespace=1)
    with pytest.raises(Failed, match="Only superadmin is allowed") as refused:
        await call(alpha, "CreateNamespace", api.CreateNamespaceRequest(), own)
    assert refused.value.code == PERMISSION_DENIED


@guarded
async def test_a_user_may_do_what_the_rules_of_his_groups_say(alpha):
    root = await token(alpha)
    await put(alpha, '_:a <name> "A" .', root)
    await put(alpha, '_:a <secret> "S" .', root)
    await put(alpha, BOB, root)
    bob = await token(alpha, "bob", "bobs password")
    assert await read(alpha, NAMED, bob) == b'{"q":[{"name":"A"}]}'
    with pytest.raises(Failed, match="unauthorized to mutate following predicates: name ") as refused:
        await put(alpha, '_:a <name> "B" .', bob)
    assert refused.value.code == PERMISSION_DENIED
    with pytest.raises(Failed, match="unauthorized to alter following predicates: name "):
        await alpha.alter(api.Operation(schema="name: string ."), bob)
    with pytest.raises(Failed, match=r"^sandbox: a query of secret .* is not supported$"):
        await read(alpha, "{ q(func: has(name)) { name secret } }", bob)
    with pytest.raises(Failed, match=r"^sandbox: .* is not supported$"):
        await read(alpha, "{ q(func: has(name)) { expand(_all_) } }", bob)


@guarded
async def test_nobody_reads_a_password_or_takes_groot_away(alpha):
    root = await token(alpha)
    shown = await read(alpha, "{ q(func: has(dgraph.password)) { dgraph.xid dgraph.password } }", root)
    assert shown == b'{"q":[{"dgraph.xid":"groot"}]}'
    mutation = api.Mutation(del_nquads=b"<0x2> * * .")
    with pytest.raises(Failed, match="Reserved Properties of guardians group and groot user"):
        await alpha.query(api.Request(mutations=[mutation], commit_now=True), root)
    with pytest.raises(Failed, match="Password too short"):
        await put(alpha, '_:a <dgraph.password> "short" .', root)
    with pytest.raises(Failed, match="invalid username or password"):
        await token(alpha, "groot", "passwords")


@guarded
async def test_there_is_somebody_again_after_everything_was_dropped(alpha):
    root = await token(alpha)
    await put(alpha, BOB, root)
    await alpha.alter(api.Operation(drop_all=True), root)
    people = await read(alpha, "{ q(func: has(dgraph.xid)) { dgraph.xid } }", root)
    assert people == b'{"q":[{"dgraph.xid":"guardians"},{"dgraph.xid":"groot"}]}'
