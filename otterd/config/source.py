"""Raw values, still text, from a YAML file and from the environment."""

import re
from collections.abc import Hashable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import yaml

from otterd.config.errors import ConfigError
from otterd.config.schema import Config, Groups, Secret

ENVIRONMENT = "environment"
FILE_SUFFIX = "_file"
OLD_SPELLINGS = {"ratel-graphql": "ratel_graphql"}
# No file of ours comes near it; a path given by mistake (a device, a log) ends here.
_LARGEST_FILE = 1 << 20
_TAG = "tag:yaml.org,2002:"
_NAMES = frozenset(field.name for field in fields(Config))


class _Loader(yaml.SafeLoader):
    """Safe YAML whose scalars stay text (`password: 0123` is not a number), without duplicate keys."""

    yaml_implicit_resolvers = {  # noqa: RUF012
        first: [one for one in resolvers if one[0] in (_TAG + "null", _TAG + "merge")]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }
    yaml_constructors = {  # noqa: RUF012
        tag: construct
        for tag, construct in yaml.SafeLoader.yaml_constructors.items()
        if tag is None or tag.removeprefix(_TAG) in ("null", "str", "seq", "map")
    }

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        """Make a dict of `node`; a key given twice is refused, by name only if the name is ours."""
        seen: set[str] = set()
        for name, _ in node.value:
            if not isinstance(name, yaml.ScalarNode):
                continue
            if name.value in seen:
                ours = name.value if name.value in _NAMES else ""
                line = name.start_mark.line + 1
                raise ConfigError(str(name.start_mark.name), ours, f"line {line} gives a key a second time")
            seen.add(name.value)
        return super().construct_mapping(node, deep)


def read_file(path: str) -> dict[str, Any]:
    """Return the keys of the YAML file at `path`, old spellings renamed; raises ConfigError."""
    found = _parsed(path, read_text(path, path, ""))
    values: dict[str, Any] = {}
    for name, value in found.items():
        key = OLD_SPELLINGS.get(name, name)
        if key in values:
            raise ConfigError(path, key, f"given a second time, as {name}")
        values[key] = value
    return {key: value for key, value in values.items() if value is not None}


def read_environment(environ: Mapping[str, str]) -> dict[str, Any]:
    """Return the keys that `environ` sets; an empty variable counts as not set."""
    values: dict[str, Any] = {}
    for field in fields(Config):
        names = [] if field.type == Groups else [field.name]
        if field.type is Secret:
            names.append(field.name + FILE_SUFFIX)
        for name in names:
            text = environ.get(name.upper(), "")
            if text:
                values[name] = text
    return values


def read_text(path: str, where: str, key: str) -> str:
    """Return the text of the file at `path`; a ConfigError names `where` and `key`."""
    try:
        with Path(path).open("rb") as file:
            data = file.read(_LARGEST_FILE + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "not a path"
        raise ConfigError(where, key, f"cannot read {_named(path, where)}: {reason}") from None
    if len(data) > _LARGEST_FILE:
        raise ConfigError(where, key, f"expected {_named(path, where)} to be under 1 MiB")
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise ConfigError(where, key, f"expected {_named(path, where)} to be UTF-8 text") from None


def _named(path: str, where: str) -> str:
    return "this file" if path == where else path


def _parsed(path: str, text: str) -> dict[str, Any]:
    try:
        loader = _Loader(text)
        loader.name = path
        try:
            found = loader.get_single_data()
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = f" in line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise ConfigError(path, "", f"expected YAML{line}: {_without_values(error.problem)}") from None
    except (yaml.YAMLError, RecursionError):
        raise ConfigError(path, "", "expected YAML, without control characters") from None
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise ConfigError(path, "", "expected a list of keys, each as `key: value`")
    return {str(name): value for name, value in found.items()}


def _without_values(problem: str | None) -> str:
    """Return what the parser says, without the words it quotes: they may be part of a secret."""
    return re.sub(r"'(?!<[a-z -]+>')[^']{2,}'", "…", problem or "cannot be read")
