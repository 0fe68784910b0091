"""Addresses, origins, networks and endpoint strings."""

import pytest

from otterd.config import addresses


@pytest.mark.parametrize(
    "text", ["localhost:9080", "127.0.0.1:1", "[::1]:9080", "dgraph_alpha-1.svc.local:65535", "a:80"]
)
def test_takes_a_host_and_port(text: str) -> None:
    assert addresses.host_port(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "localhost",
        ":9080",
        "localhost:",
        "localhost:0",
        "localhost:65536",
        "localhost:+80",
        "::1:9080",
        "[::1]",
        "[localhost]:80",
        "http://localhost:80",
        "a b:80",
        "a..b:80",
        "-a:80",
        "a:80/x",
        "a:80\n",
        "user@a:80",
        "a:٨٠",
    ],
)
def test_refuses_what_is_no_host_and_port(text: str) -> None:
    with pytest.raises(ValueError, match="expected host:port"):
        addresses.host_port(text)


def test_splits_an_address() -> None:
    assert addresses.split("[::1]:9080") == ("::1", 9080)
    assert addresses.split("alpha:7") == ("alpha", 7)


@pytest.mark.parametrize("text", ["ratel.example.com", "localhost:8000", "[::1]"])
def test_takes_a_host_with_or_without_port(text: str) -> None:
    assert addresses.host(text) == text


@pytest.mark.parametrize("text", ["127.0.0.1", "::", "0.0.0.0", "localhost"])
def test_takes_an_address_to_listen_on(text: str) -> None:
    assert addresses.interface(text) == text


@pytest.mark.parametrize("text", ["example.com", "[::1]", "127.0.0.1:80", "*"])
def test_refuses_where_nothing_can_listen(text: str) -> None:
    with pytest.raises(ValueError, match="expected an IP address"):
        addresses.interface(text)


@pytest.mark.parametrize(
    ("text", "network"),
    [("10.0.0.0/8", "10.0.0.0/8"), ("10.1.2.3", "10.1.2.3/32"), ("::1", "::1/128"), ("fd00::/8", "fd00::/8")],
)
def test_reads_a_network(text: str, network: str) -> None:
    assert addresses.network(text) == network


@pytest.mark.parametrize("text", ["10.0.0.1/8", "10.0.0.0/33", "localhost", "", "10.0.0"])
def test_refuses_what_is_no_network(text: str) -> None:
    with pytest.raises(ValueError, match="expected a network"):
        addresses.network(text)


@pytest.mark.parametrize(
    ("text", "origin"),
    [
        ("https://App.Example.com", "https://app.example.com"),
        ("http://localhost:3000", "http://localhost:3000"),
        ("http://[::1]:3000", "http://[::1]:3000"),
        ("*.example.com", "*.example.com"),
        ("chrome-extension://abcdef", "chrome-extension://abcdef"),
    ],
)
def test_reads_an_origin(text: str, origin: str) -> None:
    assert addresses.origin(text) == origin


@pytest.mark.parametrize(
    "text",
    [
        "*",
        "null",
        "example.com",
        "https://example.com/",
        "https://*.example.com",
        "*.",
        "https://",
        "http://a:b",
    ],
)
def test_refuses_what_is_no_origin(text: str) -> None:
    with pytest.raises(ValueError, match="expected an origin"):
        addresses.origin(text)


@pytest.mark.parametrize(
    "text",
    [
        "tcp:8080",
        "tcp:8080:interface=127.0.0.1",
        "tcp:port=8080",
        "tcp:interface=127.0.0.1:0",
        "ssl:8443:privateKey=/k.pem:certKey=/c.pem",
        "unix:/run/otter.sock",
        "unix:address=/run/otter.sock",
        "systemd:domain=INET:name=http",
    ],
)
def test_takes_an_endpoint(text: str) -> None:
    assert addresses.endpoint(text) == text


@pytest.mark.parametrize(
    "text", ["8080", "tcp", "tcp:", "tcp:x", "tcp:70000", "ssl:interface=x", "tls:443", "unix:"]
)
def test_refuses_what_is_no_endpoint(text: str) -> None:
    with pytest.raises(ValueError, match="expected a"):
        addresses.endpoint(text)


def test_splits_an_endpoint_at_colons_that_no_backslash_covers() -> None:
    parts = addresses.endpoint_parts(r"tcp:8080:interface=\:\:1:x=a\=b=c")
    assert parts == (["tcp", "8080"], {"interface": "::1", "x": "a=b=c"})
