"""How the peers are configured: one worker, an access line for each call, connections kept. Pure."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.cluster.shape import Address


def nginx(port: int, alphas: Sequence[Address], folder: Path) -> str:
    """Return nginx.conf; connections never end after so many requests, as they do by default."""
    servers = "".join(f"    server {alpha.grpc};\n" for alpha in alphas)
    temporary = "".join(
        f"  {kind}_temp_path {folder}/nginx-{kind};\n"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    return f"""
{"user root;" if os.geteuid() == 0 else ""}
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/nginx-error.log;
events {{ worker_connections 4096; }}
http {{
  access_log {folder}/nginx-access.log;
{temporary}
  upstream alphas {{
{servers}    keepalive 128;
    keepalive_requests 1000000000;
  }}
  server {{
    listen 127.0.0.1:{port} http2;
    keepalive_requests 1000000000;
    location / {{ grpc_pass grpc://alphas; }}
  }}
}}
"""


def haproxy(port: int, alphas: Sequence[Address]) -> str:
    """Return haproxy.cfg."""
    servers = "".join(f"  server alpha{n} {alpha.grpc} proto h2\n" for n, alpha in enumerate(alphas))
    return f"""
global
  nbthread 1
  maxconn 8192
  log stdout format raw local0
defaults
  mode http
  log global
  option httplog
  timeout connect 5s
  timeout client 60s
  timeout server 60s
frontend door
  bind 127.0.0.1:{port} proto h2
  default_backend alphas
backend alphas
  balance roundrobin
  http-reuse always
{servers}"""


def envoy(port: int, alphas: Sequence[Address], log: Path) -> dict[str, Any]:
    """Return Envoy's bootstrap."""
    hosts = [{"endpoint": {"address": _address(*alpha.grpc.split(":"))}} for alpha in alphas]
    route = {"match": {"prefix": "/"}, "route": {"cluster": "alphas", "timeout": "60s"}}
    manager = {
        "@type": _kind("filters.network.http_connection_manager.v3.HttpConnectionManager"),
        "stat_prefix": "door",
        "codec_type": "HTTP2",
        "access_log": [
            {
                "name": "file",
                "typed_config": {"@type": _kind("access_loggers.file.v3.FileAccessLog"), "path": str(log)},
            }
        ],
        "route_config": {"virtual_hosts": [{"name": "all", "domains": ["*"], "routes": [route]}]},
        "http_filters": [
            {"name": "router", "typed_config": {"@type": _kind("filters.http.router.v3.Router")}}
        ],
    }
    protocol = {
        "@type": _kind("upstreams.http.v3.HttpProtocolOptions"),
        "explicit_http_config": {"http2_protocol_options": {}},
    }
    listener = {
        "name": "door",
        "address": _address("127.0.0.1", port),
        "filter_chains": [{"filters": [{"name": "http", "typed_config": manager}]}],
    }
    cluster = {
        "name": "alphas",
        "type": "STATIC",
        "lb_policy": "ROUND_ROBIN",
        "load_assignment": {"cluster_name": "alphas", "endpoints": [{"lb_endpoints": hosts}]},
        "typed_extension_protocol_options": {
            "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": protocol
        },
    }
    return {"static_resources": {"listeners": [listener], "clusters": [cluster]}}


def _kind(name: str) -> str:
    return f"type.googleapis.com/envoy.extensions.{name}"


def _address(host: str, port: str | int) -> dict[str, Any]:
    return {"socket_address": {"address": host, "port_value": int(port)}}
