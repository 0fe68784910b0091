"""Send the steps of a case, each with what the answers before it gave, and mask what may differ."""

import gzip
import http.client
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

from tests.cluster import Address
from tests.live.differential.case import Case, Step

COMPARED = ("content-type", "content-encoding", "dgraph-toucheduids")
"""The headers that must be the same; CORS is Otter's own, and lengths follow from the body."""

_HASH = re.compile(rb'"hash":"[0-9a-f]{64}"')
_JWT = re.compile(rb"eyJ[\w-]+\.[\w-]+\.[\w-]+")
_KEYS = re.compile(rb'"keys":\[([^\]]*)\]')
_NUMBERED = re.compile(rb'"(start_ts|commit_ts)":(\d+)|\b(0x[0-9a-f]+)\b|<(\d+)>')
_MADE_UP = re.compile(rb'"dg\.\d+\.\d+"')
_TIMING = re.compile(rb'"(\w+_ns)":\d+')


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer: status, the headers that are compared, and the body without its encoding."""

    status: int
    headers: dict[str, str]
    body: bytes


Send = Callable[[Step], Reply]


def send(address: str, step: Step) -> Reply:
    """Send one step, whose placeholders are filled in, over a connection of its own."""
    connection = http.client.HTTPConnection(address, timeout=60)
    try:
        connection.putrequest(step.method, step.target, skip_accept_encoding=True)
        if step.kind is not None:
            connection.putheader("Content-Type", step.kind)
        for name, value in step.headers.items():
            connection.putheader(name, value.encode())
        connection.putheader("Content-Length", str(len(step.body)))
        connection.endheaders(step.body)
        response = connection.getresponse()
        body = response.read()
        headers = {name: response.headers[name] for name in COMPARED if name in response.headers}
        return Reply(response.status, headers, unpacked(headers, body))
    finally:
        connection.close()


def unpacked(headers: dict[str, str], body: bytes) -> bytes:
    """Return `body` without the encoding that `headers` name."""
    return gzip.decompress(body) if headers.get("content-encoding") == "gzip" else body


@dataclass
class Play:
    """One run of a case: `prefix` stands for `$P.`, `mark` is this run's own text."""

    prefix: str
    mark: str
    found: dict[str, bytes] = field(default_factory=dict)
    _numbers: dict[bytes, bytes] = field(default_factory=dict)

    def step(self, step: Step, send: Send) -> Reply:
        """Send `step` and return the answer, masked."""
        reply = send(self.filled(step))
        self._learn(reply.body)
        return Reply(reply.status, reply.headers, self.masked(reply.body))

    def filled(self, step: Step) -> Step:
        """Return `step` with its placeholders filled in."""
        headers = {name: self._fill(value.encode()).decode() for name, value in step.headers.items()}
        body = self._fill(step.body)
        if headers.pop("X-Pack", None):
            body = gzip.compress(body)
        return Step(self._fill(step.target.encode()).decode(), body, step.kind, headers, step.method)

    def masked(self, body: bytes) -> bytes:
        """Return `body` with timings, timestamps, uids and tokens replaced in the order they come."""
        body = body.replace(self.mark.encode(), b"MARK")
        body = _MADE_UP.sub(b'"dg"', _TIMING.sub(rb'"\1":0', body))
        body = _JWT.sub(b"JWT", _HASH.sub(b'"hash":"HASH"', body))
        body = _KEYS.sub(lambda keys: b'"keys":%d' % (keys[1].count(b",") + 1), body)
        return _NUMBERED.sub(self._number, body)

    def _number(self, match: re.Match[bytes]) -> bytes:
        name, value = match[1] or b"uid", match[2] or match[3] or match[4]
        number = self._numbers.setdefault(value, b"#%d" % len(self._numbers))
        return b'"%b":%b' % (name, number) if match[1] else number

    def _fill(self, text: bytes) -> bytes:
        text = text.replace(b"$P.", self.prefix.encode()).replace(b"$MARK", self.mark.encode())
        for name, value in self.found.items():
            text = text.replace(b"$" + name.encode(), value)
        return text

    def _learn(self, body: bytes) -> None:
        try:
            answer = json.loads(body)
        except ValueError:
            return
        txn = answer.get("extensions", {}).get("txn", {})
        if "start_ts" in txn:
            self.found.setdefault("TS", b"%d" % txn["start_ts"])
        for name in ("keys", "preds"):
            held = json.loads(self.found.get(name.upper(), b"[]"))
            self.found[name.upper()] = json.dumps(sorted({*held, *txn.get(name, [])})).encode()
        if "hash" in txn:
            self.found["HASH"] = txn["hash"].encode()
        data = answer.get("data")
        if isinstance(data, dict) and "accessJWT" in data:
            self.found["TOKEN"], self.found["REFRESH"] = (
                data["accessJWT"].encode(),
                data["refreshJWT"].encode(),
            )


def compare(
    case: Case, addresses: Sequence[Address], prefix: str, marks: tuple[str, str], through: Send
) -> None:
    """Play `case` against the alphas and against `through`, and assert that the answers are the same."""
    own, ours = Play(prefix, marks[0]), Play(prefix, marks[1])
    for step in case.steps:
        alpha = addresses[step.alpha].http
        expected = own.step(step.direct or step, partial(send, alpha))
        assert ours.step(step, through) == expected, step
