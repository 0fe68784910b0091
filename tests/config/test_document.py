"""The documents say what the schema says."""

from dataclasses import Field, fields
from pathlib import Path
from typing import Any

import pytest

from otterd.config.document import GUIDE, SAMPLE, SHIPPED, default_text, guide, sample
from otterd.config.load import load
from otterd.config.schema import Balancer, Config

ROOT = Path(__file__).parents[2]
AGAIN = "run `python -m otterd.config.document`"


def test_the_guide_is_as_the_schema_makes_it() -> None:
    assert (ROOT / GUIDE).read_text() == guide(), AGAIN


def test_the_sample_is_as_the_schema_makes_it() -> None:
    assert (ROOT / SAMPLE).read_text() == sample(), AGAIN


@pytest.mark.parametrize("field", fields(Config), ids=lambda field: field.name)
def test_both_show_each_key_with_its_sentence_and_default(field: Field[Any]) -> None:
    says = field.metadata["says"]
    assert says.endswith(".")
    row = next(
        line for line in (ROOT / GUIDE).read_text().splitlines() if line.startswith(f"| `{field.name}`")
    )
    assert says in row
    assert f"`{default_text(field)}`" in row
    lines = (ROOT / SAMPLE).read_text().splitlines()
    prose = " ".join(line.removeprefix("# ") for line in lines)
    assert f"{says} Default: {default_text(field)}" in prose
    assert any(line.removeprefix("# ").startswith(f"{field.name}:") for line in lines)


def test_the_sample_loads_and_sets_what_is_shipped() -> None:
    config = load(str(ROOT / SAMPLE), {})
    assert config == Config(
        balancer_type=Balancer.STATE_BASED,
        dgraph_endpoints=tuple(SHIPPED["dgraph_endpoints"]),
        proxy_port=8084,
        websocket_port=8089,
        enable_grpc=True,
    )


def test_a_shipped_value_that_is_not_the_default_is_said_with_it() -> None:
    assert "Default: 8080; here 8084." in sample()


def test_the_sample_loads_with_every_key_uncommented(tmp_path: Path) -> None:
    keys = tuple(f"# {field.name}:" for field in fields(Config))
    lines = [line[2:] if line.startswith(keys) else line for line in sample().splitlines()]
    path = tmp_path / "all.yaml"
    path.write_text("\n".join(lines))
    assert load(str(path), {}) == load(str(ROOT / SAMPLE), {})
