"""What a head says, read once for all requests that have it."""

from otterd.core.operation import Headers
from otterd.edges.grpc.asked import asked_of
from otterd.edges.grpc.methods import METHODS
from otterd.wire.h2 import Head, Limits, Memo, block
from otterd.wire.h2.decode import Decoder
from otterd.wire.h2.encode import literal

PLAIN = [
    (b":method", b"POST"),
    (b":scheme", b"http"),
    (b":path", b"/api.Dgraph/Query"),
    (b":authority", b"otter"),
    (b"content-type", b"application/grpc"),
    (b"te", b"trailers"),
]
PEER = "192.0.2.7"


class Guard:
    """Knows one token as Otter's own."""

    def __init__(self, own: bytes = b"") -> None:
        self.own = own

    def clean(self, headers: Headers) -> Headers:
        return tuple(field for field in headers if field[1] != self.own)


class Reader:
    """Decodes heads as one connection does."""

    def __init__(self) -> None:
        self.decoder = Decoder(Limits(), Memo())
        self.decoder.settle()

    def head(self, *more: tuple[bytes, bytes]) -> Head:
        raw = block([*PLAIN, *more])
        return self.decoder.known.get(raw) or self.decoder.head(raw)


def test_a_head_that_comes_again_is_read_once() -> None:
    reader = Reader()
    heads = [reader.head((b"x-mine", b"1")) for _ in range(3)]
    assert heads[1] is heads[2]
    said = asked_of(heads[1], Guard())
    assert heads[2].note is said
    assert said.usual
    assert not said.known
    assert said.method is METHODS[b"/api.Dgraph/Query"]
    assert said.metadata == (("x-mine", "1"),)


def test_of_a_head_that_goes_on_the_rest_is_its_own() -> None:
    reader, guard = Reader(), Guard()
    for _ in range(2):
        asked_of(reader.head((b"x-mine", b"1")), guard)
    for number in range(5):
        token = b"token%d" % number
        more = ((b"grpc-timeout", b"%dm" % number), (b"accessjwt", token), (b"last", token))
        head = reader.head((b"x-mine", b"1"), *more)
        assert number < 1 or head.begun is not None
        said = asked_of(head, guard)
        assert said.timeout == number / 1000
        assert said.metadata == (("x-mine", "1"), ("accessjwt", token.decode()), ("last", token.decode()))
        assert said.usual
        assert said.caller(PEER).own_token
    plain = asked_of(reader.head((b"x-mine", b"1")), guard)
    assert (plain.timeout, plain.metadata, plain.known) == (None, (("x-mine", "1"),), False)


def test_what_a_head_begins_with_holds_for_those_that_go_on() -> None:
    reader, guard = Reader(), Guard()
    begin = (
        (b"grpc-encoding", b"gzip"), (b"x-forwarded-for", b"1.1.1.1"), (b"origin", b"a"),
        (b"sec-fetch-site", b"same-site"), (b"galaxy-operation", b"true"), (b"x-otter-max-stale", b"2s"),
        (b"x-request-id", b"one"), (b"grpc-timeout", b"5S"),
    )  # fmt: skip
    for _ in range(2):
        asked_of(reader.head(*begin), guard)
    for number in range(3):
        head = reader.head(
            *begin, (b"x-forwarded-for", b"2.2.2.%d" % number), (b"origin", b"b"), (b"x-request-id", b"two")
        )
        said = asked_of(head, guard)
        caller = said.caller(PEER)
        assert (caller.forwarded, caller.origin) == (b"1.1.1.1,2.2.2.%d" % number, b"a")
        assert (said.encoding, said.galaxy, said.max_stale, said.request_id) == (b"gzip", True, 2.0, b"one")
        assert said.timeout == 5.0
    assert asked_of(reader.head(*begin), guard).caller(PEER).forwarded == b"1.1.1.1"


def test_only_a_token_of_the_callers_own_is_told_apart_from_more() -> None:
    reader, guard = Reader(), Guard()
    for fields, known, access in (
        ((), False, False),
        (((b"accessjwt", b" "),), False, False),
        (((b"accessjwt", b" "), (b"accessjwt", b"a")), True, True),
        (((b"accessjwt", b"a"), (b"accessjwt", b"b")), True, True),
        (((b"accessjwt", b"a"), (b"origin", b"b")), True, False),
        (((b"origin", b"b"), (b"accessjwt", b"a")), True, False),
        (((b"x-otter-admin-token", b"b"),), True, False),
    ):
        said = asked_of(reader.head(*fields), guard)
        assert (said.known, said.access) == (known, access), fields
        assert said.own_token == any(name == b"accessjwt" and value.strip() for name, value in fields)


def test_what_hangs_on_the_configuration_is_not_kept() -> None:
    head = Reader().head((b"authorization", b"Bearer mine"))
    assert asked_of(head, Guard()).metadata == (("authorization", "Bearer mine"),)
    assert head.note is None
    assert asked_of(head, Guard(b"Bearer mine")).metadata == ()
    assert asked_of(head, Guard()).caller(PEER).bearer == b"mine"


def test_what_no_call_can_come_of_is_not_usual() -> None:
    reader, guard = Reader(), Guard()
    for fields in (((b"grpc-encoding", b"snappy"),), ((b"content-type", b"text/plain"),)):
        assert not asked_of(reader.head(*fields), guard).usual
    for path in (b"/api.Dgraph/Nope", b"/grpc.health.v1.Health/Check", b"/api.Dgraph/StreamExtSnapshot"):
        raw = block([*PLAIN[:2], (b":path", path), *PLAIN[3:]])
        assert not asked_of(reader.decoder.head(raw), guard).usual
    assert not asked_of(reader.decoder.head(block([(b":method", b"GET"), *PLAIN[1:]])), guard).usual


def test_what_every_call_says_is_known_however_it_is_sent() -> None:
    reader = Reader()
    raw = b"".join(literal(name, value, never=True) for name, value in PLAIN)
    for number in range(4):
        head = reader.decoder.head(raw + literal(b"x-mine", b"%d" % number, never=True))
        assert head.fields == (*PLAIN, (b"x-mine", b"%d" % number))
    assert head.begun is not None
    assert len(head.begun.fields) == len(PLAIN)
