"""What callers ask of the corridor, and what they hear."""

from dataclasses import dataclass
from typing import Any

from twisted.internet.defer import Deferred

from otterd.core.operation import Answer, HttpCall, Operation, Purpose, Rpc
from otterd.gateway.legs import BEST_EFFORT
from otterd.wire import api_pb2 as api


@dataclass(eq=False)
class Asked:
    """A request of a caller's."""

    operation: Operation
    mark: bytes
    deadline: float
    done: Deferred[Answer] | None = None
    left: bool = False
    told: int = 0
    answer: Answer | None = None
    error: BaseException | None = None

    def answered(self, answer: Answer) -> None:
        self.told += 1
        self.answer = answer

    def failed(self, failure: Any) -> None:
        self.told += 1
        self.error = failure.value


def request_of(kind: str, mark: str, word: str, start_ts: int) -> tuple[Purpose, Rpc | HttpCall, bool]:
    """Return what a request of `kind` is for, what is sent, and whether it writes."""
    if kind == "commit":
        payload = api.TxnContext(start_ts=start_ts or 7, keys=[mark], preds=[f"1-0-{word}"])
        return Purpose.COMMIT, Rpc("CommitOrAbort", payload.SerializeToString()), True
    if kind in ("alter", "graphql", "state"):
        return (
            Purpose(kind),
            HttpCall(b"POST", b"/" + kind.encode(), (), mark.encode()),
            kind != "state",
        )
    if kind in ("whole", "part"):
        mutation = api.Mutation(set_nquads=f'_:a <{word}> "{mark}" .'.encode())
        request = api.Request(mutations=[mutation], commit_now=kind == "whole", start_ts=start_ts)
        return Purpose.MUTATION, Rpc("Query", request.SerializeToString()), True
    text = f"{{ q(func: has({word})) {{ {word} }} }} # {mark} "
    request = api.Request(query=text, start_ts=start_ts, read_only=kind == "best effort")
    payload = request.SerializeToString() + (BEST_EFFORT if kind == "best effort" else b"")
    return Purpose.QUERY, Rpc("Query", payload), False
