"""Web origins, and lists of those that are allowed."""

from collections.abc import Iterable
from typing import NamedTuple
from urllib.parse import urlsplit

DEFAULT_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}
LONGEST = 512


class Origin(NamedTuple):
    """An origin in normal form: the port is always there."""

    scheme: str
    host: str
    port: int | None


def parse(text: str) -> Origin | None:
    """Read `scheme://host[:port]`; None for anything else, such as `null`."""
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return None
    scheme, host = parts.scheme.lower(), parts.hostname
    if not scheme or not host or parts.path not in ("", "/") or parts.query or parts.fragment or "@" in text:
        return None
    return Origin(scheme, host, port if port is not None else DEFAULT_PORTS.get(scheme))


class Origins:
    """A list of allowed origins: exact ones, `*.example.com` for subdomains, or `*` for any.

    A pattern may carry a scheme and a port (`https://*.example.com:8443`) and then binds them.
    """

    __slots__ = ("_exact", "_patterns", "any", "empty")

    def __init__(self, allowed: Iterable[str]) -> None:
        texts = [text.strip() for text in allowed]
        self.empty = not texts
        self.any = "*" in texts
        self._patterns = [_pattern(text) for text in texts if "*." in text]
        self._exact = {origin for text in texts if "*" not in text if (origin := parse(text))}

    def match(self, origin: bytes | None) -> bool:
        """Tell whether `origin`, as a browser sent it, is listed; `*` is not looked at."""
        if origin is None or len(origin) > LONGEST:
            return False
        parsed = parse(origin.decode("latin-1"))
        if parsed is None:
            return False
        return parsed in self._exact or any(_under(parsed, pattern) for pattern in self._patterns)


def _pattern(text: str) -> tuple[str, str, int | None]:
    scheme, _, rest = text.rpartition("://")
    host, _, port = rest.partition(":")
    return scheme.lower(), host.lower().removeprefix("*"), int(port) if port.isdigit() else None


def _under(origin: Origin, pattern: tuple[str, str, int | None]) -> bool:
    scheme, suffix, port = pattern
    if not origin.host.endswith(suffix) or len(origin.host) == len(suffix):
        return False
    if not scheme:
        return port is None or origin.port == port
    wanted = port if port is not None else DEFAULT_PORTS.get(scheme)
    return origin.scheme == scheme and origin.port == wanted
