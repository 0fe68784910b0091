"""How a call ended, by gRPC's words; the texts are those that grpcio 1.85 was seen to make."""

import pytest

from otterd.alphas.ending import failure_of
from otterd.errors import Lost, NotReached, TimedOut

NO_CONNECTION = "failed to connect to all addresses; last error: "


@pytest.mark.parametrize(
    ("code", "text"),
    [
        (
            14,
            NO_CONNECTION + "UNKNOWN: ipv4:127.0.0.1:1: Failed to connect to remote host: Connection refused",
        ),
        (
            14,
            NO_CONNECTION
            + "UNKNOWN: ipv6:%5B::1%5D:1: Failed to connect to remote host: connect() timed out",
        ),
        (14, NO_CONNECTION + "UNAVAILABLE: ipv4:127.0.0.1:1: Socket closed"),
        (14, NO_CONNECTION + "UNKNOWN: ipv4:127.0.0.1:1: Tls handshake failed (TSI_PROTOCOL_FAILURE)"),
        (14, "Stream removed (RST_STREAM (Received RST_STREAM with error code 7))"),
    ],
)
def test_without_a_connection_nothing_left(code, text):
    assert isinstance(failure_of(code, text, 5), NotReached)


@pytest.mark.parametrize(
    ("code", "text"),
    [
        (14, "Stream removed (Socket closed)"),
        (14, "Stream removed (recvmsg:Connection reset by peer (104))"),
        (14, "Stream removed (GOAWAY received; Error code: 0; Debug Text: )"),
        (14, "Stream removed (Socket closed (GOAWAY received; Error code: 11; Debug Text: too_many_pings))"),
        (13, "Stream removed (RST_STREAM (Received RST_STREAM with error code 2))"),
        (1, "Stream removed (RST_STREAM (Received RST_STREAM with error code 8))"),
        (2, "Stream removed (Data frame with END_STREAM flag received)"),
        (8, "Stream removed (received metadata size exceeds soft limit (10248 vs. 8192))"),
        (14, "Received http2 header with status: 503"),
        (13, "Stream removed (RST_STREAM (Received RST_STREAM with error code 7))"),
    ],
)
def test_what_broke_after_it_may_have_left_is_lost(code, text):
    assert isinstance(failure_of(code, text, 5), Lost)


@pytest.mark.parametrize(
    "text",
    [
        "Deadline Exceeded",
        "Stream removed (Deadline Exceeded)",
        "Stream removed (RST_STREAM (Received RST_STREAM with error code 8))",
    ],
)
def test_the_deadline_is_told_from_a_break(text):
    assert isinstance(failure_of(4, text, 5), TimedOut)


def test_an_alpha_that_is_quicker_with_the_deadline_is_told_from_one_that_cancels():
    text = "Stream removed (RST_STREAM (Received RST_STREAM with error code 8))"
    assert isinstance(failure_of(1, text, 0.05), TimedOut)
    assert isinstance(failure_of(1, text, 0.15), Lost)


@pytest.mark.parametrize(
    ("code", "text"),
    [
        (14, ""),
        (14, "Socket closed"),
        (14, 'connection error: desc = "transport: Error while dialing: connection refused"'),
        (4, ": context deadline exceeded"),
        (1, "context canceled"),
        (2, "while lexing Stream removed (Socket closed) at line 1 column 0"),
        (2, NO_CONNECTION + "UNKNOWN: ipv4:127.0.0.1:1: quoted"),
        (14, "Unavailable: " + NO_CONNECTION + "UNKNOWN: ipv4:127.0.0.1:1: nested"),
        (2, "Please retry again, server is not ready to accept requests"),
    ],
)
def test_an_alphas_own_status_is_no_failure(code, text):
    assert failure_of(code, text, 5) is None
