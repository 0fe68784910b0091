"""Every key of the configuration, once: type, default, meaning, and whether it may change while running.

`etc/otter.yaml` and `docs/configuration.md` are held against this module by a test.
"""

from collections.abc import Mapping
from dataclasses import Field, dataclass, fields
from typing import Any

from otterd.config.keys import Balancer, Bytes, Cidrs, Engine, Groups, Lend, LogLevel, Seconds, Secret, key

__all__ = [
    "Balancer",
    "Bytes",
    "Cidrs",
    "Config",
    "Engine",
    "Groups",
    "Lend",
    "LogLevel",
    "Seconds",
    "Secret",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """The effective configuration; see `key` for what each field carries."""

    balancer_type: Balancer = key(
        Balancer.ROUND_ROBIN,
        "How an alpha is chosen: over `dgraph_endpoints`, each in turn (`round-robin`), each healthy one"
        " (`round-robin-healthy`), preferably those that lead no group (`round-robin-avoid-leaders`), only"
        " leaders (`round-robin-leaders-only`), or by health, load, leaders and who owns which predicate"
        " (`state-based`); over `groups`, by purpose (`defined`, also `purposeful`), or reads from `query`"
        " and all writes to `mutation` (`round-robin-on-RW`).",
        section="Alphas and balancing",
    )
    dgraph_endpoints: tuple[str, ...] = key(
        (), "The alphas' gRPC addresses, `host:port`; for each balancer but those over `groups`."
    )
    groups: Groups = key(
        {},
        "For `defined`: the alphas for each purpose, under `query`, `mutation` and `upsert`; for"
        " `round-robin-on-RW` under `query` and `mutation`.",
    )
    dgraph_http_endpoints: Mapping[str, str] = key(
        {},
        "HTTP address of an alpha by its gRPC address; where none is given it is the gRPC port less 1000.",
    )
    dgraph_tls_ca: str = key(
        "",
        "PEM file of the authorities that the alphas' certificates are checked against, or"
        " `system`; empty means no TLS towards alphas.",
        live=False,
    )
    dgraph_tls_cert: str = key("", "PEM file of the certificate that Otter shows to alphas.", live=False)
    dgraph_tls_key: str = key("", "PEM file of the key to `dgraph_tls_cert`.", live=False)
    dgraph_tls_server_name: str = key(
        "",
        "Name to expect in the alphas' certificates, when it is not the host of the endpoint.",
        live=False,
    )
    dgraph_user: str = key("", "User of the ACL account that Otter may lend to callers.")
    dgraph_password: Secret = key(Secret(""), "Password of that account.")
    dgraph_namespace: int = key(0, "Namespace in which that account logs in.", least=0, most=2**64 - 1)
    alpha_engine: Engine = key(
        Engine.H2,
        "What speaks gRPC to the alphas: Otter itself (`h2`), with which long answers to queries are never"
        " put together, or the gRPC library (`grpcio`).",
        live=False,
    )
    alpha_connect_timeout: Seconds = key(Seconds(5.0), "How long connecting to an alpha may take.")
    max_attempts: int = key(
        3,
        "How many alphas one request may be tried on, where trying again is safe.",
        least=1,
        most=10,
    )
    topology_interval: Seconds = key(
        Seconds(3.0), "How often an alpha is asked for groups, leaders and predicates."
    )
    discover: bool = key(
        False,
        "Use alphas of the cluster that are not named here, where one of `address_rules` tells how to call"
        " them; never for a balancer over `groups`.",
    )
    address_rules: tuple[str, ...] = key(
        (),
        "How an alpha is called that the cluster knows as `host:port`: `internal=grpc` or"
        " `internal=grpc/http`, where a `*` in hosts stands for the same text and a port `+2000` is added to"
        " the internal one, which may be `*`: `alpha-*:7080=alpha-*:9080`, `localhost:*=localhost:+2000`.",
    )
    hedge: bool = key(
        False,
        "Ask a second alpha when a read takes longer than nineteen of twenty, for at most 5 % of the reads.",
    )
    probe_interval: Seconds = key(Seconds(1.0), "How often each alpha's health is asked.")
    probe_timeout: Seconds = key(Seconds(2.0), "How long an alpha has to answer a probe.")
    probe_rise: int = key(
        2, "How many good probes in a row bring an alpha back; the first of all counts at once.", most=100
    )
    probe_fall: int = key(
        3,
        "How many bad probes in a row take an alpha out; draining, not ready and hanging do so at once.",
        most=100,
    )
    ejection_faults: int = key(
        5, "How many requests in a row must fail through an alpha's own fault to take it out for a while."
    )
    ejection_time: Seconds = key(
        Seconds(10.0), "How long that while is the first time; each further time it is this much longer."
    )
    ejection_most: Seconds = key(Seconds(300.0), "The longest such while.")
    hang_limit: Seconds = key(
        Seconds(1.0),
        "No answer in time, or a late one while probes are late too, is a sign of hanging when it took longer"
        " than this and than ten times what is usual at its alpha and at the others; three one after the"
        " other take the alpha out for a while.",
    )
    lag_limit: Seconds = key(
        Seconds(10.0), "How much older than the newest of its group an alpha's data may be."
    )
    slow_start: Seconds = key(
        Seconds(10.0), "How long an alpha that came back takes to get its full share of work.", least=0
    )
    load_interval: Seconds = key(
        Seconds(5.0), "How often each alpha is asked for its pending queries and proposals."
    )

    enable_http: bool = key(True, "Serve HTTP.", section="Doors", live=False)
    proxy_port: int = key(
        8080, "Port of the HTTP listener; 0 lets the system choose.", live=False, least=0, most=65535
    )
    http_endpoint: str = key(
        "",
        "Twisted endpoint (`tcp:`, `ssl:`, `unix:`, `systemd:`) that replaces `bind_address` and"
        " `proxy_port`.",
        live=False,
    )
    enable_websocket: bool = key(True, "Serve the WebSocket API.", live=False)
    websocket_port: int = key(
        8089, "Port of the WebSocket listener; 0 lets the system choose.", live=False, least=0, most=65535
    )
    websocket_endpoint: str = key(
        "",
        "Twisted endpoint that replaces `bind_address` and `websocket_port`.",
        live=False,
    )
    enable_grpc: bool = key(False, "Serve gRPC, as an alpha does.", live=False)
    grpc_port: int = key(
        9084, "Port of the gRPC listener; 0 lets the system choose.", live=False, least=0, most=65535
    )
    grpc_endpoint: str = key(
        "",
        "Twisted endpoint that replaces `bind_address` and `grpc_port`.",
        live=False,
    )
    bind_address: str = key(
        "",
        "Address of the listeners (`::` is every one, IPv4 too); empty means 127.0.0.1 in dev mode, else"
        " every IPv4 interface.",
        live=False,
    )
    metrics_endpoint: str = key(
        "tcp:9095:interface=127.0.0.1",
        "Twisted endpoint of the Prometheus metrics; empty turns them off.",
        live=False,
    )
    graphql: bool = key(True, "Serve `/graphql`; false answers 404.")
    ratel: str = key("", "`host:port` of a Ratel that `/ratel` redirects to; empty answers 404.")
    ratel_graphql: bool = key(True, "Whether that redirect asks Ratel for GraphQL.")
    commit_now_default: bool = key(
        False,
        "What `/mutate` assumes when `commitNow` is absent (`application/dql` and the `upsert`"
        " form always assume true).",
    )

    dev_mode: bool = key(
        True,
        "Be lenient, for a developer's own machine; false demands tokens and origins.",
        section="Security",
    )
    ws_token: Secret = key(Secret(""), "Token of the WebSocket `auth` message; made at start in dev mode.")
    ws_allowed_origins: tuple[str, ...] = key(
        (), "Origins that may open WebSockets: exact ones, or `*.example.com` for subdomains."
    )
    client_token: Secret = key(
        Secret(""), "When set, HTTP and gRPC callers must show it as `Authorization: Bearer`."
    )
    admin_token: Secret = key(
        Secret(""),
        "Token that opens `/alter`, `/admin*` and `/cluster` (`X-Otter-Admin-Token` or"
        " `Authorization: Bearer`).",
    )
    admin_allowed_cidrs: Cidrs = key(Cidrs(()), "Client networks that have the admin right without a token.")
    lend_account: Lend = key(
        Lend.TRUSTED,
        "Who outside dev mode is lent the ACL account: `trusted` (showed a token of Otter's) or `everyone`.",
    )
    trusted_proxy_cidrs: Cidrs = key(Cidrs(()), "Proxies whose `X-Forwarded-For` is believed.")
    cors_allowed_origins: tuple[str, ...] = key(
        (),
        "Origins that browsers may read answers from; empty means any, without credentials.",
    )
    rate_limit_rps: float = key(0.0, "Requests a second for each client address; 0 is no limit.", least=0)
    rate_limit_burst: int = key(
        0, "How many requests may come at once; 0 means as many as `rate_limit_rps`.", least=0
    )

    max_body_bytes: Bytes = key(
        Bytes(1048576),
        "Largest HTTP body, before and after decompression.",
        section="Limits",
    )
    validate_max_bytes: Bytes = key(
        Bytes(65536),
        "Largest body of `/validate/*`, before and after decompression; all else waits while it is read.",
    )
    max_header_bytes: Bytes = key(Bytes(32768), "Largest HTTP request head.")
    max_header_fields: int = key(100, "Most HTTP header fields in a request.")
    max_url_bytes: Bytes = key(Bytes(8192), "Longest HTTP request target.")
    max_connections: int = key(4096, "Most open HTTP connections.")
    max_pipelined: int = key(16, "Most HTTP requests waiting on one connection.")
    max_in_flight: int = key(4096, "Most requests on their way to alphas at once.")
    max_alpha_reads: int = key(
        700,
        "Most queries under way on one alpha; what is more waits in line (an alpha takes 1,000 calls on a"
        " connection and refuses from 10,000 on).",
        least=1,
    )
    max_alpha_writes: int = key(
        200,
        "Most mutations and upserts under way on one alpha, below the 256 proposals that it keeps pending.",
        least=1,
    )
    max_alpha_commits: int = key(100, "Most commits, aborts and logins under way on one alpha.", least=1)
    max_alpha_passed: int = key(
        500, "Most requests passed through to one alpha's HTTP port at once.", least=1
    )
    queue_limit: int = key(1000, "Most requests that wait in line while every alpha is full.", least=0)
    hold_limit: int = key(1000, "Most requests that wait for a group without a leader.", least=0)
    max_buffered_bytes: Bytes = key(
        Bytes(268435456), "Most bytes of request bodies held at once, over all connections."
    )
    ws_max_message_bytes: Bytes = key(Bytes(1048576), "Largest WebSocket message from a client.")
    ws_max_handshake_bytes: Bytes = key(Bytes(16384), "Largest WebSocket handshake head.")
    ws_max_connections: int = key(4096, "Most open WebSockets.")
    ws_max_in_flight: int = key(
        32, "Most messages of one WebSocket that are being answered or wait their turn."
    )
    ws_max_unauthenticated: int = key(1024, "Most WebSockets that have not authenticated.")
    ws_send_buffer_bytes: Bytes = key(
        Bytes(262144), "Unsent bytes on a WebSocket above which no further message is begun."
    )
    grpc_max_message_bytes: Bytes = key(
        Bytes(67108864),
        "Largest gRPC message from a client, before and after decompression; room for the million N-Quads"
        " that Dgraph takes in one request.",
    )
    grpc_max_connections: int = key(4096, "Most open gRPC connections.")
    grpc_max_streams: int = key(1000, "Most calls at once on one gRPC connection; an alpha allows as many.")
    tunnel_buffer_bytes: Bytes = key(
        Bytes(262144), "Bytes held for a slow reader of a stream or GraphQL WebSocket."
    )

    header_timeout: Seconds = key(Seconds(5.0), "How long a request's head may take.", section="Time limits")
    request_timeout: Seconds = key(Seconds(30.0), "How long a whole request may take to come in.")
    answer_timeout: Seconds = key(
        Seconds(60.0),
        "How long the first byte of an answer may take (a longer `timeout=` of the caller's stretches it).",
    )
    slow_answer_timeout: Seconds = key(Seconds(600.0), "The same for `/alter` and `/admin`.")
    queue_timeout: Seconds = key(Seconds(5.0), "How long a request may wait in line for an alpha with room.")
    hold_timeout: Seconds = key(
        Seconds(10.0), "How long a request may wait for a group that is away or has no leader."
    )
    max_stale: Seconds = key(
        Seconds(0.0),
        "How old an answer to a query with `ro`, or on a WebSocket, may be when a fresh one takes longer than"
        " 250 ms; 0 means fresh always, unless the caller asks for less (`X-Otter-Max-Stale`, `maxStale`).",
        least=0,
    )
    alter_settle_timeout: Seconds = key(
        Seconds(10.0),
        "How long the answer to an alter is kept until every healthy alpha shows the new schema; 0 is not at"
        " all.",
        least=0,
    )
    max_caller_timeout: Seconds = key(
        Seconds(3600.0), "The longest `timeout=` of a caller's that is honoured."
    )
    progress_timeout: Seconds = key(Seconds(30.0), "How long an answer may make no progress, at either end.")
    idle_timeout: Seconds = key(Seconds(120.0), "How long a connection may be idle.")
    drain_timeout: Seconds = key(Seconds(10.0), "How long a stop waits for requests in flight.", least=0)
    ws_handshake_timeout: Seconds = key(Seconds(5.0), "How long a WebSocket handshake may take.")
    ws_unauthenticated_timeout: Seconds = key(
        Seconds(3600.0), "How long a WebSocket may live without `auth`."
    )
    ws_ping_interval: Seconds = key(Seconds(20.0), "How often Otter pings a WebSocket.")
    ws_ping_timeout: Seconds = key(Seconds(20.0), "How long a WebSocket may leave a ping open.")

    log_level: LogLevel = key(
        LogLevel.INFO, "The least serious lines that are written.", section="Operations"
    )
    access_log: bool = key(True, "Write one line for each request.")

    @classmethod
    def keys(cls) -> "tuple[Field[Any], ...]":
        """Return every key's field, in the order of the documents."""
        return fields(cls)

    def alphas(self) -> tuple[str, ...]:
        """Return the gRPC address of every alpha that the file names, each once, in order."""
        listed = list(self.dgraph_endpoints)
        if self.balancer_type.by_groups:
            listed = [address for group in self.groups.values() for address in group]
        return tuple(dict.fromkeys(listed))

    def http_address(self, alpha: str) -> str:
        """Return the HTTP `host:port` of the alpha whose gRPC address is given."""
        mapped = self.dgraph_http_endpoints.get(alpha)
        if mapped is not None:
            return mapped
        host, _, port = alpha.rpartition(":")
        return f"{host}:{int(port) - 1000}"

    @property
    def alpha_tls(self) -> bool:
        """Whether alphas are spoken to over TLS."""
        return bool(self.dgraph_tls_ca)

    def __repr__(self) -> str:
        return "<Config>"
