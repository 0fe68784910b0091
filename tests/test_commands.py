"""The command lines `otter` and `twistd otter`."""

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
import yaml
from twisted.application.service import Service
from twisted.internet.error import CannotListenError
from twisted.internet.testing import MemoryReactorClock
from twisted.logger import ILogObserver, LogEvent, Logger
from zope.interface import provider

from otterd import __version__
from otterd.__main__ import Foreground, main
from otterd.config.listen import Reach
from otterd.ops.ask import ask_readiness
from otterd.options import Options

ROOT = Path(__file__).parent.parent
GOOD = "dgraph_endpoints: localhost:9080\nws_token: hunter2\n"
PATIENCE = 60  # seconds for a process to end, on a machine that is busy

Write = Callable[[str], str]


@pytest.fixture(autouse=True)
def no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CONFIG_FILE", "DGRAPH_ENDPOINTS", "CREDENTIALS_DIRECTORY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(text: str) -> str:
        path = tmp_path / "otter.yaml"
        path.write_text(text)
        return str(path)

    return write


def ended(*arguments: str) -> int:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert isinstance(caught.value.code, int)
    return caught.value.code


def test_check_prints_the_effective_configuration_without_secrets(
    write: Write, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROXY_PORT", "1234")
    assert main(["--check", "-c", write(GOOD)]) == 0
    shown = yaml.safe_load(capsys.readouterr().out)
    assert (shown["proxy_port"], shown["ws_token"]) == (1234, "***REDACTED***")


def test_check_refuses_in_one_line_with_status_two(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(GOOD + "proxy_port: x\n")
    assert ended("--check", "-c", path) == 2
    told = capsys.readouterr()
    assert (told.out, told.err) == ("", f"otter: {path}: proxy_port: expected a whole number, not 'x'\n")


def test_a_command_line_that_is_wrong_is_refused_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert ended("--bogus") == 2
    assert capsys.readouterr().err == "otter: option --bogus not recognized; see otter --help\n"


def test_tells_its_own_version_not_that_of_twisted(capsys: pytest.CaptureFixture[str]) -> None:
    assert ended("--version") == 0
    assert capsys.readouterr().out == f"otter {__version__}\n"


def test_the_options_of_twistd_carry_the_configuration_and_its_file(write: Write) -> None:
    options = Options()
    path = write(GOOD)
    options.parseOptions(["--config", path])
    assert options.loaded.alphas() == ("localhost:9080",)
    assert options.path == path


def test_without_a_file_config_file_is_read(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONFIG_FILE", write(GOOD + "proxy_port: 4321\n"))
    options = Options()
    options.parseOptions([])
    assert (options.loaded.proxy_port, options.path) == (4321, None)


# --- probe ---


@contextmanager
def answering(status: int, asked: list[str]) -> Iterator[int]:
    """Serve `status` on a loopback port; the port is what the block gets."""

    class Door(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(status)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Door) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(("status", "code"), [(200, 0), (503, 1), (404, 1)])
def test_probe_says_by_its_status_whether_otter_is_ready(
    write: Write, capsys: pytest.CaptureFixture[str], status: int, code: int
) -> None:
    asked: list[str] = []
    with answering(status, asked) as port:
        path = write(GOOD + f"bind_address: 0.0.0.0\nproxy_port: {port}\n")
        assert main(["--probe", "-c", path]) == code
    assert asked == ["/readyz"]
    told = capsys.readouterr()
    assert f"127.0.0.1 port {port} answered {status}" in (told.err if code else told.out)


def test_probe_fails_when_nobody_listens(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        assert main(["--probe", "-c", write(GOOD + f"proxy_port: {port}\n")]) == 1
    assert capsys.readouterr().err.startswith(f"otter: no answer from 127.0.0.1 port {port}: ")


def test_probe_asks_over_a_unix_socket(tmp_path: Path) -> None:
    path = str(tmp_path / "otter.sock")
    heard: list[bytes] = []

    def serve(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection:
            heard.append(connection.recv(4096))
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen()
        thread = threading.Thread(target=serve, args=(listener,))
        thread.start()
        assert ask_readiness(Reach(path=path)) == (True, f"{path} answered 200 OK")
        thread.join()
    assert heard[0].startswith(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\n")


def test_probe_gives_up_on_one_that_accepts_and_says_nothing(tmp_path: Path) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        ready, told = ask_readiness(Reach(port=silent.getsockname()[1]), patience=0.05)
    assert not ready
    assert told.endswith("timed out")


def test_probe_fails_on_what_is_not_http(tmp_path: Path) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(4096)
                connection.sendall(b"SSH-2.0-x\r\n")

        thread = threading.Thread(target=serve)
        thread.start()
        ready, _ = ask_readiness(Reach(port=listener.getsockname()[1]))
        thread.join()
    assert not ready


def test_probe_says_so_when_there_is_no_http_to_ask(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    assert ended("--probe", "-c", write(GOOD + "enable_http: false\n")) == 1
    assert capsys.readouterr().err == "otter: enable_http is false: there is no /readyz to ask\n"


# --- foreground ---


class FakeOtter(Service):
    """A service that starts, or fails to, as told."""

    def __init__(self, error: Exception | None = None) -> None:
        self.events: list[str] = []
        self._error = error

    def privilegedStartService(self) -> None:
        self.events.append("privileged")

    def startService(self) -> None:
        self.events.append("start")
        if self._error is not None:
            raise self._error

    def stopService(self) -> None:
        self.events.append("stop")


class FakeReactor(MemoryReactorClock):
    """Runs its hooks and stops."""

    def stop(self) -> None:
        if self.hasStopped:
            return
        super().stop()
        for call, args, kwargs in self.triggers["before"]["shutdown"]:
            call(*args, **kwargs)


def test_runs_until_it_is_stopped_and_ends_with_zero(capsys: pytest.CaptureFixture[str]) -> None:
    service = FakeOtter()
    assert Foreground(FakeReactor(), service).run() == 0
    assert service.events == ["privileged", "start", "stop"]
    assert capsys.readouterr().err == ""


def test_a_port_in_use_ends_it_with_one_line_and_closes_what_was_open(
    capsys: pytest.CaptureFixture[str],
) -> None:
    service = FakeOtter(CannotListenError("127.0.0.1", 8084, OSError(98, "Address already in use")))
    assert Foreground(FakeReactor(), service).run() == 1
    assert service.events[-1] == "stop"
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert told.startswith("otter: Couldn't listen on 127.0.0.1:8084")


def test_a_start_that_fails_by_a_mistake_of_ours_is_logged_too(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    events: list[LogEvent] = []

    @provider(ILogObserver)
    def observe(event: LogEvent) -> None:
        events.append(event)

    monkeypatch.setattr("otterd.__main__.log", Logger(observer=observe))
    service = FakeOtter(ZeroDivisionError("no\nway"))
    assert Foreground(FakeReactor(), service).run() == 1
    assert capsys.readouterr().err == "otter: cannot start: ZeroDivisionError: no way\n"
    assert [event["log_failure"].type for event in events] == [ZeroDivisionError]


# --- as processes ---


def run(*command: str, cwd: Path) -> "subprocess.CompletedProcess[str]":
    environ = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    environ["PYTHONPATH"] = str(ROOT)
    return subprocess.run(
        [sys.executable, *command],
        cwd=cwd,
        env=environ,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


OTTER = ("-m", "otterd")
TWISTD = ("-c", "from twisted.scripts.twistd import run; run()", "-n", "--pidfile=", "otter")
DAEMON = tuple(part for part in TWISTD if part not in ("-n", "--nodaemon"))


@pytest.mark.parametrize("command", [OTTER, TWISTD], ids=["otter", "twistd"])
def test_a_bad_file_gives_one_line_and_a_status(
    write: Write, tmp_path: Path, command: tuple[str, ...]
) -> None:
    path = write("dgraph_endpoints: nowhere\n")
    done = run(*command, "-c", path, cwd=tmp_path)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith(f"otter: {path}: dgraph_endpoints: expected host:port")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("command", [OTTER, TWISTD, DAEMON], ids=["otter", "twistd", "daemon"])
@pytest.mark.parametrize("key", ["proxy_port", "websocket_port", "metrics_endpoint"])
def test_a_port_in_use_gives_one_line_and_a_status(
    write: Write, tmp_path: Path, command: tuple[str, ...], key: str
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        keys: dict[str, object] = {
            "dgraph_endpoints": "localhost:9080",
            "proxy_port": 0,
            "websocket_port": 0,
            "metrics_endpoint": "tcp:0:interface=127.0.0.1",
        }
        keys[key] = f"tcp:{port}:interface=127.0.0.1" if key == "metrics_endpoint" else port
        done = run(*command, "-c", write(yaml.safe_dump(keys)), cwd=tmp_path)
    assert done.returncode not in (0, None)
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("otter: ")
    assert str(port) in done.stderr
    assert "Traceback" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    "command",
    [
        ["otterd", "--check", "-c"],
        ["otterd", "-c"],
        ["twisted.scripts.twistd", "-n", "--pidfile=", "otter", "-c"],
    ],
)
def test_certificates_that_are_none_are_told_in_one_line(
    write: Write, tmp_path: Path, command: list[str]
) -> None:
    pem = tmp_path / "ca.pem"
    pem.write_text("not a certificate")
    path = write(GOOD + f"dgraph_tls_ca: {pem}\n")
    code = f"import runpy, sys; sys.argv[0] = 'x'; runpy.run_module({command[0]!r}, run_name='__main__')"
    if command[0] == "twisted.scripts.twistd":
        code = "import sys; from twisted.scripts.twistd import run; sys.exit(run())"
    ran = subprocess.run(
        [sys.executable, "-c", code, *command[1:], path],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert ran.returncode == 2
    assert ran.stderr.count("\n") == 1
    assert str(pem) in ran.stderr
