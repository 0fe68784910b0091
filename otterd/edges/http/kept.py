"""What is made of a head once, for all requests that begin with the same bytes."""

from otterd.core.operation import Caller, Metadata
from otterd.edges.http.plan import Render


class Question:
    """What a request to `/query` says beside its text.

    `json` says that the text and its variables are members of a JSON object, `encoding` how the body is
    encoded. `options` is encoded protobuf that stands behind the text in the call. `streams`, `timeout` and
    what follows are those of Rpc and Call.
    """

    def __init__(self, json: bool, encoding: bytes, metadata: Metadata, render: Render) -> None:
        self.json = json
        self.encoding = encoding
        self.metadata = metadata
        self.render = render
        self.options = b""
        self.streams = True
        self.timeout: float | None = None
        self.start_ts = 0
        self.read_only = False
        self.best_effort = False

    def changed(self, metadata: Metadata, timeout: float | None) -> "Question":
        """Return what is the same but for its metadata and timeout."""
        question = Question(self.json, self.encoding, metadata, self.render)
        question.options, question.streams = self.options, self.streams
        question.timeout, question.start_ts = timeout, self.start_ts
        question.read_only, question.best_effort = self.read_only, self.best_effort
        return question


class Kept:
    """Keeps it; each is None until the first of these requests has needed it.

    `caller` is who sent the last of them, who mostly sends the next.
    """

    def __init__(self) -> None:
        self.caller: Caller | None = None
        self.question: Question | None = None
