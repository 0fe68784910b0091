"""The unit files, checked by systemd's own tools on copies with this machine's paths."""

import re
import shutil
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest

from otterd.config.load import ConfigError, load
from otterd.config.schema import Config, Secret

UNITS = Path(__file__).parents[2] / "systemd"
SERVICES = ("otter.service", "otter@1.service")
WORST = 2.0
"""Highest exposure level that is let pass; systemd calls 10 unsafe and 0 perfect."""

ANALYZE = shutil.which("systemd-analyze")
needs_analyze = pytest.mark.skipif(ANALYZE is None, reason="there is no systemd-analyze here")


class Unit(dict[str, list[str]]):
    """The settings of a unit, each with all its values, whatever the section."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        for line in path.read_text().splitlines():
            name, found, value = line.partition("=")
            if found and re.fullmatch(r"[A-Za-z]+", name):
                self.setdefault(name, []).append(value)

    @property
    def environment(self) -> dict[str, str]:
        return dict(pair.split("=", 1) for pair in self["Environment"])


@pytest.fixture
def rendered(tmp_path: Path) -> Path:
    """Give a folder with the units as they would be on this machine, instance 1 of each template."""
    for unit in UNITS.iterdir():
        text = unit.read_text().replace("/opt/otter/bin/twistd", sys.executable)
        (tmp_path / unit.name.replace("@.", "@1.")).write_text(text)
    return tmp_path


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    assert ANALYZE is not None
    return subprocess.run(
        [ANALYZE, *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={"LC_ALL": "C.UTF-8"},
    )


@needs_analyze
def test_systemd_finds_nothing_to_say_about_the_units(rendered: Path) -> None:
    done = run("verify", "--man=no", *map(str, rendered.iterdir()))
    assert (done.returncode, done.stderr) == (0, "")


@needs_analyze
@pytest.mark.parametrize("service", SERVICES)
def test_the_services_are_hardened(rendered: Path, service: str) -> None:
    done = run("security", "--offline=true", "--no-pager", str(rendered / service))
    found = re.search(r"exposure level for \S+: ([0-9.]+)", done.stdout)
    assert found, done.stderr
    assert float(found[1]) <= WORST


@pytest.mark.parametrize("name", ["otter.service", "otter@.service"])
def test_a_service_tells_of_itself_and_has_time_to_drain(name: str) -> None:
    unit = Unit(UNITS / name)
    assert unit["Type"] == ["notify"]
    assert unit["ExecReload"] == ["/bin/kill -HUP $MAINPID"]
    assert int(unit["TimeoutStopSec"][0]) > Config().drain_timeout
    assert int(unit["WatchdogSec"][0]) > 0
    assert int(unit["LimitNOFILE"][0]) > 2 * (Config().max_connections + Config().ws_max_connections)
    assert "MemoryDenyWriteExecute" not in unit


@pytest.mark.parametrize("name", ["otter.service", "otter@.service"])
def test_every_secret_comes_as_a_credential(name: str, tmp_path: Path) -> None:
    credentials = [value.partition(":")[0] for value in Unit(UNITS / name)["LoadCredential"]]
    assert sorted(credentials) == sorted(field.name for field in fields(Config) if field.type is Secret)
    lines = ["dgraph_endpoints: 127.0.0.1:9080", "dgraph_user: groot"]
    for credential in credentials:
        (tmp_path / credential).write_text(f"the-{credential}\n")
        lines.append(f"{credential}_file: {credential}")
    (tmp_path / "otter.yaml").write_text("\n".join(lines))
    config = load(str(tmp_path / "otter.yaml"), {"CREDENTIALS_DIRECTORY": str(tmp_path)})
    assert config.admin_token == "the-admin_token"
    assert config.dgraph_password == "the-dgraph_password"


def test_each_instance_is_given_its_sockets_by_name_and_its_own_metrics(tmp_path: Path) -> None:
    service = Unit(UNITS / "otter@.service")
    names = {}
    for name in ("otter@", "otter-ws@"):
        unit = Unit(UNITS / f"{name}.socket")
        assert unit["ReusePort"] == ["yes"]
        assert unit["StopPropagatedFrom"] == ["otter@%i.service"]
        assert f"{name}%i.socket" in service["Requires"][0].split()
        names[unit["FileDescriptorName"][0]] = unit["ListenStream"][0]
    environ = {name: value.replace("%i", "2") for name, value in service.environment.items()}
    environ |= {"DGRAPH_ENDPOINTS": "127.0.0.1:9080"}
    with pytest.raises(ConfigError, match="WS_TOKEN: expected a value"):
        load(None, environ)
    config = load(None, environ | {"WS_TOKEN": "one-for-all"})
    assert config.http_endpoint == "systemd:domain=INET:name=http"
    assert config.websocket_endpoint == "systemd:domain=INET:name=websocket"
    assert config.metrics_endpoint == "tcp:9102:interface=127.0.0.1"
    shipped = load(str(UNITS.parent / "etc" / "otter.yaml"), {})
    assert names == {
        "http": f"0.0.0.0:{shipped.proxy_port}",
        "websocket": f"0.0.0.0:{shipped.websocket_port}",
    }


def test_both_services_differ_only_where_they_must() -> None:
    single = set((UNITS / "otter.service").read_text().splitlines())
    several = set((UNITS / "otter@.service").read_text().splitlines())
    missing = {line for line in single - several if "=" in line and not line.startswith("#")}
    assert missing == {
        "Description=Otter, the front door to a Dgraph cluster",
        "After=network-online.target",
        "WantedBy=multi-user.target",
    }
