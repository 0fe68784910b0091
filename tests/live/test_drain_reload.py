"""Two instances on one port: reloaded and restarted one after the other, under load.

The test stands for the service manager: it holds a listening socket for each instance,
passes it on, and keeps it while the instance restarts, so that connections wait in it.
"""

import socket
import sys

import pytest

from tests.cluster.ask import answers, ask, until
from tests.live.instance import Otter
from tests.live.load import NEW, Load, repeat

REQUESTS, THREADS = 20_000, 16


def _listener(port=0):
    """Return a listening socket that shares its port with others of its kind."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen(1024)
    return listener


@pytest.fixture
def pair(cluster):
    """Give two Otters that serve one port, each with a socket of its own."""
    first = _listener()
    listeners = [first, _listener(first.getsockname()[1])]
    running = []
    try:
        for listener in listeners:
            number = str(listener.fileno())
            one = Otter(
                cluster.addresses,
                {
                    "http_endpoint": "systemd:domain=INET:name=http",
                    "enable_websocket": False,
                    "drain_timeout": "10s",
                },
                wrapper=(sys.executable, "-m", "tests.live.handover", number, "http", "--"),
                pass_fds=(listener.fileno(),),
            )
            one.http = f"127.0.0.1:{first.getsockname()[1]}"
            running.append(one)
        yield running
    finally:
        for one in running:
            one.close()
        for listener in listeners:
            listener.close()


def _start(one):
    """Start one of the pair; its metrics alone say that it is up, the port being shared."""
    one.start(ready=False)
    until(lambda: answers(one.metrics, "/metrics"), "the metrics of this very instance")


def _redirected(address):
    """Return whether the instance that happens to answer has a Ratel to redirect to."""
    return ask(address, "GET", "/ratel").status == 302


def test_no_request_fails_through_reloads_and_restarts(pair):
    for one in pair:
        _start(one)
    address = pair[0].http
    assert not _redirected(address)
    load = Load(address, REQUESTS, THREADS)
    load.start()
    load.reach(REQUESTS // 5, 300)
    for one in pair:
        one.write(ratel="127.0.0.1:8000")
        one.reload()
    until(lambda: repeat(40, lambda: _redirected(address)), "both to have read their files again")
    load.reach(2 * REQUESTS // 5, 300)

    before = [one.pid for one in pair]
    for one, share in zip(pair, (2, 3), strict=True):
        load.reach(share * REQUESTS // 5, 300)
        assert one.stop() == 0
        _start(one)
    load.finish(300)

    assert load.failed == {}
    assert load.answered >= REQUESTS
    assert all(one.pid != old for one, old in zip(pair, before, strict=True))


def test_a_reload_of_a_bad_file_changes_nothing(otter, cluster):
    one = otter(cluster, ratel="127.0.0.1:8000")
    one.config.write_text("ratel: [\n")
    told = len(one.lines())
    one.reload()
    until(lambda: len(one.lines()) > told, "a word about the reload")
    assert _redirected(one.http)
    one.write(ratel="127.0.0.1:8001")
    one.reload()
    until(
        lambda: (
            ask(one.http, "GET", "/ratel").headers.get("location", "").startswith("http://127.0.0.1:8001/")
        ),
        "the new file to count",
    )


def test_a_stop_finishes_what_is_in_flight(otter, cluster):
    one = otter(cluster)
    load = Load(one.http, 2_000, 8)
    load.start()
    load.reach(500, 120)
    assert one.stop() == 0
    load.finish(120)
    # Who came too late found no listener; no connection that was served broke off.
    assert [failure for failure in load.failed if not failure.startswith(NEW)] == []
    assert load.answered >= 500
