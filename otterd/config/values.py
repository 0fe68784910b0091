"""One key's raw value, from a file or the environment, made into what the schema says it is.

Every reader raises ValueError saying what was expected.
"""

from collections.abc import Callable, Mapping
from dataclasses import Field
from enum import StrEnum
from typing import Any, TypeVar

from otterd.config import addresses, rules, units
from otterd.config.schema import Bytes, Cidrs, Groups, Seconds, Secret

PURPOSES = ("query", "mutation", "upsert")
T = TypeVar("T")

_SHORTEST = 0.001
_LONGEST = 365 * 24 * 3600.0
_LARGEST = 2**40
_MOST = 2**31 - 1
_SHOWN = 60

_TEXTS: dict[str, Callable[[str], str]] = {
    "http_endpoint": addresses.endpoint,
    "websocket_endpoint": addresses.endpoint,
    "grpc_endpoint": addresses.endpoint,
    "metrics_endpoint": addresses.endpoint,
    "bind_address": addresses.interface,
    "ratel": addresses.host,
    "dgraph_endpoints": addresses.host_port,
    "address_rules": rules.rule,
    "ws_allowed_origins": addresses.origin,
    "cors_allowed_origins": addresses.origin,
}


def read(field: Field[Any], raw: Any) -> Any:
    """Return the value of the key `field` from `raw`: text, a list of texts or a map of those."""
    kind = field.type
    if kind == Groups:
        return _groups(raw)
    if kind == Mapping[str, str]:
        return _addresses(raw)
    each = _TEXTS.get(field.name, str)
    if kind is Cidrs:
        each = addresses.network
    if kind is Cidrs or kind == tuple[str, ...]:
        return tuple(_read(each, text) for text in _list(raw))
    text = _scalar(raw)
    if kind is Secret:
        return _secret(field.name, str(raw))
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return _choice(kind, text)
    if kind is str:
        return _read(each, text) if text else ""
    if kind is bool:
        return _read(units.boolean, text)
    return _number(field, text)


def bounds(field: Field[Any]) -> tuple[float, float]:
    """Return the least and the most that the number, size or time `field` may be."""
    least, most = field.metadata["least"], field.metadata["most"]
    if field.type is Seconds:
        usual: tuple[float, float] = (_SHORTEST, _LONGEST)
    else:
        usual = (1, _LARGEST if field.type is Bytes else _MOST)
    return usual[0] if least is None else least, usual[1] if most is None else most


def written(field: Field[Any]) -> Callable[[Any], str]:
    """Return what writes a number of this key as a person would."""
    if field.type is Seconds:
        return units.span_text
    return units.size_text if field.type is Bytes else units.number_text


def _number(field: Field[Any], text: str) -> Any:
    readers: dict[Any, Callable[[str], float]] = {
        Seconds: units.span,
        Bytes: units.size,
        int: units.integer,
        float: units.number,
    }
    value = _read(readers[field.type], text)
    least, most = bounds(field)
    if not least <= value <= most:
        write = written(field)
        raise ValueError(f"expected {write(least)} to {write(most)}, not {_shown(text)}")
    return value


def _read(reader: Callable[[str], T], text: str) -> T:
    try:
        return reader(text)
    except ValueError as error:
        raise ValueError(f"{error}, not {_shown(text)}") from None


def _shown(text: str) -> str:
    return repr(text if len(text) <= _SHOWN else text[:_SHOWN] + "…")


def _scalar(raw: Any) -> str:
    if isinstance(raw, list | dict | set | tuple | bytes):
        raise ValueError("expected a single value, not a list or map")
    return str(raw).strip()


def _list(raw: Any) -> list[str]:
    if isinstance(raw, str):
        return [part for part in map(str.strip, raw.split(",")) if part]
    if not isinstance(raw, list) or any(isinstance(part, list | dict | set) or part is None for part in raw):
        raise ValueError("expected a list, or text with commas")
    return [_scalar(part) for part in raw]


def _choice(kind: type[StrEnum], text: str) -> StrEnum:
    known = ", ".join(kind)
    if text not in list(kind):
        raise ValueError(f"expected one of {known}, not {_shown(text)}")
    return kind(text)


def _secret(name: str, text: str) -> Secret:
    # The tokens travel in a header field, which holds nothing else.
    if name in ("client_token", "admin_token") and not (
        text.isascii() and all("!" <= c <= "~" for c in text)
    ):
        raise ValueError("expected visible ASCII characters, without spaces")
    return Secret(text)


def _addresses(raw: Any) -> Mapping[str, str]:
    if isinstance(raw, str):
        pairs = [part.partition("=") for part in _list(raw)]
        if not all(equals for _, equals, _ in pairs):
            raise ValueError("expected grpc-address=http-address, with commas between them")
        found = [(grpc.strip(), http.strip()) for grpc, _, http in pairs]
    elif isinstance(raw, dict):
        found = [(_scalar(grpc), _scalar(http)) for grpc, http in raw.items()]
    else:
        raise ValueError("expected a map of gRPC addresses to HTTP addresses")
    known = {_read(addresses.host_port, grpc): _read(addresses.host_port, http) for grpc, http in found}
    if len(known) < len(found):
        raise ValueError("expected each gRPC address once")
    return known


def _groups(raw: Any) -> Groups:
    if not isinstance(raw, dict):
        raise ValueError("expected a map of purposes to lists of host:port")
    for purpose in raw:
        if purpose not in PURPOSES:
            raise ValueError(f"expected the purposes {', '.join(PURPOSES)}, not {_shown(str(purpose))}")
    groups = {}
    for purpose, listed in raw.items():
        try:
            groups[purpose] = tuple(
                _read(addresses.host_port, text) for text in _list("" if listed is None else listed)
            )
        except ValueError as error:
            raise ValueError(f"{purpose}: {error}") from None
    return groups
