"""Each request translated and rendered without a daemon, against what the alpha's own HTTP port says."""

import grpc
import pytest

from otterd.config.schema import Bytes, Config
from otterd.core.operation import Answer, Door, Entry
from otterd.edges.http.commit import translate_commit
from otterd.edges.http.exchange import Request
from otterd.edges.http.kept import Kept
from otterd.edges.http.login import translate_login
from otterd.edges.http.mutate import translate_mutate
from otterd.edges.http.plan import Call
from otterd.edges.http.query import translate_query
from tests.live.differential.access import ACCESS
from tests.live.differential.changes import CHANGES
from tests.live.differential.encodings import ENCODINGS
from tests.live.differential.play import COMPARED, Reply, compare, send
from tests.live.differential.queries import QUERIES
from tests.live.differential.refusals import REFUSALS
from tests.live.differential.transactions import TRANSACTIONS

CONFIG = Config(max_body_bytes=Bytes(1 << 20))
TRANSLATORS = {
    b"/query": translate_query,
    b"/mutate": translate_mutate,
    b"/commit": translate_commit,
    b"/login": translate_login,
}
OPEN = [*QUERIES, *CHANGES, *REFUSALS, *TRANSACTIONS, *ENCODINGS]


def request_of(step):
    """Return the Request that a connection would make of `step`."""
    headers = [(name.encode(), value.encode()) for name, value in step.headers.items()]
    if step.kind is not None:
        headers.append((b"Content-Type", step.kind.encode()))
    path, _, query = step.target.encode().partition(b"?")
    lower = {name.lower(): value for name, value in reversed(headers)}
    entry = Entry(Door.HTTP, path.decode(), "", 0.0)
    target = step.target.encode()
    return Request(
        step.method.encode(), target, path, query, tuple(headers), lower, step.body, entry, "", Kept()
    )


def called(address, plan):
    """Return the alpha's Answer to `plan`, asked by plain gRPC."""
    options = [("grpc.max_receive_message_length", -1)]
    with grpc.insecure_channel(address, options=options) as channel:
        method = channel.unary_unary(f"/api.Dgraph/{plan.rpc.method}")
        try:
            return Answer(0, method(plan.rpc.payload, plan.timeout or 60, metadata=plan.rpc.metadata))
        except grpc.RpcError as error:
            return Answer(error.code().value[0], message=error.details())


class Translated:
    """Sends steps the way Otter does; what stays as it is goes to the HTTP port."""

    def __init__(self, addresses):
        self.addresses = addresses
        self.split = []

    def __call__(self, step):
        request = request_of(step)
        plan = TRANSLATORS[request.path](request, CONFIG)
        self.split.append(isinstance(plan, Call))
        if not isinstance(plan, Call):
            kinds = [v.decode() for k, v in plan.headers or () if k == b"Content-Type"]
            target = (plan.target or request.target).decode()
            return send(
                self.addresses[0].http,
                type(step)(target, step.body, *(kinds or [step.kind]), step.headers, step.method),
            )
        rendered = plan.render(called(self.addresses[len(self.split) % 2].grpc, plan))
        headers = {k.decode().lower(): v.decode() for k, v in rendered.headers}
        if rendered.touched >= 0:
            headers["dgraph-toucheduids"] = str(rendered.touched)
        assert set(headers) <= set(COMPARED)
        assert rendered.gzip is ("content-encoding" in headers)
        return Reply(rendered.status, headers, rendered.body)


@pytest.mark.parametrize("case", OPEN, ids=lambda case: case.name)
def test_what_is_translated_is_answered_in_the_same_bytes(case, cluster, prefix, marks):
    through = Translated(cluster.addresses)
    compare(case, cluster.addresses, prefix, marks, through)
    if case.steps[0].direct is None:
        assert through.split[0] is not case.verbatim


@pytest.mark.parametrize("case", ACCESS, ids=lambda case: case.name)
def test_with_access_control_too(case, acl_cluster, acl_prefix, marks):
    through = Translated(acl_cluster.addresses)
    compare(case, acl_cluster.addresses, acl_prefix, marks, through)
    assert through.split[0] is not case.verbatim
