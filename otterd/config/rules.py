"""Rules that tell the address by which clients reach an alpha from the one by which the cluster knows it.

A rule is `internal=grpc`, or `internal=grpc/http`. The host on its left may hold one `*`, which stands for
any text and comes again where its right holds one; its port may be `*`, for any. A port on its right may be
`+2000`: the internal port and so much. Without an HTTP address it is the gRPC port less 1000.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from otterd.config import addresses

_EXPECTED = "expected internal=grpc or internal=grpc/http, such as alpha-*:7080=alpha-*:9080"
_PORT = re.compile(r"\+?[0-9]{1,5}", re.ASCII)
_HTTP_BELOW = 1000


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule, taken apart: `targets` holds the host and port of gRPC and, if given, of HTTP."""

    host: str
    port: str
    targets: tuple[tuple[str, str], ...]

    def apply(self, internal: str) -> tuple[str, str] | None:
        """Return the gRPC and the HTTP address of the alpha at `internal`, None when they are not told."""
        host, _, port = internal.rpartition(":")
        before, star, after = self.host.partition("*")
        caught = host[len(before) : len(host) - len(after)]
        fits = host == before + caught + after and (star or not caught)
        if not fits or self.port not in ("*", port) or not port.isdecimal():
            return None
        told = [f"{to.replace('*', caught)}:{_shifted(at, int(port))}" for to, at in self.targets]
        if len(told) == 1:
            to, _, at = told[0].rpartition(":")
            told.append(f"{to}:{int(at) - _HTTP_BELOW}")
        return (told[0], told[1]) if all(map(_sound, told)) else None


def rule(text: str) -> str:
    """Return `text` if it is a rule; raise ValueError."""
    parsed(text)
    return text


def parsed(text: str) -> Rule:
    """Return the rule that `text` spells; raise ValueError."""
    left, equals, right = (part.strip() for part in text.partition("="))
    host, _, port = left.rpartition(":")
    targets = [(to, at) for to, _, at in (part.strip().rpartition(":") for part in right.split("/"))]
    stars = [host.count("*"), *(to.count("*") for to, _ in targets)]
    if not equals or len(targets) > 2 or max(stars) > 1 or (max(stars) and not stars[0]):
        raise ValueError(_EXPECTED)
    ports = [at for _, at in targets]
    sample = [(host, port.replace("*", "1")), *((to, at.removeprefix("+")) for to, at in targets)]
    if not all(map(_PORT.fullmatch, ports)) or not all(_sound(_filled(to, at)) for to, at in sample):
        raise ValueError(_EXPECTED)
    if len(targets) == 1 and not ports[0].startswith("+") and int(ports[0]) <= _HTTP_BELOW:
        raise ValueError("expected an HTTP address after a /, for the gRPC port less 1000 is none")
    return Rule(host, port, tuple(targets))


def translated(rules: Sequence[Rule], internals: Iterable[str]) -> dict[str, str]:
    """Return the HTTP address by the gRPC address of each alpha in `internals` that one of `rules` fits."""
    found: dict[str, str] = {}
    for internal in internals:
        told = next(filter(None, (each.apply(internal) for each in rules)), None)
        if told is not None:
            found[told[0]] = told[1]
    return found


def _shifted(port: str, internal: int) -> int:
    return internal + int(port) if port.startswith("+") else int(port)


def _filled(host: str, port: str) -> str:
    return f"{host.replace('*', '1')}:{port}"


def _sound(address: str) -> bool:
    try:
        addresses.host_port(address)
    except ValueError:
        return False
    return True
