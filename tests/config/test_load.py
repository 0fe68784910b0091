"""What a file and the environment make together, and how a bad one is refused."""

from collections.abc import Callable
from pathlib import Path

import pytest

from otterd.config.load import ConfigError, load
from otterd.config.schema import Balancer, Config

Write = Callable[[str], str]
ROOT = Path(__file__).parents[2]
ALPHA = "dgraph_endpoints: localhost:9080\n"
SECRET = "hunter2-and-more"  # shown nowhere


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(text: str) -> str:
        path = tmp_path / "otter.yaml"
        path.write_text(text)
        return str(path)

    return write


def refusal(path: str | None, environ: dict[str, str] | None = None) -> str:
    with pytest.raises(ConfigError) as caught:
        load(path, environ or {})
    text = str(caught.value)
    assert "\n" not in text
    assert SECRET not in text
    return text


def test_without_a_file_the_environment_is_enough() -> None:
    config = load(None, {"DGRAPH_ENDPOINTS": "a:9080, b:9080,,", "PROXY_PORT": "8084", "DEV_MODE": "yes"})
    assert config.dgraph_endpoints == ("a:9080", "b:9080")
    assert config.proxy_port == 8084
    assert config.dev_mode is True


def test_the_environment_beats_the_file(write: Write) -> None:
    path = write(ALPHA + "ratel: file:8000\nproxy_port: 1234\nenable_http: true\n")
    config = load(path, {"RATEL": "env:8000", "PROXY_PORT": "4321", "ENABLE_HTTP": "0"})
    assert (config.ratel, config.proxy_port, config.enable_http) == ("env:8000", 4321, False)


def test_an_empty_variable_counts_as_not_set(write: Write) -> None:
    assert load(write(ALPHA + "ratel: file:8000\n"), {"RATEL": ""}).ratel == "file:8000"


def test_a_key_without_a_value_keeps_its_default(write: Write) -> None:
    config = load(write(ALPHA + "proxy_port:\ngroups: ~\nratel: ''\n"), {})
    assert (config.proxy_port, config.groups, config.ratel) == (8080, {}, "")


def test_config_file_names_the_file_when_the_command_line_does_not(write: Write, tmp_path: Path) -> None:
    path = write(ALPHA + "proxy_port: 1234\n")
    assert load(None, {"CONFIG_FILE": path}).proxy_port == 1234
    other = tmp_path / "other.yaml"
    other.write_text(ALPHA + "proxy_port: 5678\n")
    assert load(str(other), {"CONFIG_FILE": path}).proxy_port == 5678


def test_takes_a_file_of_the_go_gateway(write: Write) -> None:
    path = write(
        """
balancer_type: defined
proxy_port: 8084
websocket_port: 8089
dgraph_user: ""
dgraph_password: ""
enable_http: true
enable_websocket: on
graphql: true
ratel: localhost:8000
ratel-graphql: false
dgraph_endpoints: # Needed if using simple round-robin balancing
  - localhost:9080
  - localhost:9088
groups:
  query:
    - localhost:9081
    - localhost:9082
  mutation:
    - localhost:9090
  upsert:
    - localhost:9090
    - localhost:9082
"""
    )
    config = load(path, {})
    assert config.balancer_type is Balancer.DEFINED
    assert config.ratel_graphql is False
    assert config.groups["upsert"] == ("localhost:9090", "localhost:9082")
    assert config.alphas() == ("localhost:9081", "localhost:9082", "localhost:9090")


def test_lists_and_maps_may_be_text_with_commas(write: Write) -> None:
    path = write(
        "dgraph_endpoints: a:9080, '[::1]:9080'\n".replace("'", "")
        + "dgraph_http_endpoints: a:9080=b:80,[::1]:9080=[::1]:81\n"
        + "ws_allowed_origins: https://a.example, '*.b.example'\n".replace("'", "")
        + "admin_allowed_cidrs: [10.0.0.0/8, 127.0.0.1]\n"
    )
    config = load(path, {})
    assert config.dgraph_endpoints == ("a:9080", "[::1]:9080")
    assert config.dgraph_http_endpoints == {"a:9080": "b:80", "[::1]:9080": "[::1]:81"}
    assert config.ws_allowed_origins == ("https://a.example", "*.b.example")
    assert config.admin_allowed_cidrs == ("10.0.0.0/8", "127.0.0.1/32")


def test_groups_may_share_a_list_by_an_alias_and_hold_text(write: Write) -> None:
    path = write(
        "balancer_type: purposeful\ngroups:\n  query: &a [x:1001]\n  mutation: *a\n  upsert: y:2000,z:2000\n"
    )
    assert load(path, {}).groups == {
        "query": ("x:1001",),
        "mutation": ("x:1001",),
        "upsert": ("y:2000", "z:2000"),
    }


def test_scalars_stay_the_text_that_was_written(write: Write) -> None:
    config = load(write(ALPHA + "dgraph_user: 0123\ndgraph_password: 1_000\nws_token: no\n"), {})
    assert (config.dgraph_user, config.dgraph_password, config.ws_token) == ("0123", "1_000", "no")


def test_times_and_sizes_carry_units(write: Write) -> None:
    config = load(write(ALPHA + "idle_timeout: 1m30s\nmax_body_bytes: 4MiB\n"), {"DRAIN_TIMEOUT": "0"})
    assert [config.idle_timeout, config.max_body_bytes, config.drain_timeout] == [90, 4 << 20, 0]


# --- secrets ---


def test_a_secret_is_read_from_its_file_without_the_last_line_end(write: Write, tmp_path: Path) -> None:
    (tmp_path / "token").write_text(SECRET + "\n")
    path = write(ALPHA + f"ws_token_file: {tmp_path}/token\n")
    assert load(path, {}).ws_token == SECRET
    assert load(write(ALPHA), {"WS_TOKEN_FILE": f"{tmp_path}/token"}).ws_token == SECRET


def test_a_relative_secret_file_is_a_credential_of_the_service_manager(write: Write, tmp_path: Path) -> None:
    (tmp_path / "password").write_bytes(b" two words \r\n")
    environ = {"CREDENTIALS_DIRECTORY": str(tmp_path)}
    path = write(ALPHA + "dgraph_user: groot\ndgraph_password_file: password\n")
    assert load(path, environ).dgraph_password == " two words "


def test_a_variable_beats_the_secret_file_of_the_config(write: Write) -> None:
    assert (
        load(
            write(ALPHA + "ws_token_file: /nowhere\n".replace("/nowhere", __file__)), {"WS_TOKEN": "x"}
        ).ws_token
        == "x"
    )


def test_a_secret_and_its_file_in_one_place_are_refused(write: Write) -> None:
    text = refusal(write(ALPHA + f"ws_token: {SECRET}\nws_token_file: /x\n"))
    assert text.endswith("otter.yaml: ws_token_file: expected either this or ws_token, not both")
    text = refusal(write(ALPHA), {"WS_TOKEN": SECRET, "WS_TOKEN_FILE": "/x"})
    assert text == "environment: WS_TOKEN_FILE: expected either this or WS_TOKEN, not both"


@pytest.mark.parametrize("content", ["", "\n", "  \n"])
def test_an_empty_secret_file_does_not_switch_the_secret_off(
    write: Write, tmp_path: Path, content: str
) -> None:
    (tmp_path / "token").write_text(content)
    assert "is not empty" in refusal(write(ALPHA + f"client_token_file: {tmp_path}/token\n"))


@pytest.mark.parametrize(
    "line",
    [
        f"client_token: {SECRET} x",
        f"client_token: [{SECRET}]",
        f"ws_token: *{SECRET}",
        f"ws_token: !{SECRET} x",
        f"ws_token: {SECRET}: {SECRET}",
        f"ws_token: '{SECRET}",
        f"ws_token: !!int {SECRET}",
        f"client_token: {SECRET}\nclient_token: {SECRET}",
        f"ws_token: {{{SECRET}: {SECRET}, {SECRET}: {SECRET}}}",
    ],
)
def test_no_refusal_shows_a_secret(write: Write, line: str) -> None:
    refusal(write(ALPHA + line + "\n"))


# --- refusals ---


def test_a_refusal_names_file_key_and_what_was_expected(write: Write) -> None:
    path = write(ALPHA + "proxy_port: http\n")
    assert refusal(path) == f"{path}: proxy_port: expected a whole number, not 'http'"
    assert refusal(write(ALPHA), {"PROXY_PORT": "http"}).startswith(
        "environment: PROXY_PORT: expected a whole"
    )


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("prxy_port: 1", "prxy_port: no such key; expected proxy_port?"),
        ("proxy-port: 1", "proxy-port: no such key; expected proxy_port?"),
        ("zzz: 1", "zzz: no such key"),
        ("5: 1", "5: no such key"),
        ("proxy_port: 1\nproxy_port: 2", "proxy_port: line 3 gives a key a second time"),
        ("ratel_graphql: 1\nratel-graphql: 1", "ratel_graphql: given a second time, as ratel-graphql"),
        ("groups:\n  query: a:1\n  query: b:1", "line 4 gives a key a second time"),
        ("proxy_port: 65536", "proxy_port: expected 0 to 65535, not '65536'"),
        ("proxy_port: [1]", "proxy_port: expected a single value"),
        ("max_attempts: 0", "max_attempts: expected 1 to 10"),
        ("max_attempts: 11", "max_attempts: expected 1 to 10"),
        ("max_connections: 0", "max_connections: expected 1 to"),
        ("max_body_bytes: 0", "max_body_bytes: expected 1 to 1024GiB"),
        ("idle_timeout: 0s", "idle_timeout: expected 1ms to 8760h, not '0s'"),
        ("rate_limit_rps: -1", "rate_limit_rps: expected a number"),
        ("enable_http: maybe", "enable_http: expected true or false"),
        ("log_level: loud", "log_level: expected one of debug, info, warn, error, not 'loud'"),
        ("lend_account: nobody", "lend_account: expected one of trusted, everyone"),
        ("http_endpoint: fd:3", "http_endpoint: expected a Twisted endpoint"),
        ("bind_address: example.com", "bind_address: expected an IP address"),
        ("ratel: http://localhost:8000", "ratel: expected host:port"),
        ("admin_allowed_cidrs: 10.0.0.1/8", "admin_allowed_cidrs: expected a network"),
        ("ws_allowed_origins: ['*']", "ws_allowed_origins: expected an origin"),
        ("ws_allowed_origins: {a: b}", "ws_allowed_origins: expected a list"),
        ("ws_allowed_origins: [[a]]", "ws_allowed_origins: expected a list"),
        ("dgraph_http_endpoints: a:1", "dgraph_http_endpoints: expected grpc-address=http-address"),
        ("dgraph_http_endpoints: [a]", "dgraph_http_endpoints: expected a map"),
        ("dgraph_http_endpoints: {a: 'b:1'}", "dgraph_http_endpoints: expected host:port"),
        ("dgraph_http_endpoints: a:1=b:1,a:1=c:1", "dgraph_http_endpoints: expected each gRPC address once"),
        ("dgraph_http_endpoints: {'a:1': ~}", "dgraph_http_endpoints: expected host:port"),
        ("groups: [a]", "groups: expected a map"),
        ("groups: {alter: 'a:9080'}", "groups: expected the purposes query, mutation, upsert, not 'alter'"),
        ("groups: {query: [a]}", "groups: query: expected host:port"),
        ("admin_token: a b", "admin_token: expected visible ASCII"),
        ("admin_token: ü", "admin_token: expected visible ASCII"),
    ],
)
def test_a_bad_value_is_refused(write: Write, text: str, told: str) -> None:
    path = write(ALPHA + text + "\n")
    assert refusal(path).startswith(f"{path}: {told}")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("- a\n- b", "expected a list of keys"),
        ("just text", "expected a list of keys"),
        ("a: b: c", "expected YAML in line 1, column 5"),
        ("a: [", "expected YAML in line"),
        ("a: \x01", "expected YAML"),
        ("a: 1\n---\nb: 2", "expected YAML in line 2"),
        ("a: !!python/object:os.system x", "expected YAML in line 1"),
        ("&a [*a]", "expected a list of keys"),
        ("[" * 3000, "expected YAML"),
        ("a: !!timestamp x", "expected YAML"),
        ("a: !!int x", "expected YAML"),
        ("{[a]: b}", "expected YAML"),
        ("{{a: b}: b}", "expected YAML"),
    ],
)
def test_what_is_no_yaml_of_keys_is_refused(write: Write, text: str, told: str) -> None:
    path = write(text)
    assert refusal(path).startswith(f"{path}: {told}")


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    assert (
        refusal(f"{tmp_path}/none.yaml")
        == f"{tmp_path}/none.yaml: cannot read this file: No such file or directory"
    )
    assert refusal(str(tmp_path)) == f"{tmp_path}: cannot read this file: Is a directory"
    assert "not a path" in refusal("a\0b")
    (tmp_path / "latin").write_bytes(b"ratel: \xe9")
    assert refusal(f"{tmp_path}/latin").endswith("expected this file to be UTF-8 text")
    assert refusal("/dev/zero").endswith("expected this file to be under 1 MiB")


def test_a_variable_that_is_bad_is_named_even_when_the_file_is_good(write: Write) -> None:
    assert refusal(write(ALPHA), {"DGRAPH_ENDPOINTS": "alpha"}).startswith(
        "environment: DGRAPH_ENDPOINTS: expected host"
    )


def test_a_tls_file_that_cannot_be_read_is_refused(write: Write) -> None:
    path = write(ALPHA + "dgraph_tls_ca: /nowhere/ca.pem\n")
    assert refusal(path) == f"{path}: dgraph_tls_ca: cannot read /nowhere/ca.pem: No such file or directory"
    assert load(write(ALPHA + "dgraph_tls_ca: system\n"), {}).alpha_tls


SHIPPED = sorted(path for path in (ROOT / "etc").rglob("*.yaml") if path.parent.name != "compose")


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_every_shipped_file_loads(path: Path, tmp_path: Path) -> None:
    for name in ("ws-token", "client-token", "admin-token"):
        (tmp_path / name).write_text("made-up\n")
    config = load(str(path), {"CREDENTIALS_DIRECTORY": str(tmp_path)})
    assert config.alphas()


def test_nothing_set_means_the_defaults(write: Write) -> None:
    assert load(write(ALPHA), {}) == Config(dgraph_endpoints=("localhost:9080",))
