"""Requests in, replies out: order, framing, accounting, and what a client may do meanwhile."""

from collections.abc import Iterator

import pytest
from twisted.internet.defer import Deferred, fail
from twisted.logger import LogEvent, Logger

from otterd.edges.http import conversation
from otterd.edges.http.exchange import Reply, Request
from tests.edges.http.wirerig import FakeBody, House, chunked, get, post, push_until_paused


@pytest.fixture
def house() -> Iterator[House]:
    house = House()
    yield house
    house.clear()


def test_answers_a_request_with_date_id_and_length(house: House) -> None:
    client = house.connect().send(get("/a?b=c", "X-Request-Id: mine"))
    reply = client.reply
    assert (reply.status, reply.body, reply.keep_alive) == (200, b"GET /a?b=c ", True)
    assert reply.headers[b"X-Request-Id"] == b"mine"
    assert reply.headers[b"Content-Length"] == b"11"
    assert reply.headers[b"Date"].endswith(b"GMT")
    assert b"Connection" not in reply.headers
    (request,) = house.site.requests
    assert (request.path, request.query, request.peer) == (b"/a", b"b=c", "192.0.2.7")
    (entry,) = house.ledger.closed
    assert (entry.status, entry.sent, entry.received, entry.client) == (200, 11, 0, "192.0.2.7")


def test_answers_one_request_after_another_on_one_connection(house: House) -> None:
    client = house.connect()
    for number in range(5):
        client.send(post(f"/{number}", b"x" * number))
    assert [r.body for r in client.replies] == [b"POST /%d %s" % (n, b"x" * n) for n in range(5)]
    assert [e.received for e in house.ledger.closed] == [0, 1, 2, 3, 4]


def test_answers_pipelined_requests_in_order_and_one_at_a_time(house: House) -> None:
    first: Deferred[Reply] = Deferred()
    house.site.answers[b"/slow"] = lambda request: first
    client = house.connect().send(get("/slow") + post("/b", b"body") + chunked("/c", b"hel", b"lo"))
    assert client.raw == b""
    assert [r.path for r in house.site.requests] == [b"/slow"]
    first.callback(Reply(200, (), b"first"))
    assert [r.body for r in client.replies] == [b"first", b"POST /b body", b"POST /c hello"]


def test_joins_the_reply_to_one_write(house: House) -> None:
    client = house.connect()
    writes: list[bytes] = []
    client.protocol.talk.wire.write = writes.append
    client.send(get())
    assert len(writes) == 1


def test_drops_trailers_and_begins_afresh_after_them(house: House) -> None:
    body = chunked("/a", b"hello", trailers=b"X-Admin: yes\r\nHost: evil\r\n")
    client = house.connect().send(body + get("/b"))
    assert client.statuses == [200, 200]
    assert all(b"x-admin" not in r.lower for r in house.site.requests)
    assert [r.lower[b"host"] for r in house.site.requests] == [b"otter", b"otter"]


def test_says_continue_when_the_body_will_be_read(house: House) -> None:
    request = post("/a", b"hello", "Expect: 100-continue")
    client = house.connect().send(request[:-5])
    assert client.raw == b"HTTP/1.1 100 Continue\r\n\r\n"
    client.send(request[-5:])
    assert client.raw.count(b"100 Continue") == 1
    assert client.raw.endswith(b"POST /a hello")


def test_says_no_continue_when_the_body_is_there_already(house: House) -> None:
    client = house.connect().send(post("/a", b"hello", "Expect: 100-continue"))
    assert client.statuses == [200]


def test_says_continue_only_when_earlier_requests_are_answered(house: House) -> None:
    first: Deferred[Reply] = Deferred()
    house.site.answers[b"/slow"] = lambda request: first
    client = house.connect().send(get("/slow") + post("/b", b"hello", "Expect: 100-continue")[:-5])
    house.wait(60)  # the client waits for our 100: its time must not run meanwhile
    assert client.raw == b""
    first.callback(Reply(200, (), b"first"))
    assert client.raw.endswith(b"firstHTTP/1.1 100 Continue\r\n\r\n")
    client.send(b"hello")
    assert client.raw.endswith(b"POST /b hello")


def test_refuses_a_body_that_is_too_large_before_continue(house: House) -> None:
    head = b"POST /a HTTP/1.1\r\nHost: otter\r\nContent-Length: 9999999\r\nExpect: 100-continue\r\n\r\n"
    client = house.connect().send(head)
    assert client.statuses == [413]
    assert not client.reply.keep_alive


def test_leaves_the_body_out_for_head_but_tells_its_length(house: House) -> None:
    client = house.connect().send(b"HEAD /abc HTTP/1.1\r\nHost: otter\r\n\r\n")
    assert b"Content-Length: 10\r\n" in client.raw
    assert client.raw.endswith(b"\r\n\r\n")
    client.send(get("/next"))
    assert client.raw.endswith(b"GET /next ")


def test_does_not_start_a_stream_for_head(house: House) -> None:
    body = FakeBody()
    house.site.answers[b"/a"] = lambda request: Reply(200, (), body, length=77)
    client = house.connect().send(b"HEAD /a HTTP/1.1\r\nHost: otter\r\n\r\n")
    assert body.stopped
    assert body.sink is None
    assert b"Content-Length: 77\r\n" in client.raw


@pytest.mark.parametrize("status", [204, 304])
def test_sends_no_length_where_there_can_be_no_body(house: House, status: int) -> None:
    house.site.answers[b"/a"] = lambda request: Reply(status, (), b"")
    client = house.connect().send(get("/a") + get("/b"))
    assert b"Content-Length" not in client.replies[0].headers
    assert client.statuses == [status, 200]


def test_passes_options_to_the_site(house: House) -> None:
    client = house.connect().send(b"OPTIONS * HTTP/1.1\r\nHost: otter\r\n\r\n")
    assert client.statuses == [200]
    assert house.site.requests[0].path == b"*"


def test_takes_the_path_of_a_url_that_names_the_same_host(house: House) -> None:
    request = b"GET http://Otter:80/a?b HTTP/1.1\r\nHost: otter\r\n\r\n"
    assert house.connect().send(request).statuses == [200]
    assert house.site.requests[0].target == b"/a?b"
    assert house.connect().send(b"GET http://otter HTTP/1.1\r\nHost: otter\r\n\r\n").statuses == [200]
    assert house.site.requests[1].target == b"/"


def test_replaces_what_the_reply_says_of_the_connection(house: House) -> None:
    fields = ((b"x-request-id", b"theirs"), (b"date", b"old"), (b"Connection", b"close"), (b"A", b"b"))
    house.site.answers[b"/a"] = lambda request: Reply(200, fields, b"x")
    reply = house.connect().send(get("/a")).reply
    assert reply.headers[b"X-Request-Id"] == b"id0"
    assert reply.keep_alive
    assert set(reply.headers) == {b"A", b"Date", b"X-Request-Id", b"Content-Length"}


def test_writes_what_the_site_has_ready(house: House) -> None:
    ready = Reply(200, ((b"A", b"b"),), b"x", start=b"HTTP/1.1 200 OK\r\nA: b\r\n", lines=b"C: d\r\n")
    house.site.answers[b"/a"] = lambda request: ready
    client = house.connect().send(get("/a") + get("/a", "Connection: close"))
    for reply in client.replies:
        assert (reply.status, reply.headers[b"A"], reply.headers[b"C"], reply.body) == (200, b"b", b"d", b"x")


def test_closes_when_the_client_asks_for_it(house: House) -> None:
    client = house.connect().send(get("/a", "Connection: close") + get("/b"))
    assert client.statuses == [200]
    assert client.reply.headers[b"Connection"] == b"close"
    assert client.socket.disconnecting
    assert len(house.site.requests) == 1


def test_keeps_an_http_1_0_connection_only_when_asked(house: House) -> None:
    client = house.connect().send(b"GET /a HTTP/1.0\r\n\r\n")
    assert client.reply.headers[b"Connection"] == b"close"
    assert client.socket.disconnecting
    kept = house.connect().send(b"GET /a HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n")
    assert kept.reply.headers[b"Connection"] == b"keep-alive"
    kept.send(b"GET /b HTTP/1.0\r\n\r\n")
    assert kept.statuses == [200, 200]
    assert kept.socket.disconnecting


def test_closes_after_a_reply_that_asks_for_it_and_lets_the_client_read_it(house: House) -> None:
    house.site.answers[b"/a"] = lambda request: Reply(503, (), b"bye", close=True)
    client = house.connect().send(get("/a") + get("/b"))
    assert client.statuses == [503]
    assert client.socket.half_closed
    assert not client.socket.ended
    client.finish()
    assert client.socket.disconnecting
    assert house.ledger.statuses() == [503, 503]


def test_stops_reading_when_too_many_requests_wait() -> None:
    house = House(max_pipelined=3)
    first: Deferred[Reply] = Deferred()
    house.site.answers[b"/slow"] = lambda request: first
    client = house.connect().send(get("/slow"))
    client.send(get("/1") + get("/2"))
    assert client.socket.producerState == "producing"
    client.send(get("/3") + get("/4") + get("/5"))
    assert client.socket.producerState == "paused"
    assert len(house.ledger.opened) == 4
    first.callback(Reply(200, (), b"first"))
    assert client.socket.producerState == "producing"
    assert len(client.replies) == 6
    house.clear()


def test_stops_reading_when_the_bodies_that_wait_are_large() -> None:
    house = House(max_body_bytes=1000)
    first: Deferred[Reply] = Deferred()
    house.site.answers[b"/slow"] = lambda request: first
    client = house.connect().send(get("/slow") + post("/1", b"x" * 900))
    assert client.socket.producerState == "producing"
    client.send(post("/2", b"x" * 900))
    assert client.socket.producerState == "paused"
    assert house.factory.budget.held == 1800
    first.callback(Reply(200, (), b"first"))
    assert house.factory.budget.held == 0
    house.clear()


def test_begins_no_further_request_while_the_client_does_not_read(house: House) -> None:
    house.site.answers[b"/big"] = lambda request: Reply(200, (), b"x" * 100_000)
    client = house.connect()
    client.socket.stuck = True
    client.send(get("/big") + get("/b"))
    assert [r.path for r in house.site.requests] == [b"/big"]
    client.socket.stuck = False
    client.socket.take(200_000)
    assert client.statuses == [200, 200]


def test_cancels_the_work_when_the_client_hangs_up(house: House) -> None:
    cancelled: list[Request] = []

    def slow(request: Request) -> Deferred[Reply]:
        return Deferred(lambda d: cancelled.append(request))

    house.site.answers[b"/slow"] = slow
    client = house.connect().send(get("/slow") + get("/behind") + post("/c", b"hello")[:-1])
    client.lose(clean=False)
    assert len(cancelled) == 1
    assert house.ledger.statuses() == [499, 499, 499]


def test_stops_the_stream_when_the_client_hangs_up(house: House) -> None:
    body = FakeBody()
    house.site.answers[b"/a"] = lambda request: Reply(200, (), body)
    client = house.connect().send(get("/a"))
    body.push(b"abc")
    client.lose()
    assert body.stopped
    assert house.ledger.statuses() == [499]
    assert house.ledger.closed[0].sent == 3
    body.push(b"late")
    body.finish()


def test_stops_a_stream_that_comes_after_the_client_hung_up(house: House) -> None:
    body = FakeBody()
    stubborn: Deferred[Reply] = Deferred(lambda d: d.callback(Reply(200, (), body)))
    house.site.answers[b"/a"] = lambda request: stubborn
    house.connect().send(get("/a")).lose()
    assert body.stopped


def test_answers_a_client_that_only_stopped_sending(house: House) -> None:
    slow: Deferred[Reply] = Deferred()
    house.site.answers[b"/slow"] = lambda request: slow
    client = house.connect().send(get("/slow") + get("/b"))
    client.finish()
    house.wait(0.75)
    slow.callback(Reply(200, (), b"here"))
    assert [r.body for r in client.replies] == [b"here", b"GET /b "]
    assert [r.keep_alive for r in client.replies] == [True, False]
    assert client.socket.disconnecting


def test_takes_a_client_that_stopped_sending_for_gone_after_a_grace(house: House) -> None:
    house.site.answers[b"/slow"] = lambda request: Deferred()
    client = house.connect().send(get("/slow"))
    client.finish()
    house.wait(3)
    assert client.socket.disconnecting
    assert house.ledger.statuses() == [499]


def test_lets_a_stream_run_on_when_the_client_stopped_sending(house: House) -> None:
    body = FakeBody()
    house.site.answers[b"/a"] = lambda request: Reply(200, (), body)
    client = house.connect().send(get("/a"))
    client.finish()
    house.wait(20)
    body.push(b"abc")
    body.finish()
    assert client.reply.body == b"abc"
    assert client.socket.disconnecting


def test_closes_an_idle_connection_whose_client_ends(house: House) -> None:
    client = house.connect().send(get())
    client.finish()
    assert client.socket.disconnecting


def test_refuses_a_request_that_the_client_did_not_finish(house: House) -> None:
    for part in (get("/a")[:-2], post("/a", b"hello")[:-1]):
        client = house.connect().send(part)
        client.finish()
        assert client.statuses == [400]
        assert client.socket.disconnecting


def test_streams_in_chunks_when_the_length_is_not_known(house: House) -> None:
    body = FakeBody()
    house.site.answers[b"/a"] = lambda request: Reply(200, (), body)
    client = house.connect().send(get("/a") + get("/b"))
    body.push(b"hello ", b"", b"world")
    assert not client.reply.complete
    body.finish()
    assert [r.body for r in client.replies] == [b"hello world", b"GET /b "]
    assert house.ledger.closed[0].sent == 11


def test_streams_with_a_length_when_that_is_known(house: House) -> None:
    body = FakeBody()
    house.site.answers[b"/a"] = lambda request: Reply(200, (), body, length=5)
    client = house.connect().send(get("/a"))
    body.push(b"hel", b"lo")
    body.finish()
    assert client.raw.endswith(b"Content-Length: 5\r\n\r\nhello")
    assert not client.socket.ended


def test_streams_to_the_end_of_the_connection_for_http_1_0(house: House) -> None:
    body = FakeBody()
    house.site.answers[b"/a"] = lambda request: Reply(200, (), body)
    client = house.connect().send(b"GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
    body.push(b"hello")
    body.finish()
    assert client.reply.headers[b"Connection"] == b"close"
    assert client.raw.endswith(b"\r\n\r\nhello")
    assert client.socket.ended or client.socket.half_closed


@pytest.mark.parametrize("length", [None, 10])
def test_cuts_off_when_a_stream_breaks(house: House, length: int | None) -> None:
    body = FakeBody()
    house.site.answers[b"/a"] = lambda request: Reply(200, (), body, length=length)
    client = house.connect().send(get("/a"))
    body.push(b"abc")
    body.fail()
    assert client.socket.aborted
    assert not client.reply.complete
    (entry,) = house.ledger.closed
    assert (entry.status, entry.sent, entry.verdict) == (200, 3, "ErrorAlphaFailed")


@pytest.mark.parametrize("pieces", [[b"abc"], [b"abc", b"defg"]])
def test_cuts_off_when_a_stream_is_not_as_long_as_announced(house: House, pieces: list[bytes]) -> None:
    body = FakeBody()
    house.site.answers[b"/a"] = lambda request: Reply(200, (), body, length=5)
    client = house.connect().send(get("/a"))
    body.push(*pieces)
    body.finish()
    assert client.socket.aborted
    assert body.stopped


def test_pauses_the_stream_while_the_client_does_not_keep_up(house: House) -> None:
    body = FakeBody()
    house.site.answers[b"/a"] = lambda request: Reply(200, (), body)
    client = house.connect().send(get("/a"))
    client.socket.stuck = True
    push_until_paused(body, b"x" * 16384)
    assert client.socket.most_held <= house.live.config.tunnel_buffer_bytes + 20_000
    client.socket.take(10**9)
    assert not body.paused


def test_survives_a_site_that_raises(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    events: list[LogEvent] = []
    monkeypatch.setattr(conversation, "log", Logger(observer=events.append))

    def broken(request: Request) -> Reply:
        raise ValueError("a mistake")

    house.site.answers[b"/a"] = broken
    house.site.answers[b"/b"] = lambda request: fail(ValueError("another"))
    client = house.connect().send(get("/a") + get("/b") + get("/c"))
    assert client.statuses == [500, 500, 200]
    assert len(events) == 2


def test_takes_blank_lines_before_a_request(house: House) -> None:
    assert house.connect().send(b"\r\n\r\n" + get("/a") + b"\r\n" + get("/b")).statuses == [200, 200]


def test_takes_an_upgrade_that_is_not_wanted_as_a_plain_request(house: House) -> None:
    for protocol in ("h2c", "websocket"):
        upgrade = get("/a", "Connection: Upgrade", f"Upgrade: {protocol}")
        assert house.connect().send(upgrade + get("/b")).statuses == [200, 200]
    assert [r.upgrade for r in house.site.requests] == [False, False, True, False]


def test_takes_the_blanks_around_a_value_away(house: House) -> None:
    house.connect().send(get("/a", "X:  \t a b \t "))
    assert house.site.requests[0].lower[b"x"] == b"a b"


def test_pauses_a_stream_that_starts_while_the_client_does_not_keep_up(house: House) -> None:
    body = FakeBody()
    late: Deferred[Reply] = Deferred()
    house.site.answers[b"/a"] = lambda request: late
    client = house.connect().send(get("/a"))
    client.protocol.pauseProducing()
    late.callback(Reply(200, (), body))
    assert body.paused
    client.protocol.resumeProducing()
    assert not body.paused
