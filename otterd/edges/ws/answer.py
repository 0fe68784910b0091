"""What goes back: the answers of contract 4, as bytes of one text frame."""

import codecs
from typing import Final

from otterd.core.operation import Answer, Body
from otterd.edges.http.golang import quote
from otterd.edges.http.long_answer import LongAnswer
from otterd.edges.http.render import DATA, mutate_answer, query_answer, render_error, tail
from otterd.edges.ws.message import Message
from otterd.errors import OtterError
from otterd.wire import api_pb2

SLICE: Final = 1 << 20
_response: Final = api_pb2.Response.FromString


def status(word: str, id: str | None) -> bytes:
    """Return `{"status":word}`, after the `id` when there is one."""
    return _object(b'"status":"%b"' % word.encode(), id)


def error(text: str, id: str | None) -> bytes:
    """Return `{"error":text}`, after the `id` when there is one."""
    return _object(b'"error":' + quote(text), id)


def refused(message: Message, id: str | None, failure: OtterError) -> bytes:
    """Return how an operation is told that Otter itself failed or refused it."""
    if message.shape == "http":
        return _result(render_error(failure).body, id)
    return error(failure.message, id)


def answered(message: Message, id: str | None, answer: Answer) -> bytes:
    """Return what the alpha's `answer` to `message` becomes on the socket."""
    if message.shape == "http":
        return _result(_text(_http_body(message, answer)), id, answer.stale)
    if answer.status:
        return error(answer.message, id)
    assert isinstance(answer.body, bytes)
    response = _response(answer.body)
    if message.verbose or message.type == "upsert":
        return _object(_text(_verbose(message, response, answer.stale)), id)
    text = response.json
    if not text.isascii():
        text = _text(text)
    return text or b"{}" if id is None else _result(text or b"{}", id, answer.stale)


def flowing(message: Message, id: str | None, answer: Answer, body: Body) -> LongAnswer:
    """Return what the alpha's good `answer` to a query becomes, whose `body` comes piece by piece."""
    stale, http = answer.stale, message.shape == "http"
    if message.verbose and not http:
        before = b"{" if id is None else b'{"id":%b,' % quote(id)

        def members(response: api_pb2.Response) -> bytes:
            rest = _verbose(message, response, stale)
            return b",%b}" % rest if rest else b"}"

        return LongAnswer(body, before + b'"data":', members, gzip=False)
    before, after = _around(id, stale)
    if http:
        return LongAnswer(body, before + DATA, lambda response: tail(response) + after, gzip=False)
    return LongAnswer(body, before, lambda response: after, gzip=False)


def _http_body(message: Message, answer: Answer) -> bytes:
    """Return what `/query` or `/mutate` would answer."""
    if message.type == "query":
        return query_answer(answer, rdf=False, gzip=False).body
    return mutate_answer(answer, mutates=True, commit_now=True, gzip=False).body


def _verbose(message: Message, response: api_pb2.Response, stale: float | None) -> bytes:
    """Return the members of the verbose shape that are not empty, in their order."""
    members = []
    if response.json:
        members.append(b'"data":' + response.json)
    if message.type != "query":
        if response.uids:
            uids = sorted(response.uids)
            pairs = b",".join(b"%b:%b" % (quote(name), quote(response.uids[name])) for name in uids)
            members.append(b'"uids":{%b}' % pairs)
        if response.txn.commit_ts:
            members.append(b'"commitTs":%d' % response.txn.commit_ts)
        if response.txn.preds:
            members.append(b'"predicates":[%b]' % b",".join(map(quote, response.txn.preds)))
    if response.latency.total_ns:
        members.append(b'"latencyNs":%d' % response.latency.total_ns)
    if stale is not None:
        members.append(b'"stale":%.3f' % stale)
    return b",".join(members)


def _object(members: bytes, id: str | None) -> bytes:
    if id is None:
        return b"{%b}" % members
    return b'{"id":%b%b%b}' % (quote(id), b"," if members else b"", members)


def _result(body: bytes, id: str | None, stale: float | None = None) -> bytes:
    """Return `body` as it is, or as the `result` of the message `id`; `stale` is its age in seconds."""
    if id is None:
        return body
    before, after = _around(id, stale)
    return b"%b%b%b" % (before, body, after)


def _around(id: str | None, stale: float | None) -> tuple[bytes, bytes]:
    """Return what stands before and behind a body that is the `result` of the message `id`."""
    if id is None:
        return b"", b""
    old = b"" if stale is None else b',"stale":%.3f' % stale
    return b'{"id":%b,"result":' % quote(id), old + b"}"


def _text(body: bytes) -> bytes:
    """Return `body` with bytes that are not UTF-8 replaced, on which clients would end the socket."""
    if body.isascii():
        return body
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for at in range(0, len(body), SLICE):
            decoder.decode(body[at : at + SLICE])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return body.decode("utf-8", "replace").encode()
    return body
