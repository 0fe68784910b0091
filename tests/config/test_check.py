"""What keys must hold among themselves."""

from typing import Any

import pytest

from otterd.config.check import check
from otterd.config.errors import ConfigError, KeyProblem
from otterd.config.load import load
from otterd.config.schema import Balancer, Config, Secret

GOOD: dict[str, Any] = {"dgraph_endpoints": ("localhost:9080",)}
PRODUCTION: dict[str, Any] = {
    "dev_mode": False,
    "ws_token": Secret("x"),
    "ws_allowed_origins": ("https://a",),
}


def broken(**keys: Any) -> KeyProblem:
    with pytest.raises(KeyProblem) as caught:
        check(Config(**{**GOOD, **keys}))
    return caught.value


def test_a_good_configuration_passes() -> None:
    check(Config(**GOOD))
    check(Config(**GOOD, **PRODUCTION))


@pytest.mark.parametrize("balancer", [each for each in Balancer if not each.by_groups])
def test_a_balancer_over_one_list_needs_alphas(balancer: Balancer) -> None:
    problem = broken(balancer_type=balancer, dgraph_endpoints=(), groups={"query": ("a:9080",)})
    assert problem.key == "dgraph_endpoints"
    assert problem.problem.endswith(f" {balancer}")
    check(Config(**GOOD, balancer_type=balancer))


@pytest.mark.parametrize("balancer", [Balancer.DEFINED, Balancer.PURPOSEFUL])
def test_defined_needs_groups_with_alphas(balancer: Balancer) -> None:
    assert broken(balancer_type=balancer).key == "groups"
    empty = broken(balancer_type=balancer, groups={"query": ("a:9080",), "upsert": ()})
    assert (empty.key, empty.problem) == ("groups", "upsert: expected at least one host:port")
    check(Config(balancer_type=balancer, groups={"query": ("a:9080",)}))


@pytest.mark.parametrize("purposes", ["query", "mutation", "query mutation upsert"])
def test_reads_and_writes_need_exactly_their_two_lists(purposes: str) -> None:
    balancer = Balancer.READS_AND_WRITES
    lists = dict.fromkeys(purposes.split(), ("a:9080",))
    assert broken(balancer_type=balancer, groups=lists).key == "groups"
    check(Config(balancer_type=balancer, groups={"query": ("a:9080",), "mutation": ("b:9080",)}))


@pytest.mark.parametrize("balancer", list(Balancer))
def test_the_alphas_are_those_of_the_lists_that_the_balancer_uses(balancer: Balancer) -> None:
    config = Config(
        balancer_type=balancer, dgraph_endpoints=("a:9080",), groups={"query": ("b:9080", "b:9080")}
    )
    assert config.alphas() == (("b:9080",) if balancer.by_groups else ("a:9080",))


def test_a_low_grpc_port_needs_an_http_address() -> None:
    assert broken(dgraph_endpoints=("a:1000",)).key == "dgraph_http_endpoints"
    check(Config(dgraph_endpoints=("a:1001",)))
    check(Config(dgraph_endpoints=("a:443",), dgraph_http_endpoints={"a:443": "a:80"}))


def test_discovery_needs_a_rule() -> None:
    assert broken(discover=True).key == "address_rules"
    check(Config(**GOOD, discover=True, address_rules=("*:7080=*:9080",)))


def test_a_tls_certificate_and_its_key_come_together_and_with_an_authority() -> None:
    assert broken(dgraph_tls_ca="x", dgraph_tls_cert="x").key == "dgraph_tls_key"
    assert broken(dgraph_tls_ca="x", dgraph_tls_key="x").key == "dgraph_tls_cert"
    assert broken(dgraph_tls_cert="x", dgraph_tls_key="x").key == "dgraph_tls_ca"
    assert broken(dgraph_tls_server_name="x").key == "dgraph_tls_ca"
    check(Config(**GOOD, dgraph_tls_ca="x", dgraph_tls_cert="x", dgraph_tls_key="x"))


def test_a_user_needs_a_password() -> None:
    assert broken(dgraph_user="groot").key == "dgraph_password"


def test_something_must_listen() -> None:
    assert broken(enable_http=False, enable_websocket=False).key == "enable_http"
    check(Config(**GOOD, enable_http=False))
    check(Config(**GOOD, enable_websocket=False))


def test_two_listeners_cannot_share_a_port() -> None:
    assert broken(proxy_port=8089).key == "websocket_port"
    check(Config(**GOOD, proxy_port=0, websocket_port=0))
    check(Config(**GOOD, proxy_port=8089, enable_websocket=False))
    check(Config(**GOOD, proxy_port=8089, http_endpoint="unix:/x"))


@pytest.mark.parametrize("key", ["ws_token", "ws_allowed_origins"])
def test_production_needs_a_token_and_origins_for_the_websocket(key: str) -> None:
    keys = {**PRODUCTION, key: ()}
    assert broken(**keys).key == key
    check(Config(**GOOD, **keys, enable_websocket=False))


def test_limits_fit_into_each_other() -> None:
    assert broken(max_body_bytes=2**30).key == "max_buffered_bytes"
    assert broken(header_timeout=31.0).key == "request_timeout"
    assert broken(ejection_time=301.0).key == "ejection_most"


def test_a_rule_across_keys_is_told_where_the_key_stands() -> None:
    with pytest.raises(ConfigError, match=r"^environment: DGRAPH_ENDPOINTS: expected at least one"):
        load(None, {})
    with pytest.raises(ConfigError, match=r"^environment: MAX_BUFFERED_BYTES: expected no less"):
        load(None, {"DGRAPH_ENDPOINTS": "a:9080", "MAX_BUFFERED_BYTES": "1KiB"})


def test_grpc_may_be_the_only_door() -> None:
    closed = {"enable_http": False, "enable_websocket": False}
    assert broken(**closed).key == "enable_http"
    check(Config(**GOOD, **closed, enable_grpc=True))


def test_each_door_has_a_port_of_its_own() -> None:
    taken = broken(enable_grpc=True, grpc_port=8080)
    assert (taken.key, taken.problem) == ("grpc_port", "expected another port than proxy_port")
    assert broken(enable_grpc=True, grpc_port=8089).problem.endswith("websocket_port")
    check(Config(**GOOD, enable_grpc=True, grpc_port=8080, http_endpoint="unix:/a"))
    check(Config(**GOOD, grpc_port=8080))
    check(Config(**GOOD, enable_grpc=True, grpc_port=0, proxy_port=0))


def test_a_grpc_message_must_fit_into_what_may_be_held() -> None:
    assert broken(enable_grpc=True, max_buffered_bytes=50_000_000).key == "max_buffered_bytes"
    check(Config(**GOOD, max_buffered_bytes=50_000_000))
