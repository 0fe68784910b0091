"""Runs the real twistd with a plugin of the test's own, for what it does with a log is its own affair."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

TWISTD = "from twisted.scripts.twistd import run; run()"

PLUGIN = """
from twisted.application.service import ServiceMaker
talker = ServiceMaker("talker", "talker_service", "Says something and ends.", "talker")
"""

SERVICE = """
import logging
from twisted.application.service import Service
from twisted.logger import Logger
from twisted.python import usage
from otterd.ops.twistd import Root

class Options(usage.Options):
    pass

class Talk(Service):
    def startService(self):
        from twisted.internet import reactor
        Logger(namespace="otterd.talk").info("hello {who}", who="world")
        logging.getLogger("grpc").error("a record")
        reactor.callWhenRunning(reactor.stop)

def makeService(options):
    root = Root(options.parent)
    Talk().setServiceParent(root)
    return root
"""


def run(folder: Path, *options: str) -> str:
    """Run twistd with `options` in `folder` and return what it wrote to standard output."""
    plugins = folder / "twisted" / "plugins"
    plugins.mkdir(parents=True)
    (plugins / "talker_plugin.py").write_text(PLUGIN)
    (folder / "talker_service.py").write_text(SERVICE)
    done = subprocess.run(
        [sys.executable, "-c", TWISTD, "-n", "--pidfile=", *options, "talker"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": f"{folder}{os.pathsep}{ROOT}", "PYTHONWARNINGS": "ignore"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def words(text: str) -> list[str]:
    """Return the messages of lines that are JSON, all of them."""
    return [json.loads(line)["msg"] for line in text.splitlines()]


@pytest.mark.parametrize("options", [(), ("--logger=otterd.ops.log.json_log",)])
def test_the_log_is_json_with_and_without_a_logger_option(tmp_path: Path, options: tuple[str, ...]) -> None:
    said = words(run(tmp_path, *options))
    assert "hello world" in said
    assert "a record" in said
    assert any("starting up" in message for message in said)


def test_a_log_file_is_json_too(tmp_path: Path) -> None:
    assert run(tmp_path, "--logfile=own.log") == ""
    assert "hello world" in words((tmp_path / "own.log").read_text())
