"""Rules that make an alpha's addresses out of its internal one."""

import pytest

from otterd.config.rules import parsed, rule, translated


@pytest.mark.parametrize(
    ("text", "internal", "told"),
    [
        ("a:7080=b:9080", "a:7080", ("b:9080", "b:8080")),
        ("a:7080=b:9080", "a:7081", None),
        ("a:7080=b:9080", "aa:7080", None),
        ("*:7080=*:9080", "alpha1.dgraph:7080", ("alpha1.dgraph:9080", "alpha1.dgraph:8080")),
        ("alpha-*.svc:7080=gw:9080", "alpha-.svc:7080", ("gw:9080", "gw:8080")),
        ("alpha-*.svc:*=*.out:+2000/web-*:443", "alpha-3.svc:7083", ("3.out:9083", "web-3:443")),
        ("alpha-*-a:7080=x:9080", "alpha-a:7080", None),
        ("localhost:*=127.0.0.1:+2000", "localhost:7280", ("127.0.0.1:9280", "127.0.0.1:8280")),
        ("localhost:*=127.0.0.1:+2000/127.0.0.1:+1000", "localhost:1", ("127.0.0.1:2001", "127.0.0.1:1001")),
        ("*:*=*:+2000", "a:64000", None),
        ("*:*=*:+1", "a:999", None),
        ("*:*=*:9080", "a", None),
        ("*:*=*:9080", "a:b", None),
        ("[fd00::*]:7080=[fd01::*]:9080", "[fd00::7]:7080", ("[fd01::7]:9080", "[fd01::7]:8080")),
        (" a:7080 = b:9080 / c:8080 ", "a:7080", ("b:9080", "c:8080")),
        ("*:7080=x*:9080", "a b:7080", None),
    ],
)
def test_a_rule_tells_both_addresses_or_nothing(text, internal, told):
    assert parsed(text).apply(internal) == told


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a:7080",
        "a=b",
        "a:7080=b",
        "a:7080=b:*",
        "a:7080=*:9080",
        "*-*:7080=b:9080",
        "*:7080=*-*:9080",
        "a:7080=b:9080/c:8080/d:1",
        "a:7080=b:-1",
        "a:7080=b:99999",
        "a b:7080=b:9080",
        "a:7080==b:9080",
    ],
)
def test_what_is_no_rule_is_refused(text):
    with pytest.raises(ValueError, match="expected internal=grpc"):
        rule(text)


def test_a_low_grpc_port_needs_an_http_address_in_the_rule():
    with pytest.raises(ValueError, match="expected an HTTP address"):
        rule("a:7080=b:443")
    assert rule("a:7080=b:443/b:80") == "a:7080=b:443/b:80"


def test_the_first_rule_that_tells_addresses_wins():
    rules = [parsed("a:7080=first:9080"), parsed("*:7080=second:9080")]
    assert translated(rules, ["a:7080", "b:7080", "c:1"]) == {
        "first:9080": "first:8080",
        "second:9080": "second:8080",
    }
