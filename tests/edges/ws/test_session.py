"""One socket's state, without any I/O."""

import json
from typing import Any

import pytest

from otterd.config.live import Live
from otterd.config.schema import Config
from otterd.core.operation import Caller, Door
from otterd.edges.ws.session import SPARE, Session
from otterd.edges.ws.task import Task
from tests.edges.ws.fakes import TOKEN, FakeGuard, FakeLedger


class FakeOutbox:
    """Says how much waits."""

    def __init__(self) -> None:
        self.size = self.largest = 0

    def hold(self, size: int) -> None:
        """Let one answer of `size` bytes wait."""
        self.size = self.largest = size


class FakeLine:
    """Notes what the session asks for."""

    def __init__(self) -> None:
        self.outbox = FakeOutbox()
        self.held = False
        self.sent: list[bytes] = []
        self.tasks: list[Task] = []
        self.dismissals: list[tuple[int, str, float]] = []
        self.paces: list[bool] = []
        self.session: Session | None = None

    def send(self, text: bytes) -> None:
        self.sent.append(text)

    def perform(self, task: Task) -> None:
        self.tasks.append(task)

    def pace(self) -> None:
        assert self.session is not None
        self.held = self.session.full
        self.paces.append(self.held)

    def authenticated(self) -> None:
        pass

    def dismiss(self, code: int, reason: str, after: float) -> None:
        self.dismissals.append((code, reason, after))


class Room:
    """A session with its surroundings, authenticated."""

    def __init__(self, **keys: Any) -> None:
        self.line = FakeLine()
        self.books = FakeLedger()
        caller = Caller(Door.WEBSOCKET, "192.0.2.7")
        self.session = Session(self.line, Live(Config(**keys)), FakeGuard(), self.books, caller, "192.0.2.7")
        self.line.session = self.session
        self.say("auth", token=TOKEN)
        self.line.sent.clear()

    def say(self, type: str, **members: Any) -> None:
        self.session.receive(json.dumps({"type": type, **members}).encode())

    def query(self, text: str, id: str | None = None) -> None:
        self.say("query", query=text, id=id)

    def write(self, text: str, id: str | None = None) -> None:
        self.say("mutation", mutation=text, id=id, commitNow=True)

    def answer(self, index: int, text: bytes) -> None:
        self.session.performed(self.line.tasks[index], text, 200)

    @property
    def begun(self) -> list[str]:
        return [task.message.query or task.message.mutation or "" for task in self.line.tasks]


def test_messages_without_id_are_performed_one_after_the_other() -> None:
    room = Room()
    room.query("1")
    room.query("2")
    room.write("3")
    assert room.begun == ["1"]
    room.answer(0, b"one")
    assert room.begun == ["1", "2"]
    room.answer(1, b"two")
    room.answer(2, b"three")
    assert room.line.sent == [b"one", b"two", b"three"]


def test_whatever_has_no_id_waits_its_turn() -> None:
    room = Room()
    room.query("1")
    room.say("ping")
    room.say("auth", token="wrong")
    room.session.receive(b"nope")
    room.query("2")
    assert room.line.sent == []
    room.answer(0, b"one")
    assert room.line.sent == [
        b"one",
        b'{"status":"pong"}',
        b'{"error":"invalid token"}',
        b'{"error":"invalid JSON: malformed at byte 4"}',
    ]
    assert room.begun == ["1", "2"]


def test_messages_with_id_overlap_and_are_answered_when_ready() -> None:
    room = Room()
    room.query("slow")
    for id in "abc":
        room.query(id, id)
    room.say("ping", id="p")
    assert room.begun == ["slow", "a", "b", "c"]
    room.answer(2, b"B")
    room.answer(1, b"A")
    room.answer(0, b"S")
    room.answer(3, b"C")
    assert room.line.sent == [b'{"id":"p","status":"pong"}', b"B", b"A", b"S", b"C"]


def test_each_message_is_judged_as_it_arrives() -> None:
    line = FakeLine()
    session = Session(line, Live(Config()), FakeGuard(), FakeLedger(), Caller(Door.WEBSOCKET, ""), "")
    line.session = session
    for text in (
        b'{"type":"query","query":"early"}',
        b'{"type":"auth","token":"the-token"}',
        b'{"type":"query","query":"late"}',
    ):
        session.receive(text)
    assert line.sent == [b'{"error":"papers please!"}', b'{"status":"authenticated"}']
    assert [task.message.query for task in line.tasks] == ["late"]


def test_an_answer_that_comes_at_once_is_sent_in_its_turn() -> None:
    room = Room()
    room.line.perform = lambda task: room.session.performed(task, b"now", 200)  # type: ignore[method-assign]
    room.query("1")
    room.query("2", "id")
    room.query("3")
    assert room.line.sent == [b"now", b"now", b"now"]


def test_is_full_while_as_many_are_open_as_may_be() -> None:
    room = Room(ws_max_in_flight=3)
    room.query("1")
    room.query("2", "id")
    assert not room.session.full
    room.say("ping")
    assert room.session.full
    assert room.line.paces[-1]
    room.answer(1, b"")
    assert not room.session.full
    assert not room.line.paces[-1]
    room.answer(0, b"")
    assert room.session._count == 0


def test_begins_nothing_while_its_reader_is_behind() -> None:
    room = Room(ws_send_buffer_bytes=1000)
    room.query("1")
    room.line.outbox.hold(1001)
    room.query("2", "id")
    room.query("3")
    room.answer(0, b"one")
    assert room.begun == ["1"]
    room.line.outbox.hold(1000)
    room.session.advance()
    assert room.begun == ["1", "3", "2"]


def test_a_read_whose_answer_finds_no_room_is_asked_again_alone() -> None:
    room = Room()
    big = bytes(SPARE)
    for id in "abc":
        room.query(id, id)
    room.answer(0, big)
    room.line.outbox.hold(5 * SPARE)
    room.answer(1, big + b"!")
    room.answer(2, b"small")
    assert room.line.sent == [big, b"small"]
    room.query("d", "d")
    assert room.begun == ["a", "b", "c"]
    room.line.outbox.hold(0)
    room.session.advance()
    assert room.begun == ["a", "b", "c", "b"]
    room.answer(3, big + b"!")
    assert room.line.sent[-1] == big + b"!"
    assert room.begun == ["a", "b", "c", "b", "d"]
    room.answer(4, b"")
    assert len(room.books.closed) == len(room.books.opened)


def test_what_is_asked_again_waits_for_all_others_to_end() -> None:
    room = Room()
    for id in "abc":
        room.query(id, id)
    room.line.outbox.hold(2 * SPARE)
    room.answer(0, bytes(SPARE + 1))
    room.answer(1, bytes(SPARE + 1))
    room.line.outbox.hold(0)
    room.session.advance()
    room.query("d", "d")
    assert room.begun == ["a", "b", "c"]
    room.answer(2, b"C")
    assert room.begun == ["a", "b", "c", "a"]
    room.answer(3, b"A")
    assert room.begun == ["a", "b", "c", "a", "b"]
    room.query("e", "e")
    assert room.begun == ["a", "b", "c", "a", "b"]
    room.answer(4, b"B")
    assert room.begun == ["a", "b", "c", "a", "b", "d", "e"]
    assert room.line.sent == [b"C", b"A", b"B"]


def test_nothing_begins_beside_what_is_asked_again() -> None:
    room = Room()
    room.query("a", "a")
    room.line.outbox.hold(2 * SPARE)
    room.answer(0, bytes(SPARE + 1))
    room.line.outbox.hold(0)
    room.session.advance()
    room.query("b", "b")
    assert room.begun == ["a", "a"]
    room.answer(1, b"A")
    assert room.begun == ["a", "a", "b"]


def test_hears_nothing_after_the_last_wrong_token() -> None:
    room = Room()
    for _ in range(8):
        room.say("auth", token="wrong")
    room.say("auth", token=TOKEN)
    room.query("q", "id")
    assert len(room.line.sent) == 7
    assert room.line.dismissals == [(1008, "Go away! bye!", 3.0)]
    assert room.begun == []
    assert room.session.full
    assert room.books.lines[-1] == ("ws auth", 401)


def test_an_ordered_read_that_is_asked_again_keeps_its_turn() -> None:
    room = Room()
    room.query("1")
    room.query("2")
    room.line.outbox.hold(2 * SPARE)
    room.answer(0, bytes(SPARE + 1))
    assert room.line.sent == []
    room.line.outbox.hold(0)
    room.session.advance()
    room.answer(1, b"one")
    room.answer(2, b"two")
    assert room.begun == ["1", "1", "2"]
    assert room.line.sent == [b"one", b"two"]


def test_a_writes_answer_is_kept_whatever_waits() -> None:
    room = Room()
    room.write("w", "id")
    room.line.outbox.hold(9 * SPARE)
    room.answer(0, bytes(2 * SPARE))
    assert len(room.line.sent) == 1


def test_finishes_what_it_has_before_it_goes_away() -> None:
    room = Room()
    room.query("1")
    room.query("2")
    room.session.drain()
    assert room.session.full
    assert room.line.dismissals == []
    room.answer(0, b"one")
    room.answer(1, b"two")
    assert room.line.sent == [b"one", b"two"]
    assert room.line.dismissals == [(1001, "going away", 0)]


def test_goes_away_at_once_when_idle() -> None:
    room = Room()
    room.session.drain()
    assert room.line.dismissals == [(1001, "going away", 0)]


def test_names_the_reads_to_cancel_when_the_socket_is_gone() -> None:
    room = Room()
    room.query("read", "r")
    room.write("write", "w")
    room.query("turn")
    room.write("never begun")
    reads = {room.line.tasks[0], room.line.tasks[2]}
    assert set(room.session.lost()) == reads
    room.answer(1, b"written")
    room.session.performed(room.line.tasks[0], b"", 499)
    room.session.performed(room.line.tasks[2], b"", 499)
    assert room.line.sent == []
    assert room.begun == ["read", "write", "turn"]
    assert len(room.books.closed) == len(room.books.opened)
    assert sorted(room.books.lines[1:]) == [
        ("ws mutation", 200),
        ("ws mutation", 499),
        ("ws query", 499),
        ("ws query", 499),
    ]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('{"type":"auth","token":"wrong"}', ("ws auth", 401)),
        ('{"type":"state"}', ("ws other", 501)),
        ('{"type":"query"}', ("ws query", 400)),
        ('{"type":"<evil>"}', ("ws other", 400)),
        ("nope", ("ws other", 400)),
        ('{"type":"upsert","query":"q","mutation":"m"}', ("ws upsert", 400)),
    ],
)
def test_leaves_one_line_for_each_message(text: str, line: tuple[str, int]) -> None:
    room = Room()
    room.session.receive(text.encode())
    entry = room.books.closed[-1]
    assert entry.verdict.startswith("Error")
    assert (entry.route, entry.status) == line
    assert (entry.received, entry.sent, entry.client) == (len(text), len(room.line.sent[0]), "192.0.2.7")


def test_pings_leave_no_line_and_ids_name_requests() -> None:
    room = Room()
    room.say("ping")
    room.query("q", "my-id")
    assert [entry.route for entry in room.books.opened] == ["ws auth", "ws query"]
    assert room.books.opened[1].request_id == "my-id"


def test_tasks_show_no_secret() -> None:
    room = Room()
    room.say("auth", token=TOKEN, accessJwt="s3cret")
    room.say("query", query="s3cret", variables={"$a": "s3cret"}, token="s3cret", id="i")
    assert "s3cret" not in repr(room.line.tasks[0])
