"""Where the listeners stand, as Twisted endpoint strings, and how to reach one from this machine."""

from dataclasses import dataclass
from ipaddress import ip_address

from otterd.config.addresses import endpoint_parts
from otterd.config.schema import Config

LOOPBACK = "127.0.0.1"
ANY = "0.0.0.0"  # noqa: S104 -- compared with, never bound to


@dataclass(frozen=True, slots=True)
class Reach:
    """How to reach a listener: by `host` and `port`, or by the UNIX socket at `path`."""

    host: str = LOOPBACK
    port: int = 0
    path: str = ""
    tls: bool = False


def http_listener(config: Config) -> str:
    """Return the endpoint of the HTTP listener."""
    return config.http_endpoint or _tcp(config, config.proxy_port)


def websocket_listener(config: Config) -> str:
    """Return the endpoint of the WebSocket listener."""
    return config.websocket_endpoint or _tcp(config, config.websocket_port)


def grpc_listener(config: Config) -> str:
    """Return the endpoint of the gRPC listener."""
    return config.grpc_endpoint or _tcp(config, config.grpc_port)


def bind_address(config: Config) -> str:
    """Return the address that all of them stand on, "" for every IPv4 interface."""
    return config.bind_address or (LOOPBACK if config.dev_mode else "")


def reach_http(config: Config) -> Reach:
    """Return how to reach the HTTP listener from this machine.

    A socket that the service manager hands over tells nothing of its address: then
    `bind_address` and `proxy_port` count.
    """
    args, options = endpoint_parts(http_listener(config))
    if args[0] == "systemd":
        args, options = endpoint_parts(_tcp(config, config.proxy_port))
    first = args[1] if args[1:] else ""
    if args[0] == "unix":
        return Reach(host="localhost", path=options.get("address", first))
    interface = options.get("interface", args[2] if args[0] == "tcp" and args[2:] else "")
    return Reach(host=_reachable(interface), port=int(options.get("port", first)), tls=args[0] == "ssl")


def _tcp(config: Config, port: int) -> str:
    address = bind_address(config)
    return f"tcp:{port}" + (f":interface={address.replace(':', chr(92) + ':')}" if address else "")


def _reachable(interface: str) -> str:
    """Return the loopback address where `interface` means every one."""
    try:
        address = ip_address(interface or ANY)
    except ValueError:
        return interface
    if not address.is_unspecified:
        return str(address)
    return LOOPBACK if address.version == 4 else "::1"
