"""Policy by protocol: each rule of the security contract, each limit and each right, at every door.

The tables are the test: a row is a configuration and a caller, with what each door makes of them. Behind
the doors stand alphas of a sandbox (`tests.sandboxed`), which do what reaches them.
`http` is a query, `upgrade` a WebSocket upgrade on /graphql, `socket` a handshake on /ws.
"""

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from twisted.logger import capturedLogs, formatEvent
from txaio import tx

from otterd.config.schema import Engine, Lend, Secret
from otterd.wire import api_pb2 as api
from tests.doors import QUERY, TOKEN, Doors, Fields, Reply
from tests.edges.grpc.peer import Peer

PROD: dict[str, Any] = {
    "dev_mode": False,
    "ws_allowed_origins": ("https://page.example", "*.pages.example"),
}
VISITOR, KEY = "visitor-token", "admin-key"
SHOW_VISITOR = ("Authorization", f"Bearer {VISITOR}")
SHOW_KEY = ("X-Otter-Admin-Token", KEY)
BEARER_KEY = ("Authorization", f"Bearer {KEY}")


@pytest.fixture(autouse=True)
def timers_given_back() -> Iterator[None]:
    before = tx.config.loop
    yield
    tx.config.loop = before


@dataclass(frozen=True)
class Row:
    """`expected` is what http, upgrade, socket and grpc answer, in this order."""

    rule: str
    expected: tuple[int, int, int, int]
    keys: dict[str, Any] = field(default_factory=dict)
    headers: Fields = ()
    peer: str = "192.0.2.1"


def from_origin(origin: str) -> Fields:
    return (("Origin", origin),)


ENTRY = [
    Row("dev mode lets everybody in", (200, 101, 101, 0)),
    Row("dev mode takes any origin", (200, 101, 101, 0), headers=from_origin("https://evil.example")),
    Row("dev mode takes the null origin", (200, 101, 101, 0), headers=from_origin("null")),
    Row("outside it no origin is fine", (200, 101, 101, 0), PROD),
    Row("a listed origin is fine", (200, 101, 101, 0), PROD, from_origin("https://page.example")),
    Row("a listed subdomain is fine", (200, 101, 101, 0), PROD, from_origin("https://a.pages.example")),
    Row("the domain above it is not", (200, 403, 403, 0), PROD, from_origin("https://pages.example")),
    Row("a foreign origin is refused", (200, 403, 403, 0), PROD, from_origin("https://evil.example")),
    Row("the null origin is refused", (200, 403, 403, 0), PROD, from_origin("null")),
    Row("a longer name is foreign", (200, 403, 403, 0), PROD, from_origin("https://page.example.evil.net")),
    Row("another scheme is foreign", (200, 403, 403, 0), PROD, from_origin("http://page.example")),
    Row("client_token must be shown", (401, 401, 101, 16), {"client_token": VISITOR}),
    Row("also outside dev mode", (401, 401, 101, 16), {**PROD, "client_token": VISITOR}),
    Row(
        "a wrong one is none",
        (401, 401, 101, 16),
        {"client_token": VISITOR},
        (("Authorization", "Bearer visitor-tokem"),),
    ),
    Row(
        "another scheme is none",
        (401, 401, 101, 16),
        {"client_token": VISITOR},
        (("Authorization", f"Basic {VISITOR}"),),
    ),
    Row("the right one is let in", (200, 101, 101, 0), {"client_token": VISITOR}, (SHOW_VISITOR,)),
    Row(
        "so is admin_token",
        (200, 101, 101, 0),
        {"client_token": VISITOR, "admin_token": KEY},
        (BEARER_KEY,),
    ),
    Row("a UNIX socket's peer is a caller", (200, 101, 101, 0), PROD, peer=""),
]


@pytest.mark.parametrize("row", ENTRY, ids=lambda row: row.rule)
def test_who_gets_in(row: Row) -> None:
    doors = Doors(**row.keys)
    told = (
        doors.http(headers=row.headers, peer=row.peer).status,
        doors.upgrade(headers=row.headers, peer=row.peer).status,
        doors.socket(row.headers, peer=row.peer).status,
        doors.grpc(headers=row.headers, peer=row.peer).code,
    )
    assert told == row.expected


def via(*hops: str) -> Fields:
    return (("X-Forwarded-For", ", ".join(hops)),)


PROXY = {"trusted_proxy_cidrs": ("10.0.0.0/8",)}
RATES: list[tuple[str, dict[str, Any], list[tuple[str, Fields]], bool]] = [
    # rule, keys, two callers as peer and headers, whether they share a bucket
    ("one address has one bucket", {}, [("192.0.2.1", ()), ("192.0.2.1", ())], True),
    ("two addresses have two", {}, [("192.0.2.1", ()), ("192.0.2.2", ())], False),
    ("a mapped address is the same", {}, [("192.0.2.1", ()), ("::ffff:192.0.2.1", ())], True),
    ("UNIX peers share one", {}, [("", ()), ("", ())], True),
    ("a proxy's clients have their own", PROXY,
     [("10.0.0.1", via("1.1.1.1")), ("10.0.0.1", via("2.2.2.2"))], False),
    ("by whichever proxy they come", PROXY,
     [("10.0.0.1", via("1.1.1.1")), ("10.0.0.2", via("1.1.1.1"))], True),
    ("the left-most address is not believed", PROXY,
     [("10.0.0.1", via("3.3.3.3", "1.1.1.1")), ("10.0.0.1", via("4.4.4.4", "1.1.1.1"))], True),
    ("proxies behind proxies are passed over", PROXY,
     [("10.0.0.1", via("1.1.1.1", "10.0.0.9")), ("10.0.0.1", via("1.1.1.1"))], True),
    ("an untrusted peer forwards nothing", {},
     [("192.0.2.1", via("1.1.1.1")), ("192.0.2.1", via("2.2.2.2"))], True),
]  # fmt: skip


@pytest.mark.parametrize(
    ("keys", "callers", "shared"), [row[1:] for row in RATES], ids=[row[0] for row in RATES]
)
@pytest.mark.parametrize("first", ["http", "upgrade", "socket", "grpc"])
@pytest.mark.parametrize("second", ["http", "upgrade", "socket", "grpc"])
def test_every_door_takes_from_the_same_bucket(
    keys: dict[str, Any], callers: list[tuple[str, Fields]], shared: bool, first: str, second: str
) -> None:
    doors = Doors(rate_limit_rps=0.5, **keys)
    (peer, headers), (other, others) = callers
    assert getattr(doors, first)(headers=headers, peer=peer).status in (200, 101)
    told = getattr(doors, second)(headers=others, peer=other)
    if second == "grpc":
        assert told.code == (8 if shared else 0)
        assert (b"google.rpc.RetryInfo\x12\x04\n\x02\x08\x02" in told.details) is shared
        return
    assert (told.status == 429) is shared
    if shared:
        reply = told.reply if second == "socket" else told
        assert reply.headers["retry-after"] == "2"
        assert reply.message == "rate limit exceeded"
        doors.clock.advance(2)
        assert getattr(doors, second)(headers=others, peer=other).status in (200, 101)


COUNTED = ["/query", "/mutate", "/commit", "/login", "/alter", "/graphql", "/admin", "/admin/schema",
           "/admin/schema/validate", "/state", "/validate/dql", "/validate/schema", "/cluster"]  # fmt: skip
FREE = ["/health", "/livez", "/readyz", "/ratel", "/ui/keywords", "/probe/graphql", "/nope"]


@pytest.mark.parametrize("path", COUNTED + FREE)
def test_which_endpoints_are_counted(path: str) -> None:
    doors = Doors(rate_limit_rps=0.5)
    doors.http(target=path)
    assert (doors.http(target=path).status == 429) is (path in COUNTED)
    assert doors.http("OPTIONS", path).status != 429


def test_each_operation_on_a_socket_is_counted() -> None:
    doors = Doors(rate_limit_rps=0.5, rate_limit_burst=3)
    socket = doors.socket().authenticate()
    for _ in range(2):
        assert socket.say(type="query", query=QUERY.decode()) == b'{"q":[{"uid":"0x1"}]}'
    assert socket.say(type="query", query=QUERY.decode()) == b'{"error":"rate limit exceeded"}'
    assert socket.say(type="mutation", mutation='_:a <b> "c" .', commitNow=True, id="7") == (
        b'{"id":"7","error":"rate limit exceeded"}'
    )
    assert socket.say(type="ping") == b'{"status":"pong"}'
    assert doors.http().status == 429


SDL = b"type Moon { name: String }"
ADMIN_REQUESTS = [
    ("POST", "/alter"),
    ("POST", "/admin"),
    ("GET", "/admin?query=%7Bhealth%7Bstatus%7D%7D"),
    ("POST", "/admin/schema"),
    ("POST", "/admin/schema/validate"),
    ("GET", "/admin/shutdown"),
    ("PUT", "/admin/config/cache_mb"),
    ("GET", "/cluster"),
]
ADMIN_CALLS = ["Alter", "AllocateIDs", "CreateNamespace", "DropNamespace", "ListNamespaces",
               "UpdateExtSnapshotStreamingState", "StreamExtSnapshot"]  # fmt: skip
ADMIN_FIELDS = [(("galaxy-operation", "true"),), (("force-namespace", "1"),)]
NETWORK = {"admin_allowed_cidrs": ("198.51.100.0/24",)}
PAGES = {"cors_allowed_origins": ("https://page.example",), "ratel": "ratel.example:8000"}
CLOSED = {"dev_mode": False, "enable_websocket": False}
RIGHTS: list[tuple[str, bool, dict[str, Any], str, Fields]] = [
    # rule, whether it is allowed, keys, peer, headers
    ("dev: loopback", True, {}, "127.0.0.1", ()),
    ("dev: loopback of IPv6", True, {}, "::1", ()),
    ("dev: a UNIX socket", True, {}, "", ()),
    ("dev: another address", False, {}, "192.0.2.1", ()),
    ("dev: loopback that forwards", False, {}, "127.0.0.1", via("127.0.0.1")),
    ("dev: a UNIX socket that forwards", False, {}, "", via("127.0.0.1")),
    ("dev: loopback by a trusted proxy", True, PROXY, "10.0.0.1", via("127.0.0.1")),
    ("dev: forged loopback by a trusted proxy", False, PROXY, "10.0.0.1", via("127.0.0.1", "1.1.1.1")),
    ("dev: another address with the token", True, {"admin_token": KEY}, "192.0.2.1", (SHOW_KEY,)),
    ("dev: another address in the network", True, NETWORK, "198.51.100.7", ()),
    ("dev: any page", False, {}, "127.0.0.1", from_origin("https://evil.example")),
    ("dev: the null page", False, {}, "127.0.0.1", from_origin("null")),
    ("dev: a page with the token", False, {"admin_token": KEY}, "127.0.0.1",
     (SHOW_KEY, *from_origin("https://x.example"))),
    ("dev: a page that hides its origin", False, {}, "127.0.0.1", (("Sec-Fetch-Site", "cross-site"),)),
    ("dev: a typed address", True, {}, "127.0.0.1", (("Sec-Fetch-Site", "none"),)),
    ("dev: a listed page", True, PAGES, "127.0.0.1", from_origin("https://page.example")),
    ("dev: Ratel", True, PAGES, "127.0.0.1", from_origin("http://ratel.example:8000")),
    ("dev: Ratel over TLS", True, PAGES, "127.0.0.1", from_origin("https://ratel.example:8000")),
    ("dev: a star lists no page", False, {"cors_allowed_origins": ("*",)}, "127.0.0.1",
     from_origin("https://x.example")),
    ("closed: nothing set", False, CLOSED, "127.0.0.1", ()),
    ("closed: nothing set, a token shown", False, CLOSED, "127.0.0.1", (SHOW_KEY,)),
    ("closed: the token in our header", True, {**CLOSED, "admin_token": KEY}, "192.0.2.1", (SHOW_KEY,)),
    ("closed: the token as bearer", True, {**CLOSED, "admin_token": KEY}, "192.0.2.1", (BEARER_KEY,)),
    ("closed: no token", False, {**CLOSED, "admin_token": KEY}, "127.0.0.1", ()),
    ("closed: client_token is not it", False,
     {**CLOSED, "admin_token": KEY, "client_token": VISITOR}, "127.0.0.1", (SHOW_VISITOR,)),
    ("closed: in the network", True, {**CLOSED, **NETWORK}, "198.51.100.7", ()),
    ("closed: in the network, forwarding", False, {**CLOSED, **NETWORK}, "198.51.100.7", via("198.51.100.7")),
    ("closed: in the network, behind a proxy", True, {**CLOSED, **NETWORK, **PROXY}, "10.0.0.1",
     via("198.51.100.7")),
    ("closed: a foreign page in the network", False, {**CLOSED, **NETWORK}, "198.51.100.7",
     from_origin("https://x.example")),
]  # fmt: skip


@pytest.mark.parametrize(
    ("allowed", "keys", "peer", "headers"), [row[1:] for row in RIGHTS], ids=[row[0] for row in RIGHTS]
)
def test_who_has_the_admin_right(allowed: bool, keys: dict[str, Any], peer: str, headers: Fields) -> None:
    doors = Doors(alpha_engine=Engine.H2, **keys)
    for method, target in ADMIN_REQUESTS:
        told = doors.http(method, target, (("X-Otter-Alpha", "b:9080"), *headers), SDL, peer=peer)
        assert told.status == (200 if allowed else 403), (method, target)
    assert doors.upgrade("/admin", headers, peer=peer).status == (200 if allowed else 403)
    if not allowed:
        assert not doors.passed
    socket = doors.socket()
    for kind in ("alter", "admin", "drop"):
        assert socket.say(type=kind, drop_all=True) == b'{"error":"unknown type field"}'
    for method, fields in (
        *((name, ()) for name in ADMIN_CALLS),
        *(("Query", each) for each in ADMIN_FIELDS),
    ):
        before = len(doors.rpcs)
        told = doors.grpc(method, (*fields, *headers), b"", peer=peer)
        assert (told.code == 7) is not allowed, (method, fields)
        assert len(doors.rpcs) - before == allowed, (method, fields)


def test_a_right_that_nothing_opens_names_the_keys_that_would() -> None:
    message = Doors(**CLOSED).http("POST", "/alter").message
    assert "admin_token" in message
    assert "admin_allowed_cidrs" in message


NODE_LOCAL = [
    ("GET", "/admin/shutdown", b""),
    ("POST", "/admin/draining?enable=true", b""),
    ("PUT", "/admin/config/cache_mb", b"1"),
    ("POST", "/admin", b'{"query":"mutation{draining(enable:true){response{code}}}"}'),
    ("POST", "/admin", b'{"query":"mutation{shutdown{response{code}}}"}'),
    ("POST", "/admin", b'{"query":"mutation{config(input:{cacheMb:1}){response{code}}}"}'),
]


@pytest.mark.parametrize(("method", "target", "body"), NODE_LOCAL)
def test_what_acts_on_one_alpha_reaches_only_the_one_named(method: str, target: str, body: bytes) -> None:
    doors = Doors()
    assert doors.http(method, target, (), body).status == 400
    assert doors.http(method, target, (("X-Otter-Alpha", "elsewhere:9080"),), body).status == 404
    assert not doors.passed
    assert doors.http(method, target, (("X-Otter-Alpha", "b:9080"),), body).status == 200
    assert [len(alpha.http.calls) for alpha in doors.alphas.values()] == [0, 1]


LENDING: list[tuple[str, dict[str, Any], Fields, dict[str, Any], tuple[str, str]]] = [
    # rule, keys, headers, members of `auth`, the ACL token that http (and grpc) and socket go out with
    ("dev mode lends to all", {}, (), {}, ("lent", "lent")),
    ("but not over a token of one's own", {}, (("X-Dgraph-AccessToken", "mine"),),
     {"accessJwt": "mine"}, ("mine", "mine")),
    ("outside it only tokens open it", PROD, (), {}, ("", "lent")),
    ("client_token does", {**PROD, "client_token": VISITOR}, (SHOW_VISITOR,), {}, ("lent", "lent")),
    ("admin_token does not", {**PROD, "client_token": VISITOR, "admin_token": KEY},
     (BEARER_KEY,), {}, ("", "lent")),
    ("`everyone` does", {**PROD, "lend_account": Lend.EVERYONE}, (), {}, ("lent", "lent")),
]  # fmt: skip


@pytest.mark.parametrize(
    ("keys", "headers", "auth", "tokens"), [row[1:] for row in LENDING], ids=[row[0] for row in LENDING]
)
def test_who_is_lent_the_account(
    keys: dict[str, Any], headers: Fields, auth: dict[str, Any], tokens: tuple[str, str]
) -> None:
    doors = Doors(**keys)
    assert doors.http(headers=headers).status == 200
    doors.socket(headers).authenticate(**auth).say(type="query", query=QUERY.decode())
    named = {"X-Dgraph-AccessToken": "accessjwt"}
    assert doors.grpc(headers=tuple((named.get(name, name), value) for name, value in headers)).code == 0
    # Two alphas in turns: the first was asked over HTTP and gRPC, the second over the socket.
    shown = tuple(dict(rpc.metadata).get("accessjwt", "") for rpc in doors.rpcs)
    assert shown == (tokens[0], tokens[0], tokens[1])


def test_the_account_is_never_lent_where_it_would_give_power() -> None:
    doors = Doors(alpha_engine=Engine.H2, lend_account=Lend.EVERYONE)
    for method, target in (*ADMIN_REQUESTS, ("GET", "/state"), ("POST", "/graphql")):
        doors.http(method, target, (("X-Otter-Alpha", "a:9080"),))
    doors.upgrade()
    doors.http(
        target="/login",
        headers=(("Content-Type", "application/json"),),
        body=b'{"userid":"a","password":"b"}',
    )
    for name in ("Login", *ADMIN_CALLS):
        assert doors.grpc(name, payload=b"").code != 7
    for fields in ADMIN_FIELDS:
        doors.grpc("Query", fields)
    assert len(doors.rpcs) == 2 + len(ADMIN_CALLS) + len(ADMIN_FIELDS)
    assert len(doors.passed) == len(ADMIN_REQUESTS) - 1 + 3
    for call in doors.passed:
        assert b"x-dgraph-accesstoken" not in [name.lower() for name, _ in call.request.headers]
    assert not any("accessjwt" in dict(rpc.metadata) for rpc in doors.rpcs)


class TestTheSocketToken:
    MESSAGES = (
        {"type": "query", "query": "{q(func:uid(1)){uid}}"},
        {"type": "mutation", "mutation": '_:a <b> "c" .', "commitNow": True},
        {"type": "upsert", "query": "{q(func:uid(1)){uid}}", "mutation": '_:a <b> "c" .', "commitNow": True},
    )

    @pytest.mark.parametrize("keys", [{}, PROD], ids=["dev", "closed"])
    def test_nothing_reaches_an_alpha_before_it(self, keys: dict[str, Any]) -> None:
        doors = Doors(**keys)
        socket = doors.socket()
        for message in self.MESSAGES:
            assert socket.say(**message, token=TOKEN) == b'{"error":"papers please!"}'
        assert socket.say(type="auth", token=TOKEN[:-1]) == b'{"error":"invalid token"}'
        assert not doors.rpcs
        assert doors.sandbox.stored("b") == '{"q":[]}'
        socket.authenticate()
        for message in self.MESSAGES:
            assert b"error" not in socket.say(**message)
        assert len(doors.rpcs) == 3
        assert doors.sandbox.stored("b") == '{"q":[{"b":"c"},{"b":"c"}]}'

    def test_the_eighth_wrong_one_in_a_row_ends_it(self) -> None:
        doors = Doors()
        socket = doors.socket()
        for _ in range(8):
            socket.say(type="auth", token="guess")
        assert socket.closed is None
        doors.clock.advance(3)
        assert socket.closed == 1008

    def test_client_token_does_not_stand_for_it(self) -> None:
        doors = Doors(client_token=VISITOR)
        socket = doors.socket((SHOW_VISITOR,))
        assert socket.say(**self.MESSAGES[0]) == b'{"error":"papers please!"}'
        assert socket.say(type="auth", token=VISITOR) == b'{"error":"invalid token"}'


class TestLimits:
    SMALL = 1000

    @pytest.mark.parametrize("target", ["/query", "/graphql", "/alter", "/admin", "/login", "/validate/dql"])
    @pytest.mark.parametrize("form", ["length", "chunked", "gzip"])
    def test_a_body_over_the_limit_is_413_on_every_path(self, target: str, form: str) -> None:
        doors = Doors(max_body_bytes=self.SMALL)
        big = b"{" + b" " * 2 * self.SMALL + b"}"
        if form == "length":
            told = doors.http(target=target, body=big)
        elif form == "gzip":
            told = doors.http(target=target, headers=(("Content-Encoding", "gzip"),), body=gzip.compress(big))
        else:
            head = f"POST {target} HTTP/1.1\r\nHost: o\r\nTransfer-Encoding: chunked\r\n\r\n{len(big):x}\r\n"
            told = Reply(doors.raw(head.encode() + big))
        assert told.status == 413
        assert not doors.passed
        assert not doors.rpcs

    def test_a_message_over_the_limit_closes_with_1009(self) -> None:
        doors = Doors(ws_max_message_bytes=self.SMALL)
        socket = doors.socket().authenticate()
        assert json.loads(socket.say(type="ping")) == {"status": "pong"}
        socket.say(type="query", query="x" * self.SMALL)
        assert socket.closed == 1009

    def test_a_grpc_message_over_the_limit_is_resource_exhausted(self) -> None:
        doors = Doors(grpc_max_message_bytes=self.SMALL)
        assert doors.grpc(payload=b"x" * (self.SMALL + 1)).code == 8
        assert not doors.rpcs

    def test_a_large_grpc_message_of_a_stranger_is_refused_at_its_head(self) -> None:
        doors = Doors(client_token=VISITOR)
        client = Peer(doors.calls)
        stream = client.open("/api.Dgraph/Query")
        client.send(stream, b"\0\0\x02\0\0" + bytes(100), end=False)
        doors.clock.advance(0)
        client.talk()
        assert client.told[stream].code == 16

    def test_an_upgrade_may_not_have_a_body(self) -> None:
        doors = Doors()
        assert doors.upgrade(headers=(("Content-Length", "3"),)).status == 400
        assert not doors.passed

    def test_a_head_over_the_limit_is_431(self) -> None:
        doors = Doors(max_header_bytes=2000, ws_max_handshake_bytes=2000)
        long = (("X-Long", "x" * 3000),)
        assert doors.http(headers=long).status == 431
        assert doors.upgrade(headers=long).status == 431
        assert doors.socket(long).status == 431
        assert not doors.grpc(headers=long).ended
        assert not doors.rpcs

    def test_connections_over_the_limit_are_told_503(self) -> None:
        doors = Doors(max_connections=1, ws_max_connections=1, grpc_max_connections=1)
        assert doors.http().status == 200
        assert doors.http().status == 503
        assert doors.upgrade().status == 503
        assert doors.socket().status == 101
        assert doors.socket().status == 503
        first, second = Peer(doors.calls), Peer(doors.calls)
        assert first.goaways == []
        assert second.goaways == [(0, 0)]
        assert second.wire.protocol is None

    def test_work_over_the_limit_is_refused_at_every_door(self) -> None:
        doors = Doors(max_in_flight=1)
        socket = doors.socket().authenticate()
        for number in range(len(doors.alphas)):
            doors.trouble.freeze(number)
        doors.raw(
            b"POST /query HTTP/1.1\r\nHost: o\r\nContent-Type: application/dql\r\nContent-Length: 2\r\n\r\n{}"
        )
        assert doors.gateway.in_flight == 1
        assert doors.http().status == 503
        assert doors.upgrade().status == 503
        assert b"too many requests in flight" in socket.say(type="query", query=QUERY.decode())
        assert doors.grpc().code == 14


def test_a_reload_changes_the_rules_of_every_door() -> None:
    doors = Doors()
    socket = doors.socket(from_origin("https://evil.example"))
    assert socket.status == 101
    doors.live.replace(replace(doors.live.config, client_token=Secret(VISITOR), **PROD))
    assert doors.http().status == 401
    assert doors.upgrade(headers=(SHOW_VISITOR, *from_origin("https://evil.example"))).status == 403
    assert doors.socket(from_origin("https://evil.example")).status == 403
    assert doors.http("POST", "/alter", (SHOW_VISITOR,)).status == 403
    assert doors.grpc().code == 16
    assert doors.grpc("Alter", (SHOW_VISITOR,)).code == 7


GRPC_NAMES = {"X-Dgraph-AccessToken": "accessjwt", "X-Dgraph-AuthToken": "auth-token"}


def test_no_secret_reaches_a_log_or_an_answer() -> None:
    secrets = (TOKEN, VISITOR, KEY, "acl-jwt", "poor-man", "guess-1", "secret-value")
    doors = Doors(client_token=VISITOR, admin_token=KEY)
    shown: Fields = (
        SHOW_KEY,
        ("Authorization", "Bearer guess-1"),
        ("X-Dgraph-AccessToken", "acl-jwt"),
        ("X-Dgraph-AuthToken", "poor-man"),
    )
    told: list[bytes] = []
    with capturedLogs() as events:
        for headers in (shown, shown[1:], (SHOW_VISITOR,)):
            for path in (*COUNTED, *FREE):
                told.append(doors.http(target=path, headers=headers, body=b'{"query":"secret-value"}').body)
            told.append(doors.upgrade(headers=headers).body)
            fields = tuple((GRPC_NAMES.get(name, name), value) for name, value in headers)
            for method in ("Query", "Nope", *ADMIN_CALLS):
                answer = doors.grpc(method, fields, api.Request(query="{ secret-value").SerializeToString())
                told.append(repr((answer.headers, answer.trailers)).encode())
        socket = doors.socket(shown)
        told.append(socket.say(type="auth", token="guess-1"))
        told.append(socket.authenticate().say(type="query", query="{", variables={"$a": "secret-value"}))
    logged = " ".join(f"{formatEvent(event)} {event!r}" for event in events)
    for secret in secrets:
        assert secret not in logged
        # An alpha quotes to its caller what that asked, and nobody else reads it.
        assert secret == "secret-value" or secret.encode() not in b" ".join(told)
    for call in doors.passed:
        for _, value in call.request.headers:
            assert KEY.encode() not in value
            assert VISITOR.encode() not in value
    for rpc in doors.rpcs:
        for _, text in rpc.metadata:
            assert text not in (KEY, VISITOR, f"Bearer {VISITOR}")
