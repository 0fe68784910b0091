"""Addresses, origins, networks and endpoint strings: what they must look like.

Every reader raises ValueError saying what was expected; it never repeats the text it was given.
"""

import re
from ipaddress import IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

SCHEMES = ("tcp", "ssl", "unix", "systemd")

# Underscores are no host name by the book, but the names that compose files give.
_HOST = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,251}[A-Za-z0-9_.])?", re.ASCII)
_ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://[^\s/?#@*]+", re.ASCII)
_SUBDOMAINS = re.compile(r"\*\.[a-z0-9_-]+(?:\.[a-z0-9_-]+)*", re.ASCII)
_PART = re.compile(r"(?:[^\\:]|\\.)+", re.DOTALL)
_OPTION = re.compile(r"((?:[^\\=]|\\.)*)=(.*)", re.DOTALL)


def host_port(text: str) -> str:
    """Return `text` if it is `host:port`, an IPv6 address standing in brackets."""
    host, colon, port = text.rpartition(":")
    if not colon or not _is_host(host) or not _is_port(port, least=1):
        raise ValueError("expected host:port, such as localhost:9080 or [::1]:9080")
    return text


def host(text: str) -> str:
    """Return `text` if it is a host, with or without a port."""
    return text if _is_host(text) else host_port(text)


def split(address: str) -> tuple[str, int]:
    """Return the host, without brackets, and the port of a well-formed `host:port`."""
    host, _, port = address.rpartition(":")
    return host.strip("[]"), int(port)


def interface(text: str) -> str:
    """Return `text` if a listener can stand there: an IP address, or `localhost`."""
    if text != "localhost":
        try:
            ip_address(text)
        except ValueError:
            raise ValueError("expected an IP address to listen on, such as 127.0.0.1 or ::") from None
    return text


def network(text: str) -> str:
    """Return `text` as a network; a bare address counts as one host."""
    try:
        return str(ip_network(text))
    except ValueError:
        raise ValueError("expected a network such as 10.0.0.0/8, without host bits, or an address") from None


def origin(text: str) -> str:
    """Return an origin in lower case, as browsers send it, or `*.example.com`."""
    lower = text.lower()
    if not _SUBDOMAINS.fullmatch(lower) and not (_ORIGIN.fullmatch(lower) and _has_host(lower)):
        raise ValueError("expected an origin such as https://app.example.com, or *.example.com")
    return lower


def endpoint(text: str) -> str:
    """Return `text` if it begins like an endpoint that Otter can listen on."""
    args, options = endpoint_parts(text)
    scheme = args[0] if args else ""
    if scheme not in SCHEMES or not (args[1:] or options):
        known = ", ".join(f"{known}:" for known in SCHEMES)
        raise ValueError(f"expected a Twisted endpoint that begins with one of {known}")
    port = args[1] if args[1:] else options.get("port", "")
    if scheme in ("tcp", "ssl") and not _is_port(port, least=0):
        raise ValueError(f"expected a port from 0 to 65535 after {scheme}:")
    return text


def endpoint_parts(text: str) -> tuple[list[str], dict[str, str]]:
    r"""Split an endpoint string into its positional parts and its `name=value` options.

    A backslash takes the meaning from the colon, equals sign or backslash after it.
    """
    args: list[str] = []
    options: dict[str, str] = {}
    for part in _PART.findall(text):
        option = _OPTION.fullmatch(part)
        if option:
            options[_unescaped(option[1])] = _unescaped(option[2])
        else:
            args.append(_unescaped(part))
    return args, options


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text, flags=re.DOTALL)


def _has_host(origin: str) -> bool:
    try:
        parts = urlsplit(origin)
        return bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _is_host(text: str) -> bool:
    if text.startswith("[") and text.endswith("]"):
        try:
            IPv6Address(text[1:-1])
        except ValueError:
            return False
        return True
    return bool(_HOST.fullmatch(text)) and ".." not in text


def _is_port(text: str, *, least: int) -> bool:
    return bool(re.fullmatch(r"[0-9]{1,5}", text, re.ASCII)) and least <= int(text) <= 65535
