"""What keys must hold among themselves."""

from collections.abc import Callable, Iterator

from otterd.config import addresses
from otterd.config.errors import KeyProblem
from otterd.config.schema import Balancer, Config


def check(config: Config) -> None:
    """Raise KeyProblem for the first rule that `config` breaks."""
    for rule in RULES:
        for key, problem in rule(config):
            raise KeyProblem(key, problem)


Problems = Iterator[tuple[str, str]]


def _alphas(config: Config) -> Problems:
    balancer = config.balancer_type
    if not balancer.by_groups:
        if not config.dgraph_endpoints:
            yield "dgraph_endpoints", f"expected at least one host:port, for balancer_type {balancer}"
        return
    if not config.groups:
        yield "groups", f"expected at least one purpose, for balancer_type {balancer}"
    if balancer is Balancer.READS_AND_WRITES and set(config.groups) != {"query", "mutation"}:
        yield "groups", f"expected query and mutation, and no other purpose, for balancer_type {balancer}"
    for purpose, listed in config.groups.items():
        if not listed:
            yield "groups", f"{purpose}: expected at least one host:port"


def _http_ports(config: Config) -> Problems:
    for alpha in config.alphas():
        if alpha not in config.dgraph_http_endpoints and addresses.split(alpha)[1] <= 1000:
            yield (
                "dgraph_http_endpoints",
                f"expected an HTTP address for {alpha}, whose port less 1000 is none",
            )


def _discovery(config: Config) -> Problems:
    if config.discover and not config.address_rules:
        yield "address_rules", "expected at least one rule when discover is true"


def _alpha_tls(config: Config) -> Problems:
    if bool(config.dgraph_tls_cert) != bool(config.dgraph_tls_key):
        given, missing = ("cert", "key") if config.dgraph_tls_cert else ("key", "cert")
        yield f"dgraph_tls_{missing}", f"expected together with dgraph_tls_{given}"
    for key in ("dgraph_tls_cert", "dgraph_tls_server_name"):
        if getattr(config, key) and not config.dgraph_tls_ca:
            yield "dgraph_tls_ca", f"expected together with {key}; `system` means the system's authorities"


def _account(config: Config) -> Problems:
    if config.dgraph_user and not config.dgraph_password:
        yield "dgraph_password", "expected together with dgraph_user"


def _doors(config: Config) -> Problems:
    ports = {
        key: port
        for key, enabled, port, endpoint in (
            ("proxy_port", config.enable_http, config.proxy_port, config.http_endpoint),
            ("websocket_port", config.enable_websocket, config.websocket_port, config.websocket_endpoint),
            ("grpc_port", config.enable_grpc, config.grpc_port, config.grpc_endpoint),
        )
        if enabled and not endpoint and port
    }
    if not (config.enable_http or config.enable_websocket or config.enable_grpc):
        yield (
            "enable_http",
            "expected true here, in enable_websocket or in enable_grpc: nothing listens otherwise",
        )
    taken: dict[int, str] = {}
    for key, port in ports.items():
        other = taken.setdefault(port, key)
        if other != key:
            yield key, f"expected another port than {other}"


def _production(config: Config) -> Problems:
    if config.dev_mode or not config.enable_websocket:
        return
    for key in ("ws_token", "ws_allowed_origins"):
        if not getattr(config, key):
            yield key, "expected a value when dev_mode is false and enable_websocket is true"


def _shared_socket(config: Config) -> Problems:
    handed = config.websocket_endpoint.startswith("systemd:")
    if config.enable_websocket and handed and not config.ws_token:
        yield "ws_token", "expected a value for a systemd: endpoint: each instance would make its own"


def _limits(config: Config) -> Problems:
    if config.max_buffered_bytes < config.max_body_bytes:
        yield "max_buffered_bytes", "expected no less than max_body_bytes"
    if config.enable_grpc and config.max_buffered_bytes < config.grpc_max_message_bytes:
        yield "max_buffered_bytes", "expected no less than grpc_max_message_bytes when enable_grpc is true"
    if config.request_timeout < config.header_timeout:
        yield "request_timeout", "expected no less than header_timeout"
    if config.ejection_most < config.ejection_time:
        yield "ejection_most", "expected no less than ejection_time"


RULES: tuple[Callable[[Config], Problems], ...] = (
    _alphas,
    _http_ports,
    _discovery,
    _alpha_tls,
    _account,
    _doors,
    _production,
    _shared_socket,
    _limits,
)
