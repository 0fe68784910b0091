"""Writes docs/configuration.md and etc/otter.yaml from the schema: `python -m otterd.config.document`."""

import sys
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, Field, fields
from enum import StrEnum
from pathlib import Path
from textwrap import wrap
from typing import Any

import yaml

from otterd.config.schema import Bytes, Cidrs, Config, Groups, Seconds, Secret
from otterd.config.show import plain
from otterd.config.source import FILE_SUFFIX
from otterd.config.values import bounds, written

GUIDE = "docs/configuration.md"
SAMPLE = "etc/otter.yaml"

SHIPPED: Mapping[str, Any] = {
    "balancer_type": "state-based",
    "dgraph_endpoints": ["localhost:9080", "localhost:9081", "localhost:9082"],
    "proxy_port": 8084,
    "websocket_port": 8089,
    "enable_grpc": True,
}
"""What etc/otter.yaml sets, for a cluster on the same machine; the other keys stand there as comments."""

_WIDTH = 100

_GUIDE_HEAD = f"""# Configuration

<!-- Made from otterd/config/schema.py by `python -m otterd.config.document`; change it there. -->

Otter reads one YAML file of flat keys: the one that `-c FILE` names, else the one that the variable
`CONFIG_FILE` names, else none. A variable of the environment beats the file. An unknown key, a key given
twice, a bad value or a file that cannot be read stops the start, with one line that names file, key and
what was expected. `otter --check -c FILE` does the same without starting, and prints the effective
configuration as YAML, secrets hidden; its exit status is 0 or 2.

* **Lists** are YAML lists or text with commas. `dgraph_http_endpoints` is a map, or `grpc=http,grpc=http`.
* **Times** are written `30s`, `1m30s`, `250ms`, or as a number of seconds; **sizes** `4MiB`, `64KiB`, `10MB`,
  or as a number of bytes; **truth values** `true` and `false`, `yes` and `no`, `on` and `off`, `1` and `0`.
* **Variables**: a key's variable is its name in capitals. An empty variable counts as not set, and so does a
  key of the file without a value. `groups` has no variable.
* **Secrets** have a twin: `<key>{FILE_SUFFIX}` names a file whose content, without its last line end, is the
  secret (`WS_TOKEN{FILE_SUFFIX.upper()}` in the environment). A relative name is looked up in
  `$CREDENTIALS_DIRECTORY` when that is set, as systemd does. Giving a key and its twin in the same place is
  an error.
* `ratel-graphql` is accepted as an old spelling of `ratel_graphql`.
* SIGHUP reads the file again ([operations](operations.md)); a key that does not change while running waits
  for a restart.
* `groups` may hold the purposes `query`, `mutation` and `upsert`, each with at least one alpha.
* Outside dev mode `ws_token` and `ws_allowed_origins` must be set while the WebSocket is enabled.

[etc/otter.yaml](../{SAMPLE}) shows every key; [etc/examples](../etc/examples) holds shorter files.
"""

_SAMPLE_HEAD = """\
# Otter's configuration: every key, what it means, and its default, which a key that is commented out has.
# A variable of the environment, the key in capitals, beats this file. A secret may stand in a file of its
# own: then give <key>_file, the path of that file, in its place. More in docs/configuration.md.
"""


def guide() -> str:
    """Return docs/configuration.md."""
    parts = [_GUIDE_HEAD]
    for section, keys in _sections():
        parts.append(f"\n## {section}\n\n")
        parts.append("| Key | Variable | Value | Default | Meaning | Changes while running |\n")
        parts.append("|---|---|---|---|---|---|\n")
        parts.extend(_row(field) for field in keys)
    return "".join(parts)


def sample() -> str:
    """Return etc/otter.yaml."""
    parts = [_SAMPLE_HEAD]
    for section, keys in _sections():
        parts.append(f"\n# ---- {section} ----\n")
        parts.extend(_entry(field) for field in keys)
    return "".join(parts)


def default_text(field: Field[Any]) -> str:
    """Return the default of the key `field` on one line, as a file would hold it."""
    value = field.default_factory() if field.default_factory is not MISSING else field.default
    return _flow(plain(field, value))


def _sections() -> Iterator[tuple[str, list[Field[Any]]]]:
    section = ""
    keys: list[Field[Any]] = []
    for field in fields(Config):
        if field.metadata["section"]:
            if keys:
                yield section, keys
            section, keys = field.metadata["section"], []
        keys.append(field)
    yield section, keys


def _row(field: Field[Any]) -> str:
    name, variable = f"`{field.name}`", f"`{field.name.upper()}`"
    if field.type is Secret:
        name += f", `{field.name}{FILE_SUFFIX}`"
        variable += f", `{field.name.upper()}{FILE_SUFFIX.upper()}`"
    if field.type == Groups:
        variable = "–"
    live = "yes" if field.metadata["live"] else "no"
    cells = (name, variable, _kind(field), f"`{default_text(field)}`", field.metadata["says"], live)
    return "| " + " | ".join(cells) + " |\n"


def _kind(field: Field[Any]) -> str:
    kinds: dict[Any, str] = {
        bool: "true or false",
        str: "text",
        Secret: "secret",
        Cidrs: "list of networks",
        Groups: "map of lists",
        Mapping[str, str]: "map",
        tuple[str, ...]: "list",
    }
    if isinstance(field.type, type) and issubclass(field.type, StrEnum):
        return ", ".join(f"`{choice}`" for choice in field.type)
    if field.type in kinds:
        return kinds[field.type]
    least, most = map(written(field), bounds(field))
    prefix = "time, " if field.type is Seconds else "size, " if field.type is Bytes else ""
    return f"{prefix}{least} to {most}"


def _entry(field: Field[Any]) -> str:
    says = f"{field.metadata['says']} Default: {default_text(field)}"
    if _differs(field):
        says += f"; here {_flow(SHIPPED[field.name])}"
    lines = [f"# {line}" for line in wrap(f"{says}.", _WIDTH - 2, break_on_hyphens=False)]
    if field.name in SHIPPED:
        lines.append(yaml.safe_dump({field.name: SHIPPED[field.name]}, default_flow_style=False).rstrip())
    else:
        lines.append(f"# {field.name}: {default_text(field)}")
    return "\n" + "\n".join(lines) + "\n"


def _differs(field: Field[Any]) -> bool:
    return field.name in SHIPPED and _flow(SHIPPED[field.name]) != default_text(field)


def _flow(value: Any) -> str:
    """Return `value` as YAML on one line."""
    text = yaml.safe_dump(value, default_flow_style=True, width=1000, allow_unicode=True)
    return text.removesuffix("...\n").strip().replace("''", '""')


def main() -> int:
    """Write both files under the folder given, or the current one."""
    root = Path(sys.argv[1] if sys.argv[1:] else ".")
    for path, text in ((GUIDE, guide()), (SAMPLE, sample())):
        (root / path).write_text(text, encoding="utf-8")
        print(f"wrote {root / path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
