"""Access control and namespaces of the sandbox, judged by the running server: the same requests to both."""

import json
import re
import subprocess
import sys

import grpc
import pytest

from otterd.wire import api_pb2 as api
from tests.cluster import Shape
from tests.cluster.ask import answers, ask, until
from tests.live.conftest import started
from tests.live.instance import ROOT

OFFSET = 3200
RDF, DQL = "application/rdf", "application/dql"
SCHEMA = "type Otter { name: String! @id @search(by: [term]) age: Int @search friends: [Otter] kind: Kind }\n"
KIND = "enum Kind { SEA RIVER }"
ZOO = '''
"An animal" type Animal implements Named & Weighed {
  legs: Int @search
  keeper: Keeper! @hasInverse(field: animals)
  food: [Food!] @search  # an enum has a hash without being asked
  born: DateTime @search(by: [day])
  """block
  text""" name: String!
}
interface Named { id: ID!, name: String! @id @search(by: [term, regexp]) }
interface Weighed { id: ID!, weight: Float @search }
type Keeper { badge: Int64! @id, animals: [Animal], fit: Boolean @search, notes: [String] @search }
type Cage implements Named {
  inside: [Animal!] wide: Int64 @search tag: String @id @search(by: [exact, fulltext])
}
enum Food { FISH KRILL }
'''
BOB = """{ set {
_:u <dgraph.xid> "bob" .
_:u <dgraph.type> "dgraph.type.User" .
_:u <dgraph.password> "bobs password" .
_:u <dgraph.user.group> _:g .
_:g <dgraph.xid> "readers" .
_:g <dgraph.type> "dgraph.type.Group" .
_:g <dgraph.acl.rule> _:r .
_:r <dgraph.rule.predicate> "name" .
_:r <dgraph.rule.permission> "4" .
_:g <dgraph.acl.rule> _:w .
_:w <dgraph.rule.predicate> "note" .
_:w <dgraph.rule.permission> "6" .
} }"""
NAMED = "{ q(func: has(name), orderasc: name) { name } }"
SET = '{ set { _:a <name> "of $NS" . } }'

PEOPLE = "{ q(func: has(dgraph.xid)) { dgraph.xid dgraph.type dgraph.user.group { dgraph.xid } } }"
DROP_GROOT = """upsert {
query { q(func: eq(dgraph.xid, "groot")) { u as uid } }
mutation { delete { uid(u) * * . } } }"""
KEPT = "{ q(func: has(dgraph.graphql.schema)) { dgraph.graphql.schema dgraph.graphql.xid dgraph.type } }"
LEFT = (
    "{ q(func: has(dgraph.graphql.schema)) { dgraph.graphql.schema }"
    " r(func: has(dgraph.xid)) { dgraph.xid } }"
)

STEPS = [
    ("nobody", "/query", NAMED),
    ("broken", "/query", NAMED),
    ("nobody", "ListNamespaces", ""),
    ("broken", "ListNamespaces", ""),
    ("root", "ListNamespaces", ""),
    ("root", "CreateNamespace", ""),
    ("root", "ListNamespaces", ""),
    ("root", "/alter", "name: string @index(exact) ."),
    ("own", "/alter", "name: string @index(exact) ."),
    ("own", "/alter", "note: string ."),
    ("root", "/mutate?commitNow=true", SET.replace("$NS", "the first")),
    ("own", "/mutate?commitNow=true", SET.replace("$NS", "the second")),
    ("root", "/query", NAMED),
    ("own", "/query", NAMED),
    ("root", "/query", "schema {}"),
    ("own", "/query", "schema {}"),
    ("root", "/state", ""),
    ("own", "/state", ""),
    ("nobody", "/state", ""),
    ("own", "ListNamespaces", ""),
    ("own", "CreateNamespace", ""),
    ("own", "DropNamespace", "1"),
    ("own", "/alter", '{"drop_all": true}'),
    ("own", "/alter", '{"drop_attr": "dgraph.xid"}'),
    ("own", "/alter", "dgraph.xid: string @index(exact) ."),
    ("own", "/query", PEOPLE),
    ("own", "/query", "{ q(func: has(dgraph.password)) { dgraph.xid dgraph.password } }"),
    ("own", "/mutate?commitNow=true", '{ set { _:a <dgraph.password> "short" . } }'),
    ("own", "/mutate?commitNow=true", '{ set { _:a <dgraph.xid> "groot" . } }'),
    ("own", "/mutate?commitNow=true", DROP_GROOT),
    ("own", "/mutate?commitNow=true", BOB),
    ("bob", "/query", NAMED),
    ("bob", "/mutate?commitNow=true", '{ set { _:a <note> "by bob" . } }'),
    ("bob", "/mutate?commitNow=true", '{ set { _:a <name> "by bob" . } }'),
    ("bob", "/mutate?commitNow=true", '{ set { _:a <dgraph.type> "T" . } }'),
    ("bob", "/alter", "note: string ."),
    ("bob", "/alter", '{"drop_attr": "name"}'),
    ("bob", "/alter", '{"drop_all": true}'),
    ("bob", "/alter", '{"drop_op": "DATA"}'),
    ("bob", "/state", ""),
    ("bob", "/health?all", ""),
    ("bob", "ListNamespaces", ""),
    ("bob", "/admin/schema", SCHEMA + KIND),
    ("nobody", "/admin/schema", SCHEMA + KIND),
    ("broken", "/admin/schema", SCHEMA + KIND),
    ("own", "/admin/schema", SCHEMA + KIND),
    ("own", "/admin/schema", SCHEMA),
    ("own", "/query", KEPT),
    ("own", "/admin/schema", ZOO),
    ("own", "/query", "schema {}"),
    ("own", "/admin/schema", "type Broken {"),
    ("own", "/query", KEPT),
    ("own", "/admin/schema", SCHEMA + KIND),
    ("own", "/mutate?commitNow=true", '{ set { _:o <Otter.name> "Ollie" .\n_:o <Otter.age> "3" .\n } }'),
    ("own", "/query", '{ q(func: eq(Otter.name, "Ollie")) { Otter.name Otter.age } }'),
    ("own", "/admin/schema", "type Otter { name: [String] age: [Int] }"),
    ("own", "/admin/schema", "type Otter { age: Otter }"),
    ("own", "/query", "schema {}"),
    ("root", "/query", "schema {}"),
    ("own", "/alter", '{"drop_op": "DATA"}'),
    ("own", "/query", LEFT),
    ("own", "/query", NAMED),
    ("root", "/query", NAMED),
    ("root", "DropNamespace", "0"),
    ("root", "DropNamespace", "77"),
    ("root", "DropNamespace", "1"),
    ("own", "/query", NAMED),
    ("root", "ListNamespaces", ""),
    ("root", "CreateNamespace", ""),
    ("root", "/alter", '{"drop_all": true}'),
    ("root", "/query", "{ q(func: has(dgraph.xid)) { dgraph.xid dgraph.user.group { dgraph.xid } } }"),
]  # fmt: skip

USERS = {
    "root": ("groot", "password", 0),
    "own": ("groot", "password", 1),
    "bob": ("bob", "bobs password", 1),
}


class Side:
    """One of the two that are asked the same: its addresses, and the tokens of who asked it."""

    def __init__(self, http: str, grpc_address: str) -> None:
        self.http = http
        self._channel = grpc.insecure_channel(grpc_address)
        self._tokens = {"broken": "no.token"}

    def login(self, user: str, password: str, namespace: int):
        account = {"userid": user, "password": password, "namespace": namespace}
        return ask(self.http, "POST", "/login", account).json()

    def token(self, who: str) -> str | None:
        if who != "nobody" and who not in self._tokens:
            until(lambda: "errors" not in self.login(*USERS[who]), f"the login of {who}", seconds=30)
            self._tokens[who] = self.login(*USERS[who])["data"]["accessJWT"]
        return self._tokens.get(who)

    def answer(self, who: str, what: str, body: str) -> object:
        token = self.token(who)
        if not what.startswith("/"):
            return self._call(what, body, token)
        headers = {"X-Dgraph-AccessToken": token} if token else {}
        kind = RDF if what.startswith("/mutate") else DQL
        method = "GET" if what in ("/state", "/health?all") else "POST"
        reply = ask(self.http, method, what, body, {**headers, "Content-Type": kind}).json()
        if what == "/state" and "groups" in reply:
            return sorted(name for group in reply["groups"].values() for name in group["tablets"])
        if isinstance(reply, dict):
            reply.pop("extensions", None)
        return json.loads(re.sub(r"0x[0-9a-f]+", "0x", json.dumps(reply)))

    def _call(self, name: str, body: str, token: str | None) -> object:
        kind = getattr(api, f"{name}Request")
        call = self._channel.unary_unary(
            f"/api.Dgraph/{name}",
            request_serializer=lambda request: request.SerializeToString(),
            response_deserializer=getattr(api, f"{name}Response").FromString,
        )
        request = kind(namespace=int(body)) if body else kind()
        try:
            found = call(request, metadata=(("accessjwt", token),) if token else (), timeout=20)
        except grpc.RpcError as error:
            return error.code(), error.details()
        if name == "ListNamespaces":
            return sorted(found.namespaces)
        return str(found)


@pytest.fixture(scope="module")
def real():
    for cluster in started(Shape(alphas=1, access_ttl="1h")):
        address = cluster.addresses[0]
        yield Side(address.http, address.grpc)


@pytest.fixture(scope="module")
def sandbox():
    module = [sys.executable, "-m", "otterd.sandbox"]
    command = [*module, "alphas", "--offset", str(OFFSET), "--empty"]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    http = f"127.0.0.1:{8080 + OFFSET}"
    try:
        until(lambda: process.poll() is not None or answers(http, "/health"), "the sandbox", seconds=20)
        subprocess.run([*module, "fault", "acl=3600", "--offset", str(OFFSET)], cwd=ROOT, check=True)
        yield Side(http, f"127.0.0.1:{9080 + OFFSET}")
    finally:
        process.terminate()
        process.wait(20)


@pytest.mark.parametrize("step", STEPS, ids=lambda step: f"{step[0]} {step[1]} {step[2]}"[:60])
def test_the_sandbox_lets_the_same_people_do_the_same(step, real, sandbox):
    who, what, body = step
    expected = real.answer(who, what, body)
    if what == "/mutate?commitNow=true" and who == "bob" and "note" in body:
        # Alphas hear of a new rule a little later.
        until(lambda: "errors" not in real.answer(who, what, body), "the rules of bob", seconds=30)
        expected = real.answer(who, what, body)
    assert sandbox.answer(who, what, body) == expected
