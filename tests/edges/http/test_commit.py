"""A request to `/commit` as a CommitOrAbort call."""

import pytest

from otterd.config.schema import Config
from otterd.core.operation import Purpose
from otterd.edges.http.commit import translate_commit
from otterd.wire import api_pb2 as api
from tests.edges.http.asking import call, request, verbatim

CONFIG = Config()


def plan(target, body=b"[]", kind="application/json", **more):
    return translate_commit(request(target, body, kind, **more), CONFIG)


def context(found):
    assert call(found).rpc.method == "CommitOrAbort"
    return api.TxnContext.FromString(call(found).rpc.payload)


@pytest.mark.parametrize(
    ("body", "keys", "preds"),
    [
        ('["a","é"]', ["a", "é"], []),
        ('{"keys":["a"],"preds":["1-0-n"],"other":["x"]}', ["a"], ["1-0-n"]),
        ("{}", [], []),
        (' [ "\\u0041" ] ', ["A"], []),
    ],
)
def test_keys_and_predicates_come_as_a_list_or_by_name(body, keys, preds):
    found = call(plan("/commit?startTs=5&hash=h", body, "text/plain", X_Dgraph_AccessToken="jwt"))
    assert context(found) == api.TxnContext(start_ts=5, hash="h", keys=keys, preds=preds)
    assert (found.purpose, found.writes, found.start_ts) == (Purpose.COMMIT, True, 5)
    assert found.rpc.metadata == (("accessjwt", "jwt"),)


def test_an_abort_has_no_body():
    assert context(plan("/commit?startTs=5&abort=true", b"\xff")) == api.TxnContext(start_ts=5, aborted=True)
    assert not context(plan("/commit?startTs=5&abort=0")).aborted


@pytest.mark.parametrize(
    ("target", "body"),
    [
        ("/commit", "[]"),
        ("/commit?startTs=0", "[]"),
        ("/commit?startTs=x", "[]"),
        ("/commit?startTs=5&abort=x", "[]"),
        ("/commit?startTs=5", ""),
        ("/commit?startTs=5", "null"),
        ("/commit?startTs=5", "[null]"),
        ("/commit?startTs=5", "[5]"),
        ("/commit?startTs=5", '{"keys":null}'),
        ("/commit?startTs=5", '{"a":"b"}'),
        ("/commit?startTs=5", '["\\ud800"]'),
        ("/commit?startTs=5", "[" * 100_000),
    ],
)
def test_all_else_is_left_to_dgraph(target, body):
    left = verbatim(plan(target, body))
    assert (left.purpose, left.writes) == (Purpose.COMMIT, True)


def test_a_wrong_method_is_left_to_dgraph():
    assert verbatim(plan("/commit?startTs=5", method="GET")).start_ts == 5
