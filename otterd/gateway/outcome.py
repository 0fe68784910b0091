"""What the caller is told in the end."""

from twisted.python.failure import Failure

from otterd.core import judge
from otterd.core.judge import Next, Verdict
from otterd.core.operation import Answer, Operation
from otterd.errors import AlphaFailure, DeadlinePassed, OutcomeUnknown, TimedOut

Result = Answer | Failure


def told(operation: Operation, result: Answer | AlphaFailure, follows: Next) -> Result:
    """Return what the caller is told when `result` is the end of it."""
    if isinstance(result, Answer):
        if follows is not Next.UNKNOWN:
            return result
        return Failure(judge.outcome_unknown(operation, result.message))
    if isinstance(result, TimedOut):
        own = judge.deadline_answer(operation)
        if own is not None:
            own.alpha = operation.entry.alpha
            return own
    return Failure(judge.error_for(operation, result))


def too_late(operation: Operation) -> Result:
    """Return what the caller is told when its time passed before an alpha could do any work."""
    late = DeadlinePassed("no time was left to ask an alpha")
    return judge.deadline_answer(operation) or Failure(late)


def verdict_of(failure: Failure, verdict: Verdict) -> Verdict:
    """Return the verdict to write down for `failure`, when the last call ended with `verdict`."""
    return Verdict.OUTCOME_UNKNOWN if isinstance(failure.value, OutcomeUnknown) else verdict


def discard(answer: Answer) -> None:
    """End the body of an answer that nobody wants."""
    if not isinstance(answer.body, bytes):
        answer.body.stop()
