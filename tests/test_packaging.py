"""The wheel holds what it must, and runs from an empty environment and another folder."""

import os
import shutil
import signal
import subprocess
import sys
import zipfile
from configparser import ConfigParser
from pathlib import Path

import pytest
import yaml

from tests.cluster.ask import answers, until
from tests.cluster.ports import free_ports

ROOT = Path(__file__).parent.parent
PATIENCE = 300  # seconds for one step of pip's, on a machine that is busy
SOURCES = ("otterd", "twisted", "setup.cfg", "pyproject.toml", "README.md")


def environ() -> dict[str, str]:
    """Return what passes to a process: pip's settings, and none that could configure Otter."""
    return {
        name: value
        for name, value in os.environ.items()
        if name in ("PATH", "HOME", "TMPDIR", "SSL_CERT_FILE")
        or name.startswith("PIP_")
        or name.lower().endswith("_proxy")
    }


def run(*command: str, cwd: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        command, cwd=cwd, env=environ(), capture_output=True, text=True, timeout=PATIENCE, check=False
    )


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel from a copy, so that nothing of an earlier build gets in."""
    folder = tmp_path_factory.mktemp("source")
    for name in SOURCES:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(
                source, folder / name, ignore=shutil.ignore_patterns("__pycache__", "dropin.cache")
            )
        elif source.exists():
            shutil.copy(source, folder)
    done = run(
        sys.executable, "-m", "build", "--no-isolation", "--wheel", "--outdir", "dist", ".", cwd=folder
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (built,) = (folder / "dist").glob("*.whl")
    return built


@pytest.fixture(scope="module")
def names(wheel: Path) -> list[str]:
    with zipfile.ZipFile(wheel) as archive:
        return archive.namelist()


def test_the_wheel_holds_every_module_and_what_goes_with_them(names: list[str]) -> None:
    files = [
        *(ROOT / "otterd").rglob("*.py"),
        *(ROOT / "otterd" / "wire").glob("*.p*"),
        ROOT / "otterd" / "py.typed",
    ]
    assert {str(path.relative_to(ROOT)) for path in files} <= set(names)


def test_the_wheel_adds_a_plugin_to_twisted_and_nothing_else(names: list[str]) -> None:
    assert [name for name in names if name.startswith("twisted")] == ["twisted/plugins/otter_plugin.py"]


def test_the_wheel_leaves_tests_and_documents_out(names: list[str]) -> None:
    tops = {name.split("/")[0] for name in names if ".dist-info/" not in name}
    assert tops == {"otterd", "twisted"}


def test_the_test_tools_that_the_makefile_calls_are_asked_for() -> None:
    setup = ConfigParser()
    setup.read(ROOT / "setup.cfg")
    wanted = setup["options.extras_require"]["test"]
    assert all(tool in wanted for tool in ("pytest", "mypy", "ruff", "build"))


PIP = ("-m", "pip", "--quiet", "--disable-pip-version-check", "install")


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the wheel with what it needs in an environment of its own; return that one's bin."""
    folder = tmp_path_factory.mktemp("empty")
    one = ("--dry-run", "--ignore-installed", "--no-deps", "--retries=0", "--timeout=10", "constantly")
    if run(sys.executable, *PIP, *one, cwd=folder).returncode:
        pytest.skip("no package index answers: the wheel is not tried in an empty environment")
    made = run(sys.executable, "-m", "venv", "venv", cwd=folder)
    assert made.returncode == 0, made.stdout + made.stderr
    done = run(str(folder / "venv/bin/python"), *PIP, str(wheel), cwd=folder)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / "venv/bin"


def test_the_installed_command_checks_a_configuration(installed: Path, tmp_path: Path) -> None:
    done = run(str(installed / "otter"), "--check", "-c", str(ROOT / "etc/otter.yaml"), cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert yaml.safe_load(done.stdout)["proxy_port"] == 8084


def test_the_installed_wheel_serves_under_twistd_from_another_folder(installed: Path, tmp_path: Path) -> None:
    http, ws, metrics, nobody = free_ports(4)
    config = tmp_path / "otter.yaml"
    keys = {
        "dgraph_endpoints": f"127.0.0.1:{nobody}",
        "proxy_port": http,
        "websocket_port": ws,
        "metrics_endpoint": f"tcp:{metrics}:interface=127.0.0.1",
    }
    config.write_text(yaml.safe_dump(keys))
    away = tmp_path / "away"
    away.mkdir()
    log = tmp_path / "log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [str(installed / "twistd"), "-n", "--pidfile=", "otter", "-c", str(config)],
            cwd=away,
            env=environ(),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    try:

        def alive() -> bool:
            assert process.poll() is None, log.read_text()
            return answers(f"127.0.0.1:{http}", "/livez")

        until(alive, "/livez", seconds=PATIENCE)
        probe = run(str(installed / "otter"), "--probe", "-c", str(config), cwd=away)
        process.terminate()
        status = process.wait(PATIENCE)
    finally:
        process.kill()
        process.wait()
    assert (probe.returncode, probe.stdout) == (1, "")
    assert "answered 503" in probe.stderr
    # twistd ends by the signal that it was sent, once everything is closed.
    assert status in (0, -signal.SIGTERM), log.read_text()
    assert "Traceback" not in log.read_text()
    assert list(away.iterdir()) == []
