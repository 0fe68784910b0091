"""One task of a socket through the corridor and back."""

from collections.abc import Callable

from twisted.internet.defer import CancelledError
from twisted.logger import Logger
from twisted.python.failure import Failure

from otterd.core.operation import Answer
from otterd.edges.ws import answer
from otterd.edges.ws.request import operation_of
from otterd.edges.ws.seams import Corridor
from otterd.edges.ws.task import GONE, Task
from otterd.errors import OtterError

log = Logger()

Outcome = tuple[bytes, int]
"""An answer, and the HTTP status that it would have."""

Performed = Callable[[Task, bytes, int], None]
"""Takes a task and its Outcome."""


def perform(corridor: Corridor, task: Task, performed: Performed) -> None:
    """Carry `task` through the `corridor`; `performed` is called once, whatever happens."""
    assert task.entry is not None
    try:
        operation = operation_of(task.message, task.caller, task.metadata, task.entry)
        call = task.call = corridor.perform(operation)
    except Exception:
        performed(task, *_broken(task))
        return
    # One callback, for every message of every socket comes through here.
    call.addBoth(_landed, task, performed)


def _landed(result: Answer | Failure, task: Task, performed: Performed) -> None:
    task.call = None
    try:
        outcome = _told(result, task)
    except Exception:
        outcome = _broken(task)
    try:
        performed(task, *outcome)
    except Exception:
        log.failure("an answer could not be delivered")


def _told(result: Answer | Failure, task: Task) -> Outcome:
    if isinstance(result, Answer):
        return answer.answered(task.message, task.id, result), 200
    if isinstance(result.value, OtterError):
        return answer.refused(task.message, task.id, result.value), result.value.status
    if isinstance(result.value, CancelledError):
        return answer.error("the request was cancelled", task.id), GONE
    assert result.value is not None
    raise result.value


def _broken(task: Task) -> Outcome:
    """Log the exception being handled and return what is told of it."""
    log.failure("a message of type {type} could not be answered", type=task.message.type)
    return answer.error("internal error", task.id), 500
