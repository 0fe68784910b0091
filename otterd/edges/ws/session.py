"""The state of one socket: who speaks, whose turn it is, and when it ends. No I/O, no time.

Every message is judged as it arrives. Messages without an id are then performed one
after the other and answered in the order of arrival; those with one overlap.
"""

from collections import deque
from typing import Final

from otterd.config.live import Live
from otterd.core.operation import Caller, Door, Metadata
from otterd.core.replaced import replaced
from otterd.edges.http.long_answer import LongAnswer
from otterd.edges.ws import answer
from otterd.edges.ws.flow import Flow
from otterd.edges.ws.message import (
    NOTHING,
    OPERATIONS,
    UNREADABLE,
    Message,
    decode,
    fault,
    flaw_of,
    identity,
)
from otterd.edges.ws.seams import Books, Line, Tokens
from otterd.edges.ws.task import GONE, Task
from otterd.errors import AlphaFailed

ATTEMPTS: Final = 8
"""Wrong tokens in a row that end a socket."""

LAST_WAIT: Final = 3.0
"""Seconds between the last wrong token and the end."""

SPARE: Final = 1 << 20
"""Most unsent bytes of one socket, beyond its largest answer."""

GOING_AWAY: Final = 1001
POLICY: Final = 1008
INTERNAL: Final = 1011
WANT_COMMIT: Final = "commitNow is required: without it nothing is stored"
ROUTES: Final = {
    "query": "ws query",
    "mutation": "ws mutation",
    "upsert": "ws upsert",
    "auth": "ws auth",
}

NONE: Final = Message()


class Session:
    """Decides what becomes of each message of one socket."""

    def __init__(
        self, line: Line, live: Live, tokens: Tokens, books: Books, caller: Caller, client: str
    ) -> None:
        self.is_authenticated = False
        self._line = line
        self._unsent = line.outbox
        self._live = live
        self._tokens = tokens
        self._books = books
        self._caller = caller
        self._client = client
        self._metadata: Metadata = ()
        self._wrong = 0
        self._deaf = self._leaving = self._gone = False
        self._count = 0
        self._queue: deque[Task] = deque()
        self._waiting: deque[Task] = deque()
        self._again: deque[Task] = deque()
        self._running: set[Task] = set()
        self._alone = False
        self._advancing = False
        self._flow: Flow | None = None
        """The long answer that is being sent: nothing else is sent or begun meanwhile."""
        self._behind: list[tuple[Task, bytes]] = []

    @property
    def full(self) -> bool:
        """Whether no further message is wanted now."""
        return self._deaf or self._leaving or self._count >= self._live.config.ws_max_in_flight

    def receive(self, payload: bytes) -> None:
        """Take the message in `payload`; every outcome is an answer, never an exception."""
        if self._deaf:
            return
        wrong = None
        try:
            message = decode(payload)
            id = None if message.id is NOTHING else identity(message.id)
        except UNREADABLE as error:
            wrong, id = flaw_of(error, payload)
            message = NONE
        kind = message.type or ""
        self._count += 1
        if kind == "ping":
            self._settle(Task(self, id, None, message, self._caller), answer.status("pong", id), 200)
            return
        offered = None if id is None else id.encode("utf-8", "replace")
        entry = self._books.open(Door.WEBSOCKET, ROUTES.get(kind, "ws other"), offered)
        entry.client = self._client
        entry.received = len(payload)
        task = Task(self, id, entry, message, self._caller, self._metadata)
        usual = kind == "query" and message.query and message.shape is message.max_stale is None
        if not (usual and self.is_authenticated) and self._answered_here(task, wrong):
            return
        queue = self._queue if id is None else self._waiting
        queue.append(task)
        if len(queue) > 1 or self._advancing or self._alone or self._again or self._unsent.size:
            self.advance()
            return
        # Nothing is before it: all that could begin has begun.
        if id is not None:
            queue.pop()
        task.begun = True
        self._running.add(task)
        self._line.perform(task)
        if self._count >= self._live.config.ws_max_in_flight:
            self._line.pace()

    def performed(self, task: Task, text: bytes, status: int) -> None:
        """Take the answer to `task`."""
        self._running.discard(task)
        self._alone = self._flow is not None
        if self._gone:
            self._close(task, status)
            return
        late = self._unsent.size or self._behind
        if late and not task.alone and not task.writes and self._overflows(len(text)):
            # A write's answer must be kept.
            self._ask_again(task)
        else:
            if task.id is None:
                self._queue.popleft()  # which is `task`, for one at a time is begun
            if status == 200 and task.entry is not None:
                task.entry.status = 200  # which says nothing of the verdict
            else:
                task.note(status)
            self._deliver(task, text)
        waits = self._queue or self._waiting or self._again
        if waits or self._leaving or self._unsent.size or self._line.held:
            self.advance()

    def flows(self, task: Task, long: LongAnswer) -> None:
        """Send the answer to `task` as it comes."""
        self._running.discard(task)
        if self._gone:
            long.stop()
            self._close(task, GONE)
        elif self._flow is not None:
            # Two messages at once cannot be told apart, and nothing of this one need be held.
            long.stop()
            self._ask_again(task)
        else:
            self._alone = True
            self._flow = Flow(task, long, self._line, self._flowed)
            self._flow.start()

    def advance(self) -> None:
        """Send and begin what can be; to be called when unsent bytes left."""
        if self._advancing or self._gone:
            return
        if self._flow is not None:
            self._flow.resume()
        self._advancing = True
        try:
            while self._step():
                pass
        finally:
            self._advancing = False
        if self._leaving and not self._count:
            self._line.dismiss(GOING_AWAY, "going away", 0)
        self._line.pace()

    def drain(self) -> None:
        """Finish what was received, then close."""
        self._leaving = True
        self.advance()

    def lost(self) -> list[Task]:
        """Be told that the socket is gone; return the reads that are still being performed."""
        self._gone = self._deaf = True
        left = [*self._queue, *self._waiting, *self._again, *[task for task, _ in self._behind]]
        if self._flow is not None:
            self._stop(self._flow)
            left = [task for task in left if task is not self._flow.task]
        for task in left:
            if task not in self._running:
                self._close(task, GONE)
        self._behind.clear()
        self._queue.clear()
        self._waiting.clear()
        self._again.clear()
        return [task for task in self._running if not task.writes]

    def _answered_here(self, task: Task, wrong: str | None) -> bool:
        """Answer what needs no alpha, or is `wrong`; tell whether that was done."""
        message, id = task.message, task.id
        kind = message.type or ""
        wrong = wrong or fault(message)
        if wrong is not None:
            self._settle(task, answer.error(wrong, id), 400)
        elif kind == "auth":
            self._authenticate(task)
        elif kind not in OPERATIONS:
            self._settle(task, answer.error("unsupported type", id), 501)
        elif not self.is_authenticated:
            self._settle(task, answer.error("papers please!", id), 401)
        elif kind != "query" and not message.commit_now:
            self._settle(task, answer.error(WANT_COMMIT, id), 400)
        else:
            return False
        return True

    def _authenticate(self, task: Task) -> None:
        message = task.message
        if self._tokens.ws_token_matches(message.token or ""):
            own = message.access_jwt
            self._wrong = 0
            self._metadata = (("accessjwt", own),) if own else ()
            self._caller = replaced(self._caller, trusted=True, own_token=bool(own))
            if not self.is_authenticated:
                self.is_authenticated = True
                self._line.authenticated()
            self._settle(task, answer.status("authenticated", task.id), 200)
            return
        self._wrong += 1
        if self._wrong < ATTEMPTS:
            self._settle(task, answer.error("invalid token", task.id), 401)
            return
        self._deaf = True
        self._count -= 1
        self._close(task, 401)
        self._line.dismiss(POLICY, "Go away! bye!", LAST_WAIT)
        self._line.pace()

    def _settle(self, task: Task, text: bytes, status: int) -> None:
        """Give `task` its answer; it goes out at once, or in its turn."""
        task.note(status)
        if task.id is not None:
            self._deliver(task, text)
        else:
            task.answer = text
            self._queue.append(task)
            self.advance()

    def _step(self) -> bool:
        """Send or begin one task; tell whether there was one."""
        queue = self._queue
        if queue and (text := queue[0].answer) is not None:
            self._deliver(queue.popleft(), text)
            return True
        task = self._next()
        if task is None:
            return False
        task.begun, self._alone = True, task.alone
        self._running.add(task)
        self._line.perform(task)
        return True

    def _next(self) -> Task | None:
        """Return the task to begin now."""
        queue, waiting, again = self._queue, self._waiting, self._again
        if self._alone:
            return None
        if again:
            if self._running:
                return None
        elif not (waiting or (queue and not queue[0].begun)):
            return None
        if self._unsent.size > self._live.config.ws_send_buffer_bytes:
            return None
        if again:
            return again.popleft()
        return queue[0] if queue and not queue[0].begun else waiting.popleft()

    def _stop(self, flow: Flow) -> None:
        """Give up the long answer that is being sent, if it did not break off."""
        flow.stop()
        entry = flow.task.entry
        if entry is not None:
            entry.sent = flow.sent
            if not entry.status:
                flow.task.note(GONE)
            self._books.close(entry)

    def _ask_again(self, task: Task) -> None:
        """Perform a read anew, and alone, when the socket's reader has caught up."""
        task.begun, task.alone = False, True
        self._again.append(task)

    def _flowed(self, whole: bool) -> None:
        """Go on after a long answer, or end the socket: one that broke off can be told by nothing else."""
        flow = self._flow
        assert flow is not None
        task = flow.task
        if task.entry is not None:
            task.entry.status, task.entry.sent = 200, flow.sent
        if not whole:
            # It stays, for nothing can be said within its message.
            if task.entry is not None:
                task.entry.verdict = AlphaFailed.word
            self._deaf = True
            self._line.dismiss(INTERNAL, "the answer broke off", 0)
            self._line.pace()
            return
        self._flow, self._alone = None, False
        if task.id is None:
            self._queue.popleft()
        self._count -= 1
        if task.entry is not None:
            self._books.close(task.entry)
        behind, self._behind = self._behind, []
        for each, text in behind:
            self._deliver(each, text)
        self.advance()

    def _overflows(self, size: int) -> bool:
        total = self._unsent.size + sum([len(text) for _, text in self._behind]) + size
        return total > SPARE and total - max(self._unsent.largest, size) > SPARE

    def _deliver(self, task: Task, text: bytes) -> None:
        if self._flow is not None:
            self._behind.append((task, text))
            return
        self._count -= 1
        self._line.send(text)
        if task.entry is not None:
            task.entry.sent = len(text)
            self._books.close(task.entry)

    def _close(self, task: Task, status: int) -> None:
        task.note(status)
        if task.entry is not None:
            self._books.close(task.entry)
