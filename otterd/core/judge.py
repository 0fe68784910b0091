"""What an answer or a failure means, and what may therefore be tried again.

A text counts only as a whole message with its code: callers can make an alpha quote
any words back at them, and errors of other alphas arrive nested in longer messages.
"""

from enum import StrEnum

from otterd.core.operation import Answer, HttpCall, Operation, Purpose, Rpc
from otterd.errors import (
    AlphaFailed,
    AlphaFailure,
    DeadlinePassed,
    NotReached,
    OtterError,
    OutcomeUnknown,
    TimedOut,
    Unavailable,
)

OK, UNKNOWN, DEADLINE_EXCEEDED, PERMISSION_DENIED = 0, 2, 4, 7
FAILED_PRECONDITION, ABORTED, UNAUTHENTICATED = 9, 10, 16
MISTAKES = frozenset((3, 5, 6, PERMISSION_DENIED, 12, UNAUTHENTICATED))

NOT_READY = "Please retry again, server is not ready to accept requests"
DRAINING = (
    "the server is in draining mode and client requests will only be allowed after exiting"
    " the mode  by sending a GraphQL draining(enable: false) mutation to /admin"
)
THROTTLED = "429 Too Many Requests. Please throttle your requests"
PENDING_PROPOSALS = "Server overloaded with pending proposals. Please retry later"
EXPIRED = "Token is expired"
EXPIRED_IN_FULL = "unable to parse jwt token: token has invalid claims: Token is expired"
NO_NAMESPACE = "No namespace in the metadata of context"


class Verdict(StrEnum):
    """What the judge says of an Answer or a failure."""

    FINE = "fine"
    MISTAKE = "mistake"
    ERROR = "error"
    NOT_READY = "not ready"
    DRAINING = "draining"
    THROTTLED = "throttled"
    OVERLOADED = "overloaded"
    ABORTED = "aborted"
    EXPIRED = "token expired"
    NOT_REACHED = "not reached"
    LOST = "lost"
    TIMED_OUT = "timed out"
    OUTCOME_UNKNOWN = "outcome unknown"


# An alpha that says one of these has done no work (dgraph.md 2.4, retry column R0).
REFUSALS = {NOT_READY: Verdict.NOT_READY, DRAINING: Verdict.DRAINING, THROTTLED: Verdict.THROTTLED}

REFUSED = frozenset((*REFUSALS.values(), Verdict.NOT_REACHED))
"""Verdicts that prove that no work was done, so that even a write may go to another alpha."""


def _refusal_bodies() -> dict[bytes, Verdict]:
    """Build the HTTP bodies in which an alpha's refusal comes, as Dgraph v24.1 and v25 write them."""
    bodies = {}
    for text, verdict in REFUSALS.items():
        for code in ("Error", "ErrorInvalidRequest"):
            error = f'{{"errors":[{{"message":"{text}","extensions":{{"code":"{code}"}}}}]'
            bodies[f"{error}}}".encode()] = verdict
            bodies[f'{error},"data":null}}'.encode()] = verdict
    return bodies


REFUSAL_BODIES = _refusal_bodies()
LONGEST_REFUSAL = max(map(len, REFUSAL_BODIES))


def of_answer(operation: Operation, answer: Answer) -> Verdict:
    """Say what the alpha's own `answer` means."""
    if isinstance(operation.request, HttpCall):
        return _of_http(answer)
    code, text = answer.status, answer.message
    if code == OK:
        return Verdict.FINE
    if code == UNKNOWN:
        return _of_unknown(text)
    if code in (ABORTED, FAILED_PRECONDITION):
        return Verdict.ABORTED
    if code == UNAUTHENTICATED and text.endswith(EXPIRED):
        return Verdict.EXPIRED
    if code == DEADLINE_EXCEEDED:
        return Verdict.TIMED_OUT
    return Verdict.MISTAKE if code in MISTAKES else Verdict.ERROR


def _of_unknown(text: str) -> Verdict:
    refusal = REFUSALS.get(text)
    if refusal is not None:
        return refusal
    if text == PENDING_PROPOSALS:
        return Verdict.OVERLOADED
    if text in (EXPIRED_IN_FULL, NO_NAMESPACE):
        return Verdict.EXPIRED
    return Verdict.ERROR


def _of_http(answer: Answer) -> Verdict:
    if isinstance(answer.body, bytes):
        refusal = REFUSAL_BODIES.get(answer.body)
        if refusal is not None:
            return refusal
    return Verdict.FINE if answer.status < 400 else Verdict.ERROR


def of_failure(failure: AlphaFailure) -> Verdict:
    """Say what a call that brought no answer means."""
    if isinstance(failure, NotReached):
        return Verdict.NOT_REACHED
    return Verdict.TIMED_OUT if isinstance(failure, TimedOut) else Verdict.LOST


def may_ask_again(operation: Operation) -> bool:
    """Tell whether `operation` may be sent once more after its connection was lost.

    Only reads; GraphQL is not known to be one, for even a persisted query may write.
    """
    return not operation.writes and operation.purpose is not Purpose.GRAPHQL


def error_for(operation: Operation, failure: AlphaFailure) -> OtterError:
    """Return what the caller is told when `failure` is the end of it."""
    if isinstance(failure, NotReached):
        return Unavailable(f"no alpha could be reached for this {operation.purpose}", retry_after=1)
    if not may_ask_again(operation):
        return OutcomeUnknown(
            f"outcome unknown: the {operation.purpose} was sent to an alpha and no answer came;"
            " it may or may not have been applied"
        )
    if isinstance(failure, TimedOut):
        return DeadlinePassed(f"no alpha answered this {operation.purpose} in time")
    return AlphaFailed(f"the connection to the alpha broke during this {operation.purpose}")


def deadline_answer(operation: Operation) -> Answer | None:
    """Return Dgraph's own answer to a read whose caller's time limit passed, else None."""
    if operation.timeout is None or operation.writes or not isinstance(operation.request, Rpc):
        return None
    return Answer(status=DEADLINE_EXCEEDED, message=": context deadline exceeded")
