"""Where the listeners stand, and how to reach one."""

from typing import Any

import pytest

from otterd.config.listen import (
    Reach,
    bind_address,
    grpc_listener,
    http_listener,
    reach_http,
    websocket_listener,
)
from otterd.config.schema import Config

PRODUCTION: dict[str, Any] = {"dev_mode": False}


def test_dev_mode_stands_on_the_loopback() -> None:
    assert http_listener(Config()) == "tcp:8080:interface=127.0.0.1"
    assert websocket_listener(Config()) == "tcp:8089:interface=127.0.0.1"
    assert grpc_listener(Config()) == "tcp:9084:interface=127.0.0.1"


def test_production_stands_everywhere() -> None:
    config = Config(**PRODUCTION)
    assert (http_listener(config), bind_address(config)) == ("tcp:8080", "")


def test_an_ipv6_address_is_written_so_that_twisted_can_read_it() -> None:
    assert http_listener(Config(bind_address="::1")) == r"tcp:8080:interface=\:\:1"


def test_an_endpoint_replaces_address_and_port() -> None:
    config = Config(
        http_endpoint="unix:/a", websocket_endpoint="tcp:1", grpc_endpoint="tcp:2", bind_address="10.0.0.1"
    )
    listeners = http_listener(config), websocket_listener(config), grpc_listener(config)
    assert listeners == ("unix:/a", "tcp:1", "tcp:2")


@pytest.mark.parametrize(
    ("keys", "reach"),
    [
        ({}, Reach("127.0.0.1", 8080)),
        (PRODUCTION, Reach("127.0.0.1", 8080)),
        ({"bind_address": "0.0.0.0"}, Reach("127.0.0.1", 8080)),
        ({"bind_address": "::"}, Reach("::1", 8080)),
        ({"bind_address": "::1"}, Reach("::1", 8080)),
        ({"bind_address": "10.0.0.1", "proxy_port": 1}, Reach("10.0.0.1", 1)),
        ({"bind_address": "localhost"}, Reach("localhost", 8080)),
        ({"http_endpoint": "tcp:81"}, Reach("127.0.0.1", 81)),
        ({"http_endpoint": "tcp:port=81:interface=10.0.0.1"}, Reach("10.0.0.1", 81)),
        ({"http_endpoint": "tcp:81:10.0.0.1"}, Reach("10.0.0.1", 81)),
        ({"http_endpoint": "ssl:443:privateKey=k:certKey=c"}, Reach("127.0.0.1", 443, tls=True)),
        ({"http_endpoint": "unix:/run/otter.sock:mode=660"}, Reach("localhost", 0, "/run/otter.sock")),
        ({"http_endpoint": "unix:address=/run/o"}, Reach("localhost", 0, "/run/o")),
        ({"http_endpoint": "systemd:domain=INET:name=http", "proxy_port": 84}, Reach("127.0.0.1", 84)),
    ],
)
def test_knows_how_to_reach_the_http_listener(keys: dict[str, Any], reach: Reach) -> None:
    assert reach_http(Config(**keys)) == reach
