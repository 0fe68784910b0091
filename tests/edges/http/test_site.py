"""Every request gets a reply: from an alpha where the path is known, else from Otter."""

import gzip
import json
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest
from twisted.python.failure import Failure

from otterd.config.schema import Bytes, Secret
from otterd.core.operation import Answer, Door, Entry
from otterd.edges.http import site
from otterd.edges.http.exchange import Reply
from otterd.edges.http.packing import Packed
from otterd.edges.http.routes import ROUTES
from otterd.errors import Lost
from otterd.wire import api_pb2
from tests.edges.http.siterig import SiteRig, fields
from tests.fakes.memory import HANG, FakeBody, FakeTunnel

DQL = {"Content-Type": "application/dql"}


@pytest.fixture
def rig() -> SiteRig:
    return SiteRig()


def body(reply: Reply) -> Any:
    assert isinstance(reply.body, bytes)
    return json.loads(reply.body)


class TestPaths:
    @pytest.mark.parametrize(
        "path",
        [
            "/",
            "/nope",
            "/query/",
            "/query/x",
            "/Query",
            "/%71uery",
            "//query",
            "/./query",
            "/admin/../query",
            "/admin/",
            "/admin/config/",
            "/admin/config/../shutdown",
            "/graphql/x",
            "/metrics",
            "/debug/vars",
            "/debug/prometheus_metrics",
            "/mcp",
            "/livez/",
            "/ratel",
        ],
    )
    @pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
    def test_any_other_path_is_not_found_and_never_forwarded(
        self, rig: SiteRig, path: str, method: str
    ) -> None:
        if (path, method) == ("/ratel", "OPTIONS"):
            return
        reply = rig.answer(method, path)
        assert (reply.status, reply.body) == (404, b"404 page not found\n")
        assert fields(reply)[b"content-type"] == b"text/plain; charset=utf-8"
        assert not rig.passed
        assert rig.entry.route in ("other", "/ratel")

    def test_graphql_can_be_turned_off(self) -> None:
        rig = SiteRig(graphql=False)
        assert rig.status("POST", "/graphql") == 404
        assert rig.status("POST", "/admin") == 200

    def test_every_known_path_is_answered_and_named(self, rig: SiteRig) -> None:
        for path, route in ROUTES.items():
            rig.answer("POST", path.decode(), {"X-Otter-Alpha": "b:9080"})
            assert rig.entry.route == route.name == path.decode()


class TestDql:
    @pytest.mark.parametrize(("size", "streamed"), [(10, False), (1_000_000, True)])
    def test_an_answer_is_compressed_at_once_or_where_it_is_large_as_a_stream(
        self, rig: SiteRig, size: int, streamed: bool
    ) -> None:
        data = b'{"q":"%b"}' % (b"a" * size)
        for alpha in rig.alphas.values():
            alpha.channel.default = lambda rpc: Answer(0, api_pb2.Response(json=data).SerializeToString())
        reply = rig.answer("POST", "/query", {**DQL, "Accept-Encoding": "gzip"}, b"{ q(func: has(n)) { n } }")
        assert fields(reply)[b"content-encoding"] == b"gzip"
        assert (reply.length, isinstance(reply.body, Packed)) == (None, streamed)
        if isinstance(reply.body, bytes):
            assert gzip.decompress(reply.body) == b'{"data":' + data + b',"extensions":{}}'

    def test_a_query_goes_out_as_grpc_and_comes_back_as_dgraphs_json(self, rig: SiteRig) -> None:
        reply = rig.answer("POST", "/query", DQL, b"{q(func:has(name)){name}}")
        assert reply.status == 200
        assert body(reply)["data"] == {"q": []}
        assert fields(reply)[b"x-otter-alpha"] == rig.entry.alpha.encode()
        assert rig.called == 1
        assert rig.entry.purpose == "query"

    def test_what_cannot_be_split_is_passed_through_as_it_came(self, rig: SiteRig) -> None:
        assert rig.status("GET", "/query?x=1", {"Content-Type": "what/ever"}) == 200
        (call,) = rig.passed
        assert (call.request.method, call.request.target) == (b"GET", b"/query?x=1")
        assert not rig.called

    def test_a_bomb_is_refused_with_413(self) -> None:
        rig = SiteRig(max_body_bytes=Bytes(1000))
        for kind in ("application/dql", "no/type"):
            reply = rig.answer(
                "POST",
                "/query",
                {"Content-Type": kind, "Content-Encoding": "gzip"},
                gzip.compress(b" " * 2000),
            )
            assert reply.status == 413
            assert body(reply)["errors"][0]["extensions"]["code"] == "ErrorTooLarge"


class TestPassingThrough:
    @pytest.mark.parametrize(
        ("path", "purpose"),
        [
            ("/alter", "alter"),
            ("/graphql", "graphql"),
            ("/admin", "admin"),
            ("/admin/schema", "admin"),
            ("/admin/schema/validate", "admin"),
            ("/state", "state"),
            ("/ui/keywords", "state"),
            ("/probe/graphql", "state"),
        ],
    )
    def test_these_go_to_the_http_port(self, rig: SiteRig, path: str, purpose: str) -> None:
        assert rig.status("PUT", path + "?a=%20b", {"X-A": "1"}, b"whole body") == 200
        (call,) = rig.passed
        assert (call.request.method, call.request.target) == (b"PUT", path.encode() + b"?a=%20b")
        assert call.request.body == b"whole body"
        assert not call.upgrade
        assert rig.entry.purpose == purpose
        assert rig.entry.client == "127.0.0.1"

    def test_only_what_concerns_the_alpha_is_sent_on(self) -> None:
        rig = SiteRig(client_token=Secret("visitor"), admin_token=Secret("key"))
        rig.answer(
            "POST",
            "/graphql",
            (
                ("Host", "gateway"),
                ("Connection", "keep-alive, X-Hop"),
                ("X-Hop", "1"),
                ("Keep-Alive", "5"),
                ("TE", "trailers"),
                ("Transfer-Encoding", "chunked"),
                ("Content-Length", "2"),
                ("Expect", "100-continue"),
                ("Upgrade", "h2c"),
                ("resolver", "7"),
                ("Authorization", "Bearer visitor"),
                ("X-Otter-Admin-Token", "key"),
                ("X-Otter-Alpha", "a:9080"),
                ("X-Dgraph-AccessToken", ""),
                ("X-Forwarded-For", "192.0.2.1"),
                ("x-forwarded-for", "192.0.2.2"),
                ("X-Request-Id", "mine"),
                ("X-Dgraph-AuthToken", "poor"),
                ("X-My-Auth", "jwt"),
                ("X-My-Auth", "again"),
                ("Accept-Encoding", "gzip"),
            ),
            b"{}",
            peer="192.0.2.3",
        )
        (call,) = rig.passed
        assert call.request.headers == (
            (b"X-Request-Id", b"mine"),
            (b"X-Dgraph-AuthToken", b"poor"),
            (b"X-My-Auth", b"jwt"),
            (b"X-My-Auth", b"again"),
            (b"Accept-Encoding", b"gzip"),
            (b"X-Forwarded-For", b"192.0.2.1, 192.0.2.2, 192.0.2.3"),
        )

    def test_a_callers_own_authorization_is_passed_on(self, rig: SiteRig) -> None:
        rig.answer("POST", "/graphql", {"Authorization": "Bearer theirs"})
        assert (b"Authorization", b"Bearer theirs") in rig.passed[0].request.headers

    def test_only_what_the_alpha_said_to_the_caller_comes_back(self, rig: SiteRig) -> None:
        stream = FakeBody(b"x" * 7)
        rig.alphas["a:9080"].http.default = Answer(
            418,
            stream,
            (
                (b"Connection", b"close, X-Hop"),
                (b"X-Hop", b"1"),
                (b"Transfer-Encoding", b"chunked"),
                (b"Date", b"now"),
                (b"Content-Length", b"7"),
                (b"Access-Control-Allow-Origin", b"*"),
                (b"Access-Control-Allow-Credentials", b"true"),
                (b"Content-Type", b"text/x"),
                (b"Graphql-Toucheduids", b"3"),
            ),
        )
        reply = rig.answer("POST", "/graphql")
        assert (reply.status, reply.body, reply.length) == (418, stream, 7)
        said = [name for name, _ in reply.headers]
        assert said[:3] == [b"Content-Type", b"Graphql-Toucheduids", b"X-Otter-Alpha"]
        assert all(name.startswith(b"Access-Control-") for name in said[3:])
        assert fields(reply)[b"access-control-allow-origin"] == b"*"
        assert b"access-control-allow-credentials" not in fields(reply)

    def test_gzip_is_counted_unpacked_and_sent_as_it_came(self) -> None:
        rig = SiteRig(max_body_bytes=Bytes(1000))
        small, bomb = gzip.compress(b"a" * 900), gzip.compress(b"a" * 600) * 2
        assert rig.status("POST", "/alter", {"Content-Encoding": "gzip"}, small) == 200
        assert rig.passed[0].request.body == small
        assert (b"Content-Encoding", b"gzip") in rig.passed[0].request.headers
        assert rig.status("POST", "/alter", {"Content-Encoding": "gzip"}, bomb) == 413
        assert rig.status("POST", "/alter", {"Content-Encoding": "gzip"}, b"not gzip") == 200
        assert len(rig.passed) == 2

    def test_a_broken_write_says_that_its_outcome_is_unknown(self, rig: SiteRig) -> None:
        for alpha in rig.alphas.values():
            alpha.http.default = Lost("reset")
        reply = rig.answer("POST", "/alter", body=b"name: string .")
        assert reply.status == 502
        assert "outcome unknown" in body(reply)["errors"][0]["message"]
        assert rig.entry.verdict == "outcome unknown"
        assert len(rig.passed) == 1


class TestOneAlphaOnly:
    SHUTDOWN = b'{"query":"mutation{shutdown{response{code}}}"}'

    @pytest.mark.parametrize(
        ("method", "target", "sent", "encoding"),
        [
            ("GET", "/admin/shutdown", b"", ""),
            ("POST", "/admin/draining?enable=true", b"", ""),
            ("PUT", "/admin/config/cache_mb", b"256", ""),
            ("GET", "/admin/config", b"", ""),
            ("POST", "/admin", SHUTDOWN, ""),
            ("POST", "/admin", b"mutation{draining(enable:true){response{code}}}", ""),
            ("GET", "/admin?query=mutation%7Bshutdown%7Bx%7D%7D", b"", ""),
            ("POST", "/admin", gzip.compress(SHUTDOWN), "gzip"),
            ("POST", "/admin", gzip.compress(SHUTDOWN)[:-8], "gzip"),
        ],
    )
    def test_it_must_be_named(
        self, rig: SiteRig, method: str, target: str, sent: bytes, encoding: str
    ) -> None:
        headers = {"Content-Encoding": encoding} if encoding else {}
        reply = rig.answer(method, target, headers, sent)
        assert reply.status == 400
        assert "X-Otter-Alpha" in body(reply)["errors"][0]["message"]
        assert not rig.passed
        for _ in range(3):
            assert rig.status(method, target, {**headers, "X-Otter-Alpha": "b:9080"}, sent) == 200
        assert len(rig.alphas["b:9080"].http.calls) == 3
        reply = rig.answer(method, target, {**headers, "X-Otter-Alpha": "c:9080"}, sent)
        assert reply.status == 404
        assert "X-Otter-Alpha" in body(reply)["errors"][0]["message"]

    def test_other_admin_requests_may_name_it(self, rig: SiteRig) -> None:
        assert (
            rig.status("POST", "/admin", {"X-Otter-Alpha": "b:9080"}, b'{"query":"{config{cacheMb}}"}') == 200
        )
        assert rig.entry.alpha == "b:9080"
        assert rig.status("POST", "/admin", (), b'{"query":"{config{cacheMb}}"}') == 200


class TestGraphqlUpgrade:
    def test_the_tunnel_is_handed_to_the_connection(self, rig: SiteRig) -> None:
        tunnel = FakeTunnel()
        answer = Answer(
            101,
            tunnel,
            (
                (b"Upgrade", b"websocket"),
                (b"Connection", b"Upgrade"),
                (b"Sec-WebSocket-Accept", b"x"),
                (b"Sec-WebSocket-Protocol", b"graphql-ws"),
            ),
        )
        rig.alphas["a:9080"].http.default = answer
        headers = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Protocol": "graphql-ws"}
        reply = rig.answer("GET", "/graphql", headers, upgrade=True)
        assert (reply.status, reply.body, reply.tunnel) == (101, tunnel, True)
        assert reply.headers == (
            (b"Upgrade", b"websocket"),
            (b"Sec-WebSocket-Accept", b"x"),
            (b"Sec-WebSocket-Protocol", b"graphql-ws"),
            (b"X-Otter-Alpha", b"a:9080"),
        )
        (call,) = rig.passed
        assert call.upgrade
        assert (b"Sec-WebSocket-Protocol", b"graphql-ws") in call.request.headers

    @pytest.mark.parametrize("path", ["/admin", "/alter", "/state", "/query"])
    def test_no_other_path_is_upgraded(self, rig: SiteRig, path: str) -> None:
        rig.answer("GET", path, {"Connection": "Upgrade", "Upgrade": "websocket"}, upgrade=True)
        (call,) = rig.passed
        assert not call.upgrade
        assert not [name for name, _ in call.request.headers if name.lower() == b"upgrade"]


class TestCors:
    PREFLIGHT: ClassVar = {"Origin": "https://app.example", "Access-Control-Request-Method": "POST"}

    def test_a_preflight_is_answered_without_token_rate_or_alpha(self) -> None:
        rig = SiteRig(
            client_token=Secret("visitor"), rate_limit_rps=1, cors_allowed_origins=("https://app.example",)
        )
        for path in ROUTES:
            reply = rig.answer("OPTIONS", path.decode(), self.PREFLIGHT)
            assert (reply.status, reply.body) == (200, b"")
            said = fields(reply)
            assert said[b"access-control-allow-origin"] == b"https://app.example"
            assert said[b"access-control-allow-credentials"] == b"true"
        assert not rig.passed

    def test_a_foreign_preflight_is_told_nothing(self) -> None:
        rig = SiteRig(cors_allowed_origins=("https://other.example",))
        said = fields(rig.answer("OPTIONS", "/query", self.PREFLIGHT))
        assert not [name for name in said if name.startswith(b"access-control")]

    def test_headers_of_a_graphql_schema_are_allowed_on_graphql_alone(self, rig: SiteRig) -> None:
        asked = {**self.PREFLIGHT, "Access-Control-Request-Headers": "x-my-auth"}
        allowed = b"access-control-allow-headers"
        assert b"x-my-auth" in fields(rig.answer("OPTIONS", "/graphql", asked))[allowed]
        assert b"x-my-auth" not in fields(rig.answer("OPTIONS", "/admin", asked))[allowed]

    def test_answers_are_told_by_their_own_origin_and_the_rules_of_now(self, rig: SiteRig) -> None:
        allowed = b"access-control-allow-origin"

        def told(origin: str) -> list[bytes | None]:
            replies = [rig.answer("POST", "/query", DQL | {"Origin": origin}, b"{}") for _ in range(2)]
            assert all(reply.start for reply in replies)
            return [fields(reply).get(allowed) for reply in replies]

        assert told("https://app.example") == [b"*"] * 2
        rig.live.replace(replace(rig.live.config, cors_allowed_origins=("https://app.example",)))
        assert told("https://app.example") == [b"https://app.example"] * 2
        assert told("https://other.example") == [None] * 2

    def test_refusals_can_be_read_by_the_page_too(self) -> None:
        rig = SiteRig(client_token=Secret("visitor"))
        assert fields(rig.answer("POST", "/query", DQL, b"{}"))[b"access-control-allow-origin"] == b"*"


class TestErrors:
    @pytest.mark.parametrize(
        ("headers", "kept"),
        [
            ({"X-Forwarded-For": "192.0.2.1"}, 1),
            ({"X-Forwarded-For": "192.0.2.1, " * 30 + "::1"}, 0),
            ({"Origin": "https://" + "a" * 300}, 0),
            ({"Authorization": "Bearer visitor"}, 0),
            ({"X-Otter-Admin-Token": "key"}, 0),
        ],
    )
    def test_no_tokens_and_no_long_headers_are_kept_of_callers(
        self, rig: SiteRig, headers: dict[str, str], kept: int
    ) -> None:
        site._caller.cache_clear()
        for _ in range(2):
            assert rig.status("POST", "/query", DQL | headers, b"{ q }") == 200
        assert site._caller.cache_info().currsize == kept

    def test_the_entry_of_what_is_refused_names_the_client(self) -> None:
        rig = SiteRig(client_token=Secret("visitor"), trusted_proxy_cidrs=("10.0.0.0/8",))
        forwarded = DQL | {"X-Forwarded-For": "192.0.2.9"}
        assert rig.status("POST", "/query", forwarded, b"{ q }", peer="10.0.0.1") == 401
        assert rig.entry.client == "192.0.2.9"

    def test_a_missing_client_token_is_401_with_a_challenge(self) -> None:
        rig = SiteRig(client_token=Secret("visitor"))
        for path in ("/query", "/graphql", "/state", "/validate/dql", "/cluster"):
            reply = rig.answer("POST", path, DQL, b"{q(func:uid(1)){uid}}")
            assert reply.status == 401
            assert fields(reply)[b"www-authenticate"] == b"Bearer"
        assert not rig.passed
        assert not rig.called
        for path in ("/health", "/livez", "/readyz"):
            assert rig.status("GET", path) == 200

    def test_over_the_rate_is_429_with_the_time_to_wait(self) -> None:
        rig = SiteRig(rate_limit_rps=0.5)
        rig.answer("POST", "/graphql")
        for method, path in (("POST", "/query"), ("GET", "/state"), ("POST", "/validate/dql")):
            reply = rig.answer(method, path, DQL, b"{q(func:uid(1)){uid}}")
            assert reply.status == 429
            assert reply.body == b'{"error":"rate limit exceeded"}'
            assert fields(reply)[b"retry-after"] == b"2"
            assert rig.entry.verdict == "ErrorRateLimited"
        for path in ("/health", "/livez", "/readyz", "/ui/keywords", "/probe/graphql"):
            assert rig.status("GET", path) == 200

    def test_a_mistake_of_our_own_is_500_without_a_word_of_the_request(
        self, rig: SiteRig, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        logged: list[tuple[str, dict[str, Any]]] = []

        class Log:
            def failure(self, form: str, failure: Failure, **facts: Any) -> None:
                logged.append((form, facts))

        def broken(*_: object) -> None:
            raise RuntimeError("oops")

        monkeypatch.setattr(site, "log", Log())
        monkeypatch.setattr(rig.site, "_gateway", SimpleNamespace(perform=broken))
        reply = rig.answer("POST", "/query?secret=1", DQL, b"{q(func:uid(1)){uid}}")
        assert reply.status == 500
        assert body(reply)["errors"][0]["message"] == "internal error"
        assert logged == [("a request on {route} failed", {"route": "/query"})]

    def test_what_the_connection_refuses_is_told_in_dgraphs_shape(self, rig: SiteRig) -> None:
        entry = Entry(Door.HTTP, "", "id", 0.0)
        reply = rig.site.refuse(entry, 413, 'too "big"')
        assert reply.status == 413
        assert body(reply)["errors"][0] == {"message": 'too "big"', "extensions": {"code": "ErrorTooLarge"}}
        assert entry.verdict == "ErrorTooLarge"

    def test_a_caller_who_hangs_up_ends_the_read_upstream(self, rig: SiteRig) -> None:
        rig.alphas["a:9080"].channel.default = HANG
        assert rig.ask("POST", "/query", DQL, b"{q(func:uid(1)){uid}}") is None
        assert rig.asked is not None
        rig.asked.cancel()
        (call,) = rig.alphas["a:9080"].channel.calls
        assert call.cancelled
        assert rig.gateway.in_flight == 0


class TestLocal:
    def test_health_is_the_reports(self, rig: SiteRig) -> None:
        rig.report.status = 503
        reply = rig.answer("GET", "/health")
        assert (reply.status, reply.body) == (503, b'[{"instance":"otter"}]')
        assert fields(reply)[b"content-type"] == b"application/json"
        assert rig.status("GET", "/health?live") == 200
        assert rig.status("GET", "/health?live=1") == 200
        assert rig.status("HEAD", "/health?all") == 503
        assert rig.report.asked == [False, False, False, True]

    def test_liveness_and_readiness_are_told_apart(self, rig: SiteRig) -> None:
        assert rig.status("GET", "/readyz") == 200
        rig.report.status, rig.report.why = 503, "no alpha serves"
        assert rig.status("GET", "/livez") == 200
        reply = rig.answer("GET", "/readyz")
        assert (reply.status, reply.body) == (503, b"no alpha serves\n")

    @pytest.mark.parametrize(("graphql", "wanted"), [(True, b"true"), (False, b"false")])
    def test_ratel_is_redirected_to(self, graphql: bool, wanted: bytes) -> None:
        rig = SiteRig(ratel="ratel.example:8000", ratel_graphql=graphql)
        reply = rig.answer("GET", "/ratel")
        assert reply.status == 302
        assert fields(reply)[b"location"] == b"http://ratel.example:8000/?graphql=" + wanted

    def test_the_cluster_is_shown_to_admins(self) -> None:
        assert SiteRig().answer("GET", "/cluster").body == b'{"alphas":[]}'
        rig = SiteRig(dev_mode=False, admin_token=Secret("key"))
        assert rig.status("GET", "/cluster") == 403
        assert rig.status("GET", "/cluster", {"X-Otter-Admin-Token": "key"}) == 200

    @pytest.mark.parametrize(
        ("method", "path", "kind", "sent", "status"),
        [
            ("GET", "/validate/dql", "application/dql", b"{}", 405),
            ("POST", "/validate/dql", "application/json", b"{}", 415),
            ("POST", "/validate/dql", "", b"{}", 415),
            ("POST", "/validate/dql", "application/dql; charset=utf-8", b" \n", 400),
            ("POST", "/validate/dql", "Application/DQL", b"{}", 400),
            ("PUT", "/validate/schema", "text/plain", b"a: int .", 405),
            ("POST", "/validate/schema", "what/ever", b"", 400),
            ("POST", "/validate/schema", "what/ever", b"a: int", 400),
        ],
    )
    def test_validation_is_refused_in_its_own_shape(
        self, rig: SiteRig, method: str, path: str, kind: str, sent: bytes, status: int
    ) -> None:
        reply = rig.answer(method, path, {"Content-Type": kind}, sent)
        assert reply.status == status
        assert list(body(reply)) == ["error"]
        assert fields(reply)[b"content-type"] == b"application/json"

    def test_what_is_validated_may_be_zipped(self, rig: SiteRig) -> None:
        zipped = {"Content-Encoding": "gzip"}
        assert rig.status("POST", "/validate/schema", zipped, gzip.compress(b"a: int .")) == 200
        assert rig.status("POST", "/validate/schema", zipped, gzip.compress(b" ")) == 400
        assert rig.status("POST", "/validate/schema", zipped, gzip.compress(b"a: int .")[:-1]) == 400
