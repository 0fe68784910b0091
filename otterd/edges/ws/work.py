"""One task of a socket through the corridor and back."""

from collections.abc import Callable

from twisted.internet.defer import CancelledError, Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from otterd.core.operation import Answer
from otterd.edges.ws import answer
from otterd.edges.ws.request import operation_of
from otterd.edges.ws.seams import Corridor
from otterd.edges.ws.task import GONE, Task
from otterd.errors import OtterError

log = Logger()

Performed = Callable[[Task, bytes, int], None]
"""Takes a task, its answer and the HTTP status that the answer would have."""


def perform(corridor: Corridor, task: Task, performed: Performed) -> None:
    """Carry `task` through the `corridor`; `performed` is called once, whatever happens."""
    assert task.entry is not None
    try:
        operation = operation_of(task.message, task.caller, task.metadata, task.entry)
        call = task.call = corridor.perform(operation)
    except Exception:
        performed(task, *_broken(Failure(), task))
        return
    told: Deferred[Outcome] = call.addCallbacks(
        _answered, _refused, callbackArgs=(task,), errbackArgs=(task,)
    )
    told.addErrback(_broken, task).addCallback(lambda outcome: performed(task, *outcome))
    told.addErrback(lambda failure: log.failure("an answer could not be delivered", failure))


Outcome = tuple[bytes, int]


def _answered(result: Answer, task: Task) -> Outcome:
    task.call = None
    return answer.answered(task.message, task.id, result), 200


def _refused(failure: Failure, task: Task) -> Outcome:
    task.call = None
    failure.trap(OtterError, CancelledError)
    if isinstance(failure.value, OtterError):
        return answer.refused(task.message, task.id, failure.value), failure.value.status
    return answer.error("the request was cancelled", task.id), GONE


def _broken(failure: Failure, task: Task) -> Outcome:
    log.failure("a message of type {type} could not be answered", failure, type=task.message.type)
    return answer.error("internal error", task.id), 500
