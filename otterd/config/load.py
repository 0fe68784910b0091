"""The effective configuration: the defaults, under the file, under the environment."""

from collections.abc import Mapping
from dataclasses import Field, fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from otterd.config import values
from otterd.config.check import check
from otterd.config.errors import ConfigError, KeyProblem
from otterd.config.schema import Config, Secret
from otterd.config.source import ENVIRONMENT, FILE_SUFFIX, read_environment, read_file, read_text

__all__ = ["ConfigError", "load"]

Origin = tuple[str, str]
"""Where a value came from, and the name it has there."""


def load(path: str | None, environ: Mapping[str, str]) -> Config:
    """Return the configuration of the file at `path`, or of `CONFIG_FILE`, under `environ`.

    Without either, only the environment counts. Raises ConfigError, one line, when anything is wrong.
    """
    path = path or environ.get("CONFIG_FILE") or None
    layers: list[tuple[str, dict[str, Any]]] = [(ENVIRONMENT, read_environment(environ))]
    if path:
        layers.insert(0, (path, read_file(path)))
    found: dict[str, Any] = {}
    origins: dict[str, Origin] = {}
    for where, layer in layers:
        for field, name, value in _read_layer(where, layer, environ):
            found[field.name] = value
            origins[field.name] = where, name
    config = Config(**found)
    try:
        check(config)
        _check_files(config)
    except KeyProblem as wrong:
        where, name = origins.get(wrong.key) or _absent(path, wrong.key)
        raise ConfigError(where, name, wrong.problem) from None
    return config


def _absent(path: str | None, key: str) -> Origin:
    """Return where a key that is nowhere should stand."""
    return (path, key) if path else (ENVIRONMENT, key.upper())


def _read_layer(
    where: str, layer: dict[str, Any], environ: Mapping[str, str]
) -> list[tuple[Field[Any], str, Any]]:
    """Return each key of `layer` with the name it has there and its value."""
    known = {field.name: field for field in fields(Config)}
    twins = {name + FILE_SUFFIX: field for name, field in known.items() if field.type is Secret}
    read = []
    for key, raw in layer.items():
        name = key.upper() if where == ENVIRONMENT else key
        field = known.get(key) or twins.get(key)
        if field is None:
            raise ConfigError(where, _shortened(key), _unknown(key, [*known, *twins]))
        try:
            if key in twins:
                if field.name in layer:
                    raise ValueError(f"expected either this or {name[: -len(FILE_SUFFIX)]}, not both")
                value = values.read(field, _secret_of(raw, where, name, environ))
            else:
                value = values.read(field, raw)
        except ValueError as wrong:
            raise ConfigError(where, name, str(wrong)) from None
        read.append((field, name, value))
    return read


def _shortened(key: str) -> str:
    return key if len(key) <= 60 else key[:60] + "…"


def _unknown(key: str, known: list[str]) -> str:
    near = get_close_matches(key.lower().replace("-", "_"), known, 1)
    return "no such key" + (f"; expected {near[0]}?" if near else "")


def _secret_of(raw: Any, where: str, name: str, environ: Mapping[str, str]) -> str:
    """Return the content of the file that a `_file` twin names, without its last line end.

    A relative name stands for a credential of the service manager's, where there are any.
    """
    if not isinstance(raw, str):
        raise ValueError("expected the path of a file")
    folder = environ.get("CREDENTIALS_DIRECTORY", "")
    text = read_text(str(Path(folder) / raw), where, name)
    text = text.removesuffix("\n").removesuffix("\r")
    if not text.strip():
        raise ValueError("expected a file that is not empty")
    return text


def _check_files(config: Config) -> None:
    """Raise KeyProblem for a TLS file that cannot be read."""
    for key in ("dgraph_tls_ca", "dgraph_tls_cert", "dgraph_tls_key"):
        path = getattr(config, key)
        if path and not (key == "dgraph_tls_ca" and path == "system"):
            try:
                read_text(path, "", "")
            except ConfigError as wrong:
                raise KeyProblem(key, str(wrong)) from None
