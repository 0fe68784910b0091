"""Answers of the gRPC API as Dgraph's own HTTP port writes them, byte for byte."""

from math import ceil

from otterd.core.operation import Answer, Body, Headers
from otterd.core.replaced import replaced
from otterd.edges.http.extensions import told
from otterd.edges.http.golang import compact, quoted, quoted_plain
from otterd.edges.http.long_answer import LongAnswer
from otterd.edges.http.plan import Render, Rendered
from otterd.errors import OtterError, RateLimited
from otterd.wire import api_pb2 as api

JSON_TYPE = (b"Content-Type", b"application/json")
_PLAIN: Headers = (JSON_TYPE,)
_GZIPPED: Headers = (*_PLAIN, (b"Content-Encoding", b"gzip"))
TOUCHED = b"Dgraph-Toucheduids"
DATA = b'{"data":'
_response = api.Response.FromString
_DONE = b'"code":"Success","message":"Done"'

_NO_NAMESPACE = "No namespace in the metadata of context"
_UNKNOWN = 2
_CONTEXT = (1, 4)
_NAMES = {
    3: "InvalidArgument", 5: "NotFound", 6: "AlreadyExists", 7: "PermissionDenied",
    8: "ResourceExhausted", 9: "FailedPrecondition", 10: "Aborted", 11: "OutOfRange",
    12: "Unimplemented", 13: "Internal", 14: "Unavailable", 15: "DataLoss", 16: "Unauthenticated",
}  # fmt: skip


def query_answer(answer: Answer, *, rdf: bool = False, gzip: bool = False) -> Rendered:
    """Render the answer to `/query`."""
    if answer.status:
        return refused(answer)
    body = answer.body
    if not isinstance(body, bytes):
        return _flowing(answer, body, gzip)
    usual = None if rdf else told(body)
    if usual is not None:
        data, extensions, touched = usual
        whole = b'{"data":%b,"extensions":{%b}}' % (data, extensions.encode())
        return Rendered(200, _GZIPPED if gzip else _PLAIN, whole, gzip, None, touched)
    response = _response(body)
    data = _rdf(response) if rdf else response.json
    return _reply(b"%b%b%b" % (DATA, data, tail(response)), gzip, response)


def _flowing(answer: Answer, body: Body, gzip: bool) -> Rendered:
    """Render the answer to `/query` as it comes; how many nodes it touched is in its metadata as well."""
    said = [int(value) for name, value in answer.headers if name == TOUCHED.lower() and value.isdigit()]
    stream = LongAnswer(body, DATA, tail, gzip=gzip)
    return Rendered(200, _GZIPPED if gzip else _PLAIN, b"", stream=stream, touched=said[0] if said else -1)


def tail(response: api.Response) -> bytes:
    """Return what stands behind the data in an answer to `/query`."""
    return f',"extensions":{{{_extensions(response, metrics=True)}}}}}'.encode("utf-8", "replace")


def mutate_answer(answer: Answer, *, mutates: bool, commit_now: bool, gzip: bool) -> Rendered:
    """Render the answer to `/mutate`; `mutates` is False for a request that only queries."""
    if answer.status:
        return refused(answer)
    response = _response(_bytes(answer))
    txn = response.txn
    if txn.keys or txn.preds:
        keys, preds = sorted(txn.keys), sorted(txn.preds)
        del txn.keys[:], txn.preds[:]
        txn.preds.extend(preds)
        if not commit_now:
            txn.keys.extend(keys)
    queries = compact(response.json) if response.json else b"null"
    uids = _uids(response) if mutates else "null"
    tail = f',"uids":{uids}}},"extensions":{{{_extensions(response, metrics=False)}}}}}'
    return _reply(b'{"data":{' + _DONE + b',"queries":' + queries + _encoded(tail), gzip, response)


def commit_answer(answer: Answer, *, abort: bool, gzip: bool) -> Rendered:
    """Render the answer to `/commit`."""
    if answer.status:
        return refused(answer, data=False)
    context = api.TxnContext.FromString(_bytes(answer))
    if not abort:
        del context.keys[:]
        tail = f'}},"extensions":{{"txn":{{{_txn(context)}}}}}}}'
        return _reply(b'{"data":{' + _DONE + _encoded(tail), gzip)
    if context.aborted:
        return _reply(b"{" + _DONE + b"}", gzip)
    return Rendered(200, (JSON_TYPE,), error_body("transaction could not be aborted"))


def login_answer(answer: Answer, *, gzip: bool) -> Rendered:
    """Render the answer to `/login`."""
    if answer.status:
        return refused(answer)
    jwt = api.Jwt.FromString(_response(_bytes(answer)).json)
    text = f'{{"data":{{"accessJWT":{quoted(jwt.access_jwt)},"refreshJWT":{quoted(jwt.refresh_jwt)}}}}}'
    return _reply(_encoded(text), gzip)


def tokenless(render: Render, answer: Answer) -> Rendered:
    """Render `answer` with `render`, for a request inside a transaction that showed no ACL token."""
    if answer.message == _NO_NAMESPACE:
        # Over HTTP such a request has no metadata at all, over gRPC it always has some.
        answer = replaced(answer, message="No metadata in the context")
    return render(answer)


def refused(answer: Answer, *, data: bool = True) -> Rendered:
    """Render a gRPC error; `data` adds the null that Dgraph gives with errors at run time."""
    body = error_body(wording(answer))
    if data:
        body = body[:-1] + b',"data":null}'
    return Rendered(200, (JSON_TYPE,), body)


def wording(answer: Answer) -> str:
    """Return the error text that HTTP has in the place of a gRPC status."""
    message = answer.message
    # UNKNOWN is how gRPC carries plain errors, and 1 and 4 those of a Go context; for the
    # rest the status itself was the error, unless its text shows that it was wrapped in one.
    if answer.status == _UNKNOWN or answer.status in _CONTEXT:
        return message
    prefix = f"rpc error: code = {_NAMES.get(answer.status, f'Code({answer.status})')} desc = "
    return message if prefix in message else prefix + message


def error_body(message: str, code: str = "ErrorInvalidRequest") -> bytes:
    """Return Dgraph's JSON for one error."""
    return _encoded(f'{{"errors":[{{"message":{quoted(message)},"extensions":{{"code":{quoted(code)}}}}}]}}')


def render_error(error: OtterError) -> Rendered:
    """Render a refusal or failure of Otter's own, in Dgraph's shape."""
    headers = [JSON_TYPE]
    wait = error.retry_after
    if wait is None and isinstance(error, RateLimited):
        wait = 1
    if wait is not None:
        headers.append((b"Retry-After", b"%d" % max(1, ceil(wait))))
    if isinstance(error, RateLimited):
        return Rendered(error.status, tuple(headers), b'{"error":"rate limit exceeded"}')
    return Rendered(error.status, tuple(headers), error_body(error.message, error.word))


def _reply(body: bytes, zipped: bool, response: api.Response | None = None) -> Rendered:
    touched = -1
    if response is not None:
        touched = response.metrics.num_uids.get("_total", 0) if response.HasField("metrics") else 0
    return Rendered(200, _GZIPPED if zipped else _PLAIN, body, zipped, None, touched)


def _bytes(answer: Answer) -> bytes:
    if not isinstance(answer.body, bytes):
        raise TypeError("a gRPC answer is bytes")
    return answer.body


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "replace")


def _rdf(response: api.Response) -> bytes:
    return _encoded(quoted_plain(response.rdf.decode("utf-8", "replace")) + "\n")


def _uids(response: api.Response) -> str:
    uids = response.uids
    return "{" + ",".join([f"{quoted(name)}:{quoted(uids[name])}" for name in sorted(uids)]) + "}"


def _extensions(response: api.Response, *, metrics: bool) -> str:
    # A part that says something is there; only of an empty one that must be asked.
    latency, txn = _latency(response.latency), _txn(response.txn)
    text = ""
    if latency or response.HasField("latency"):
        text = f',"server_latency":{{{latency}}}'
    if txn or response.HasField("txn"):
        text += f',"txn":{{{txn}}}'
    if metrics and response.HasField("metrics"):
        text += f',"metrics":{_metrics(response.metrics)}'
    return text[1:]


def _latency(latency: api.Latency) -> str:
    """Return the members of `latency`."""
    text = ""
    if number := latency.parsing_ns:
        text += f',"parsing_ns":{number}'
    if number := latency.processing_ns:
        text += f',"processing_ns":{number}'
    if number := latency.encoding_ns:
        text += f',"encoding_ns":{number}'
    if number := latency.assign_timestamp_ns:
        text += f',"assign_timestamp_ns":{number}'
    if number := latency.total_ns:
        text += f',"total_ns":{number}'
    return text[1:]


def _txn(txn: api.TxnContext) -> str:
    """Return the members of `txn`."""
    text = ""
    if number := txn.start_ts:
        text = f',"start_ts":{number}'
    if number := txn.commit_ts:
        text += f',"commit_ts":{number}'
    if txn.aborted:
        text += ',"aborted":true'
    if keys := txn.keys:
        text += f',"keys":[{",".join(map(quoted, keys))}]'
    if preds := txn.preds:
        text += f',"preds":[{",".join(map(quoted, preds))}]'
    if name := txn.hash:
        text += f',"hash":{quoted(name)}'
    return text[1:]


def _metrics(metrics: api.Metrics) -> str:
    touched = metrics.num_uids
    if not touched:
        return "{}"
    return '{"num_uids":{' + ",".join([f"{quoted(name)}:{touched[name]}" for name in sorted(touched)]) + "}}"
