"""A configuration as people may see it, and what differs between two."""

from dataclasses import fields
from pathlib import Path

from otterd.config.load import load
from otterd.config.schema import Balancer, Bytes, Cidrs, Config, Seconds, Secret
from otterd.config.show import as_yaml, changes, redacted

SECRET = Secret("hunter2")
FULL = Config(
    balancer_type=Balancer.DEFINED,
    dgraph_endpoints=("a:9080", "[::1]:9080"),
    groups={"query": ("a:9080",), "mutation": ("b:9080", "c:9080")},
    dgraph_http_endpoints={"a:9080": "a:80"},
    admin_allowed_cidrs=Cidrs(("10.0.0.0/8",)),
    rate_limit_rps=2.5,
    max_body_bytes=Bytes(3 << 20),
    idle_timeout=Seconds(0.25),
    drain_timeout=Seconds(0.0),
    dgraph_namespace=2**64 - 1,
    commit_now_default=True,
)


def test_shows_every_key_in_the_order_of_the_schema() -> None:
    assert list(redacted(Config())) == [field.name for field in fields(Config)]


def test_hides_secrets_that_are_set() -> None:
    config = Config(dgraph_password=SECRET, ws_token=SECRET, client_token=SECRET, admin_token=SECRET)
    shown = redacted(config)
    assert {shown[f.name] for f in fields(Config) if f.type is Secret} == {"***REDACTED***"}
    assert redacted(Config())["ws_token"] == ""
    assert SECRET not in as_yaml(config) + repr(config) + str(config)


def test_what_is_shown_reads_back(tmp_path: Path) -> None:
    path = tmp_path / "shown.yaml"
    path.write_text(as_yaml(FULL))
    assert load(str(path), {}) == FULL


def test_times_and_sizes_are_shown_as_people_write_them() -> None:
    shown = redacted(FULL)
    assert (shown["max_body_bytes"], shown["idle_timeout"], shown["rate_limit_rps"]) == ("3MiB", "250ms", 2.5)


def test_tells_live_changes_from_those_that_need_a_restart() -> None:
    old = Config(dgraph_endpoints=("a:9080",))
    new = Config(dgraph_endpoints=("b:9080",), proxy_port=1, rate_limit_rps=5.0, metrics_endpoint="")
    assert changes(old, new) == (("dgraph_endpoints", "rate_limit_rps"), ("proxy_port", "metrics_endpoint"))
    assert changes(old, old) == ((), ())
