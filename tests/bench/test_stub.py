import http.client
import json
import os
import shutil
import subprocess

import pytest

from bench import asking
from bench.figures import of_loader
from bench.measuring import LEAST
from bench.running import compiled
from bench.stand_in import ALPHAS, StandIn

pytestmark = pytest.mark.skipif(
    not (os.environ.get("CC") or shutil.which("cc")), reason="there is no C compiler"
)


@pytest.fixture
def stub(tmp_path):
    stand_in = StandIn(tmp_path, min(os.sched_getaffinity(0)))
    yield stand_in
    stand_in.running.close()


def asked(stub, tmp_path, least=LEAST, rate=0):
    program = compiled("load", tmp_path)
    what = asking.grpc(distinct=True)
    (tmp_path / "hello").write_bytes(what.hello)
    (tmp_path / "request").write_bytes(what.request)
    words = ["grpc", stub.port, 2, 4, rate, 100, least, tmp_path / "hello", tmp_path / "request"]
    told = subprocess.run([program, *map(str, words)], capture_output=True, text=True, check=True)
    return of_loader(told.stdout)


@pytest.mark.parametrize("rate", [0, 100])
def test_every_call_of_the_loader_is_answered_by_the_stub(stub, tmp_path, rate):
    found = asked(stub, tmp_path, rate=rate)
    assert found.calls > 0
    assert found.errors == 0, found.why
    assert found.p50 is not None


def test_an_answer_that_is_too_short_is_an_error(stub, tmp_path):
    found = asked(stub, tmp_path, least=100_000)
    assert found.calls == 0
    assert found.errors > 0


@pytest.mark.parametrize("path", ["/health", "/state"])
def test_the_stub_tells_of_itself_as_alphas_do(stub, path):
    for alpha in stub.alphas:
        client = http.client.HTTPConnection(alpha.http, timeout=5)
        client.request("GET", path)
        answer = client.getresponse()
        said = json.loads(answer.read())
        client.close()
        assert answer.status == 200
        assert answer.getheader("Connection") == "close"
        assert (
            said[0]["status"] == "healthy"
            if path == "/health"
            else len(said["groups"]["1"]["members"]) == ALPHAS
        )


def test_the_stub_has_nothing_else_to_show(stub):
    client = http.client.HTTPConnection(stub.alphas[0].http, timeout=5)
    client.request("GET", "/graphql")
    assert client.getresponse().status == 404
    client.close()
