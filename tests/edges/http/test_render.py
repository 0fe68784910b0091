"""Answers in the bytes that an alpha's own HTTP port was seen to give."""

import pytest

from otterd.core.operation import Answer
from otterd.edges.http.render import (
    commit_answer,
    login_answer,
    mutate_answer,
    query_answer,
    refused,
    render_error,
    tokenless,
    wording,
)
from otterd.errors import BadRequest, Draining, Forbidden, RateLimited, TooLarge
from otterd.wire import api_pb2 as api

JSON = (b"Content-Type", b"application/json")
LATENCY = api.Latency(parsing_ns=1, processing_ns=2, encoding_ns=3, assign_timestamp_ns=4, total_ns=10)


def answer(message):
    return Answer(0, message.SerializeToString())


def query(response, *, rdf=False, gzip=False):
    return query_answer(answer(response), rdf=rdf, gzip=gzip)


def mutated(response, *, mutates=True, commit_now=False):
    return mutate_answer(answer(response), mutates=mutates, commit_now=commit_now, gzip=False)


def test_a_query():
    response = api.Response(json=b'{"q":[{"n":"\\u003c","i":9007199254740993}]}', latency=LATENCY)
    response.txn.start_ts = 23
    for name, number in (("n", 1), ("_total", 2), ("", 5), ("a<b", 1), ("ä", 2**64 - 1)):
        response.metrics.num_uids[name] = number
    found = query(response)
    assert found.status == 200
    assert (found.headers, found.touched) == ((JSON,), 2)
    assert found.body == (
        b'{"data":{"q":[{"n":"\\u003c","i":9007199254740993}]},"extensions":{"server_latency":{"parsing_ns":1,'
        b'"processing_ns":2,"encoding_ns":3,"assign_timestamp_ns":4,"total_ns":10},"txn":{"start_ts":23},'
        b'"metrics":{"num_uids":{"":5,"_total":2,"a\\u003cb":1,"n":1,"'
        + "ä".encode()
        + b'":18446744073709551615}}}}'
    )


def test_fields_of_value_0_are_left_out():
    response = api.Response(json=b"{}", latency=api.Latency(total_ns=7), txn=api.TxnContext())
    response.metrics.SetInParent()
    assert query(response).body == (
        b'{"data":{},"extensions":{"server_latency":{"total_ns":7},"txn":{},"metrics":{}}}'
    )
    assert query(api.Response(json=b"{}")).body == b'{"data":{},"extensions":{}}'
    assert query(api.Response(json=b"{}")).touched == 0


def test_rdf_is_a_string_and_a_newline():
    response = api.Response(rdf='<0x1> <n> "é<&>\u2028" .\n'.encode())
    assert query(response, rdf=True).body == (
        '{"data":"<0x1> <n> \\"é<&>\\u2028\\" .\\n"\n,"extensions":{}}'.encode()
    )
    assert query(api.Response(), rdf=True).body == b'{"data":""\n,"extensions":{}}'


def test_gzip_is_said_and_left_to_the_way_out():
    found = query(api.Response(json=b"{}"), gzip=True)
    assert (found.headers, found.touched) == ((JSON, (b"Content-Encoding", b"gzip")), 0)
    assert (found.body, found.gzip) == (b'{"data":{},"extensions":{}}', True)


def test_a_mutation():
    response = api.Response(uids={"b": "0x2", "a": "0x1", "<": "0x3"})
    response.txn.start_ts = 9
    response.txn.keys.extend(["kb", "ka"])
    response.txn.preds.extend(["1-0-n", "1-0-<"])
    response.txn.hash = "beef"
    response.metrics.num_uids["_total"] = 4
    found = mutated(response)
    assert (found.headers, found.touched) == ((JSON,), 4)
    head = (
        b'{"data":{"code":"Success","message":"Done","queries":null,'
        b'"uids":{"\\u003c":"0x3","a":"0x1","b":"0x2"}},'
    )
    assert found.body == head + (
        b'"extensions":{"txn":{"start_ts":9,"keys":["ka","kb"],"preds":["1-0-\\u003c","1-0-n"],"hash":"beef"}}}'
    )
    response.txn.commit_ts = 10
    assert mutated(response, commit_now=True).body == head + (
        b'"extensions":{"txn":{"start_ts":9,"commit_ts":10,"preds":["1-0-\\u003c","1-0-n"],"hash":"beef"}}}'
    )


def test_an_upsert_embeds_its_queries_escaped():
    response = api.Response(json='{"q":[{"a&b":"\u2028"}]}'.encode())
    assert b'"queries":{"q":[{"a\\u0026b":"\\u2028"}]},"uids":{}}' in mutated(response).body


def test_uids_are_null_where_nothing_was_to_change():
    assert b'"queries":{"q":[]},"uids":null}' in mutated(api.Response(json=b'{"q":[]}'), mutates=False).body


def test_a_commit():
    context = api.TxnContext(start_ts=1, commit_ts=2, keys=["a"])
    found = commit_answer(answer(context), abort=False, gzip=False)
    assert (found.status, found.headers) == (200, (JSON,))
    assert found.body == (
        b'{"data":{"code":"Success","message":"Done"},"extensions":{"txn":{"start_ts":1,"commit_ts":2}}}'
    )


def test_an_abort_is_not_wrapped():
    found = commit_answer(answer(api.TxnContext(aborted=True)), abort=True, gzip=False)
    assert found.body == b'{"code":"Success","message":"Done"}'
    failed = commit_answer(answer(api.TxnContext()), abort=True, gzip=True)
    assert b'"message":"transaction could not be aborted"' in failed.body


def test_a_login():
    jwt = api.Jwt(access_jwt="a.b", refresh_jwt="c.d").SerializeToString()
    found = login_answer(answer(api.Response(json=jwt)), gzip=False)
    assert found.headers == (JSON,)
    assert found.body == b'{"data":{"accessJWT":"a.b","refreshJWT":"c.d"}}'


@pytest.mark.parametrize(
    ("code", "message", "text"),
    [
        (2, "empty request", "empty request"),
        (2, ": rpc error: code = Unavailable desc = x", ": rpc error: code = Unavailable desc = x"),
        (
            10,
            "Transaction has been aborted. Please retry",
            "rpc error: code = Aborted desc = Transaction has been aborted. Please retry",
        ),
        (16, "no accessJwt available", "rpc error: code = Unauthenticated desc = no accessJwt available"),
        (
            14,
            "While x: rpc error: code = Unavailable desc = y",
            "While x: rpc error: code = Unavailable desc = y",
        ),
        (
            14,
            "rpc error: code = Aborted desc = y",
            "rpc error: code = Unavailable desc = rpc error: code = Aborted desc = y",
        ),
        (4, ": context deadline exceeded", ": context deadline exceeded"),
        (1, "context canceled", "context canceled"),
        (77, "x", "rpc error: code = Code(77) desc = x"),
    ],
)
def test_errors_have_the_words_of_http(code, message, text):
    assert wording(Answer(code, message=message)) == text


def test_errors_come_as_200_with_data_null_but_for_commits():
    failed = Answer(2, message="a < b")
    body = b'{"errors":[{"message":"a \\u003c b","extensions":{"code":"ErrorInvalidRequest"}}]'
    assert query_answer(failed, rdf=True, gzip=True) == refused(failed)
    assert refused(failed).status == 200
    assert refused(failed).headers == (JSON,)
    assert refused(failed).body == body + b',"data":null}'
    assert mutate_answer(failed, mutates=True, commit_now=True, gzip=True).body == body + b',"data":null}'
    assert login_answer(failed, gzip=True).body == body + b',"data":null}'
    assert commit_answer(failed, abort=True, gzip=True).body == body + b"}"


def test_a_transaction_without_a_token_hears_what_http_says():
    failed = Answer(2, message="No namespace in the metadata of context")
    assert b'"No metadata in the context"' in tokenless(refused, failed).body
    assert b'"other"' in tokenless(refused, Answer(2, message="other")).body


@pytest.mark.parametrize("error", [BadRequest("é <"), Forbidden("no"), TooLarge("big")])
def test_errors_of_otters_own_have_dgraphs_shape(error):
    found = render_error(error)
    assert (found.status, found.headers) == (error.status, (JSON,))
    told = error.message.replace("<", "\\u003c")
    assert (
        found.body.decode() == f'{{"errors":[{{"message":"{told}","extensions":{{"code":"{error.word}"}}}}]}}'
    )


def test_a_time_to_wait_is_said_in_whole_seconds():
    assert render_error(Draining("x", retry_after=0.2)).headers == (JSON, (b"Retry-After", b"1"))
    assert render_error(Draining("x", retry_after=2.5)).headers == (JSON, (b"Retry-After", b"3"))


def test_the_rate_limit_has_words_of_its_own():
    found = render_error(RateLimited("slow down", retry_after=1.5))
    assert (found.status, found.body) == (429, b'{"error":"rate limit exceeded"}')
    assert found.headers == (JSON, (b"Retry-After", b"2"))
    assert render_error(RateLimited("slow down")).headers == (JSON, (b"Retry-After", b"1"))
