"""However a conversation is cut into pieces, the replies are the same."""

import re
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.edges.http.wirerig import House, chunked, get, post

PARTS = (
    get("/one?a=b", "X-Request-Id: r1"),
    post("/two", b"GET /smuggled HTTP/1.1\r\nHost: evil\r\n\r\n"),
    chunked("/three", b"hello ", b"0\r\n\r\n", b"world", trailers=b"X-T: u\r\nHost: evil\r\n"),
    b"\r\n",
    b"HEAD /four HTTP/1.1\r\nHost: [::1]:8084\r\n\r\n",
    get("/five", "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c"),
    b"POST /six HTTP/1.1\r\nHost: otter\r\nTransfer-Encoding: Chunked\r\n\r\n"
    b'3;name=value;q="a \\" b"\r\nabc\r\n000;last\r\n\r\n',
    post("/seven", b"", "Accept: a,\tb  "),
    get("/eight", "Connection: close"),
)
CONVERSATION = b"".join(PARTS)
REPLIED = [b"/one", b"/two", b"/three", b"/four", b"/five", b"/six", b"/seven", b"/eight"]


def seen(pieces: list[bytes]) -> tuple[bytes, list[tuple[bytes, bytes, bytes]]]:
    """Send `pieces`; return what came back, but for dates, and what the site was asked."""
    house = House()
    client = house.connect()
    for piece in pieces:
        client.send(piece)
    replies = re.sub(rb"Date: [^\r]*\r\n", b"", client.raw)
    asked = [(r.method, r.target, r.body) for r in house.site.requests]
    house.clear()
    return replies, asked


WHOLE = seen([CONVERSATION])


def test_the_conversation_is_answered() -> None:
    replies, asked = WHOLE
    assert replies.count(b"HTTP/1.1 200 OK") == len(REPLIED)
    assert [target.partition(b"?")[0] for _, target, _ in asked] == REPLIED
    assert [body for _, _, body in asked][2] == b"hello 0\r\n\r\nworld"
    assert replies.endswith(b"GET /eight ")


def test_every_split_in_two_gives_the_same_replies() -> None:
    for at in range(1, len(CONVERSATION)):
        assert seen([CONVERSATION[:at], CONVERSATION[at:]]) == WHOLE, at


def test_byte_by_byte_gives_the_same_replies() -> None:
    assert seen([bytes([byte]) for byte in CONVERSATION]) == WHOLE


@settings(max_examples=150, deadline=None)
@given(st.lists(st.integers(1, len(CONVERSATION) - 1), max_size=12))
def test_any_cuts_give_the_same_replies(cuts: list[int]) -> None:
    edges = [0, *sorted(set(cuts)), len(CONVERSATION)]
    assert seen([CONVERSATION[a:b] for a, b in pairwise(edges)]) == WHOLE
