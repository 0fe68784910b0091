"""The compose files, as far as they can be checked without Docker."""

import re
from pathlib import Path
from typing import Any

import yaml

from otterd.config.load import load

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "etc" / "compose"


def services() -> dict[str, Any]:
    told: dict[str, Any] = yaml.safe_load((FOLDER / "compose.yaml").read_text())["services"]
    return told


def test_dgraph_is_pinned() -> None:
    images = {service["image"] for service in services().values() if "image" in service}
    assert images == {"dgraph/dgraph:v25.4.0"}


def test_otter_is_configured_for_the_alphas_that_are_started() -> None:
    environ = services()["otter"]["environment"]
    config = load(str(ROOT / "etc" / "otter.yaml"), environ)
    alphas = [name for name in services() if name.startswith("alpha")]
    assert config.dgraph_endpoints == tuple(f"{name}:9080" for name in alphas)
    ports = {port.split(":")[-1] for port in services()["otter"]["ports"]}
    assert ports == {str(config.proxy_port), str(config.websocket_port), "9095"}


def test_health_is_asked_by_the_probe() -> None:
    compose = services()["otter"]["healthcheck"]["test"]
    assert compose == ["CMD", "/opt/otter/bin/otter", "--probe", "-c", "/etc/otter.yaml"]
    image = (FOLDER / "Dockerfile").read_text()
    assert '"' + '", "'.join(compose[1:]) + '"' in image


def test_what_is_copied_into_the_image_exists() -> None:
    for line in (FOLDER / "Dockerfile").read_text().splitlines():
        copied = re.match(r"COPY (?!--from)(.+) \S+$", line)
        for name in copied[1].split() if copied else ():
            assert name == "README.md" or (ROOT / name).exists()


def test_the_files_say_that_they_are_untested() -> None:
    for name in ("Dockerfile", "compose.yaml"):
        assert "Not tested" in (FOLDER / name).read_text()
