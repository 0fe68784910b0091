"""A configuration as people may see it, and what differs between two."""

from collections.abc import Mapping
from dataclasses import Field, fields
from typing import Any

import yaml

from otterd.config.schema import Bytes, Config, Seconds, Secret
from otterd.config.values import written

REDACTED = "***REDACTED***"


def redacted(config: Config) -> dict[str, Any]:
    """Return every key with its value, in the order of the schema, secrets hidden.

    The values are plain ones (text, numbers, lists, maps), as a file would hold them.
    """
    return {field.name: plain(field, getattr(config, field.name)) for field in fields(Config)}


def changes(old: Config, new: Config) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the keys that differ: those a reload may change, and those that need a restart."""
    differ = [f for f in fields(Config) if getattr(old, f.name) != getattr(new, f.name)]
    live = tuple(f.name for f in differ if f.metadata["live"])
    return live, tuple(f.name for f in differ if not f.metadata["live"])


def as_yaml(config: Config) -> str:
    """Return `config`, secrets hidden, as a YAML file."""
    return yaml.safe_dump(redacted(config), sort_keys=False, allow_unicode=True, width=100)


def plain(field: Field[Any], value: Any) -> Any:
    """Return the `value` of the key `field` as a file would hold it, a secret hidden."""
    if field.type is Secret:
        return REDACTED if value else ""
    if field.type in (Seconds, Bytes):
        return written(field)(value)
    if isinstance(value, Mapping):
        return {name: list(part) if isinstance(part, tuple) else part for name, part in value.items()}
    if isinstance(value, tuple):
        return list(value)
    if isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return int(value) if value.is_integer() else value
    return str(value)
