"""What an answer or a failure means, and what may therefore be tried again: the one table."""

from enum import StrEnum
from typing import Final

from otterd.core import alters, texts
from otterd.core.operation import COMMIT, GRAPHQL, Answer, Duplex, HttpCall, Operation, Purpose, Rpc
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

OK, CANCELLED, UNKNOWN, DEADLINE_EXCEEDED, PERMISSION_DENIED = 0, 1, 2, 4, 7
FAILED_PRECONDITION, ABORTED, UNAVAILABLE, UNAUTHENTICATED = 9, 10, 14, 16
MISTAKES: Final = frozenset((3, 5, 6, PERMISSION_DENIED, 12, UNAUTHENTICATED))


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
    MOVED = "moved"
    EXPIRED = "token expired"
    NO_LEADER = "no leader"
    CUT_OFF = "cut off"
    GROUP_AWAY = "group away"
    ZERO_CHANGED = "zero changed"
    MAP_BEHIND = "map behind"
    NOT_REACHED = "not reached"
    LOST = "lost"
    TIMED_OUT = "timed out"
    OUTCOME_UNKNOWN = "outcome unknown"


# What every request is compared with: to look a member up in its class costs as much as a short function.
FINE: Final = Verdict.FINE
TIMED_OUT: Final = Verdict.TIMED_OUT


class Kind(StrEnum):
    """What decides whether a request may be tried again."""

    READ = "read"
    WHOLE = "whole write"
    """A mutation or upsert that begins and commits its own transaction: failed, nothing of it stays."""
    PART = "write"
    """Any other write: of a longer transaction, an alter, GraphQL, which may write."""
    COMMIT = "commit"
    STREAM = "stream"
    """A call with messages both ways; the other kinds are the table's columns."""


READ: Final = Kind.READ


class Next(StrEnum):
    """What follows from a verdict."""

    TELL = "tell"
    """The answer is the caller's."""
    ELSEWHERE = "elsewhere"
    """Another alpha is asked at once."""
    AWAIT = "await"
    """Another alpha is asked; where none is left, the request waits for the group to come back."""
    RENEW = "renew"
    """The lent account logs in anew and the request is sent again."""
    UNKNOWN = "unknown"
    """The caller is told that the outcome is unknown."""


_TELL: Final = (Next.TELL,) * 4
_ELSEWHERE: Final = (Next.ELSEWHERE,) * 4

TABLE: dict[Verdict, tuple[Next, Next, Next, Next]] = {
    # verdict: for a read, a whole write, any other write, a commit or abort
    Verdict.FINE: _TELL,
    Verdict.MISTAKE: _TELL,
    Verdict.ERROR: _TELL,
    Verdict.ABORTED: _TELL,
    Verdict.MOVED: _TELL,
    Verdict.OVERLOADED: _TELL,
    # The alpha answers these before any work (dgraph.md 2.4, R0).
    Verdict.NOT_READY: _ELSEWHERE,
    Verdict.DRAINING: _ELSEWHERE,
    Verdict.THROTTLED: _ELSEWHERE,
    Verdict.NOT_REACHED: (Next.AWAIT, Next.AWAIT, Next.AWAIT, Next.ELSEWHERE),
    Verdict.EXPIRED: (Next.RENEW,) * 4,
    # A mutation that fails while it is proposed is aborted by the alpha itself, and what was not
    # committed never will be; within a longer transaction the caller decides.
    Verdict.NO_LEADER: (Next.AWAIT, Next.AWAIT, Next.TELL, Next.TELL),
    # No link to zero or to the group behind: what was not handed on is not committed, and a whole write
    # that fails half-way is aborted, or left undecided for ever.
    Verdict.CUT_OFF: (Next.AWAIT, Next.AWAIT, Next.TELL, Next.TELL),
    # Another group could not be asked for its schema, before anything was written.
    Verdict.GROUP_AWAY: (Next.AWAIT, Next.AWAIT, Next.AWAIT, Next.TELL),
    # The zero that was asked leads no more: nothing was decided.
    Verdict.ZERO_CHANGED: (Next.ELSEWHERE, Next.ELSEWHERE, Next.TELL, Next.ELSEWHERE),
    Verdict.MAP_BEHIND: (Next.ELSEWHERE, Next.TELL, Next.TELL, Next.TELL),
    # Sent, and no answer: a write may have been applied.
    Verdict.LOST: (Next.AWAIT, Next.UNKNOWN, Next.UNKNOWN, Next.UNKNOWN),
    Verdict.TIMED_OUT: (Next.TELL, Next.UNKNOWN, Next.UNKNOWN, Next.UNKNOWN),
    Verdict.OUTCOME_UNKNOWN: (Next.TELL, Next.UNKNOWN, Next.UNKNOWN, Next.UNKNOWN),
}

STREAM: Final = {
    # It never left, or was refused unseen; all else that an alpha says is the caller's.
    Verdict.NOT_REACHED: Next.ELSEWHERE,
    Verdict.LOST: Next.UNKNOWN,
    Verdict.TIMED_OUT: Next.UNKNOWN,
}
"""The same for a stream, whose messages are never sent twice; a verdict that is not here is told."""

_COLUMN: Final = {kind: at for at, kind in enumerate(Kind)}

NODE_FAULTS: Final = frozenset((Verdict.NOT_REACHED, Verdict.LOST, Verdict.TIMED_OUT))
"""Verdicts that count against the alpha that was asked; the refusals have a meaning of their own."""

# An alpha that says one of these has done no work.
REFUSALS: Final = {
    texts.NOT_READY: Verdict.NOT_READY,
    texts.DRAINING: Verdict.DRAINING,
    texts.THROTTLED: Verdict.THROTTLED,
}

REFUSED: Final = frozenset((*REFUSALS.values(), Verdict.NOT_REACHED))
"""Verdicts that prove that no work was done, so that even a write may go to another alpha."""

OF_GROUPS: Final = frozenset((Verdict.NO_LEADER, Verdict.CUT_OFF, Verdict.GROUP_AWAY))
"""Verdicts on a group, not on the alpha: another one seldom helps, and to wait does."""

HINTS: Final = frozenset(
    (*NODE_FAULTS, *REFUSED, Verdict.NO_LEADER, Verdict.CUT_OFF, Verdict.MAP_BEHIND, Verdict.MOVED)
)
"""Verdicts that hint that the cluster has changed."""


def _refusal_bodies() -> dict[bytes, Verdict]:
    """Build the HTTP bodies in which an alpha's refusal comes, as Dgraph v24.1 and v25 write them."""
    bodies = {}
    for text, verdict in REFUSALS.items():
        for code in ("Error", "ErrorInvalidRequest"):
            error = f'{{"errors":[{{"message":"{text}","extensions":{{"code":"{code}"}}}}]'
            bodies[f"{error}}}".encode()] = verdict
            bodies[f'{error},"data":null}}'.encode()] = verdict
    return bodies


REFUSAL_BODIES: Final = _refusal_bodies()


def kind_of(operation: Operation) -> Kind:
    """Return the column of the table that `operation` is judged by.

    GraphQL is not known to be a read, for even a persisted query may write.
    """
    if operation.purpose is COMMIT:
        return Kind.COMMIT
    if not operation.writes:
        return Kind.PART if operation.purpose is GRAPHQL else READ
    whole = operation.commit_now and not operation.start_ts and isinstance(operation.request, Rpc)
    if whole:
        return Kind.WHOLE
    return Kind.STREAM if isinstance(operation.request, Duplex) else Kind.PART


def next_of(kind: Kind, verdict: Verdict) -> Next:
    """Return what follows from `verdict` for a request of `kind`."""
    if kind is Kind.STREAM:
        return STREAM.get(verdict, Next.TELL)
    return TABLE[verdict][_COLUMN[kind]]


def of_answer(operation: Operation, answer: Answer) -> Verdict:
    """Say what the alpha's own `answer` means."""
    code, text = answer.status, answer.message
    if code == OK:
        # Of a call: no HTTP status is 0.
        return FINE
    if isinstance(operation.request, HttpCall):
        return _of_http(operation, answer)
    if code == UNKNOWN:
        found = _of_unknown(operation, text)
        if found is Verdict.GROUP_AWAY and operation.purpose is Purpose.ALTER:
            return found if alters.declares(operation) else Verdict.ERROR
        return found
    if code in (ABORTED, FAILED_PRECONDITION):
        # Of a stream it says that the cluster is not ready for an import.
        return Verdict.ERROR if isinstance(operation.request, Duplex) else Verdict.ABORTED
    if code == UNAUTHENTICATED and text.endswith(texts.EXPIRED):
        return Verdict.EXPIRED
    if code == DEADLINE_EXCEEDED:
        return Verdict.TIMED_OUT
    if code == CANCELLED and operation.writes:
        # The alpha, or one behind it, gave up in the middle.
        return Verdict.OUTCOME_UNKNOWN
    if code == UNAVAILABLE:
        # Handed on from another alpha or from zero.
        return _of_lost_link(operation, text)
    return Verdict.MISTAKE if code in MISTAKES else Verdict.ERROR


_PLAIN: Final = {
    **REFUSALS,
    texts.PENDING_PROPOSALS: Verdict.OVERLOADED,
    texts.EXPIRED_IN_FULL: Verdict.EXPIRED,
    texts.NO_NAMESPACE: Verdict.EXPIRED,
    texts.DROPPED: Verdict.NO_LEADER,
    texts.NOT_SERVED: Verdict.MAP_BEHIND,
    **dict.fromkeys(texts.CUT_OFF, Verdict.CUT_OFF),
    **dict.fromkeys(texts.ZERO_CHANGED, Verdict.ZERO_CHANGED),
}


def _of_unknown(operation: Operation, text: str) -> Verdict:
    found = _PLAIN.get(text)
    whole = text
    if found is None:
        text = text.removeprefix(texts.WRAP)
        found = _PLAIN.get(text)
        if found in REFUSALS.values() or found is Verdict.EXPIRED:
            found = None
    if found is Verdict.CUT_OFF and operation.writes and text != whole:
        return Verdict.GROUP_AWAY
    if found is Verdict.CUT_OFF and operation.purpose is Purpose.COMMIT and text == texts.NO_CONNECTION:
        return Verdict.ZERO_CHANGED
    if found is not None:
        return found
    if texts.GROUP_AWAY(whole) or texts.CUT_OFF_LONG(text):
        return _of_lost_link(operation, whole)
    if texts.MOVED(text):
        return Verdict.MOVED
    return Verdict.MAP_BEHIND if texts.MAP_BEHIND(text) else Verdict.ERROR


def _of_lost_link(operation: Operation, text: str) -> Verdict:
    """Say what the `text` of an alpha means that could not reach another one, or zero."""
    if texts.GROUP_AWAY(text):
        return Verdict.GROUP_AWAY
    if not operation.writes:
        return Verdict.CUT_OFF
    # The query of an upsert comes before what it writes; what was asked later may have been applied there.
    asked = text.startswith(texts.WRAP) and texts.CUT_OFF_LONG(text.removeprefix(texts.WRAP))
    return Verdict.GROUP_AWAY if asked else Verdict.OUTCOME_UNKNOWN


def _of_http(operation: Operation, answer: Answer) -> Verdict:
    body = answer.body
    if isinstance(body, bytes):
        refusal = REFUSAL_BODIES.get(body)
        if refusal is not None:
            return refusal
        if operation.purpose is Purpose.ALTER and alters.group_away(body) and alters.declares(operation):
            return Verdict.GROUP_AWAY
    return Verdict.FINE if answer.status < 400 else Verdict.ERROR


def of_failure(failure: AlphaFailure) -> Verdict:
    """Say what a call that brought no answer means."""
    if isinstance(failure, NotReached):
        return Verdict.NOT_REACHED
    return Verdict.TIMED_OUT if isinstance(failure, TimedOut) else Verdict.LOST


def may_ask_again(operation: Operation) -> bool:
    """Tell whether `operation` may be sent once more although it may have arrived before."""
    return kind_of(operation) is Kind.READ


def error_for(operation: Operation, failure: AlphaFailure) -> OtterError:
    """Return what the caller is told when `failure` is the end of it."""
    if isinstance(failure, NotReached):
        return Unavailable(f"no alpha could be reached for this {operation.purpose}", retry_after=1)
    if not may_ask_again(operation):
        return outcome_unknown(operation)
    if isinstance(failure, TimedOut):
        return DeadlinePassed(f"no alpha answered this {operation.purpose} in time")
    return AlphaFailed(f"the connection to the alpha broke during this {operation.purpose}")


def outcome_unknown(operation: Operation, said: str = "") -> OutcomeUnknown:
    """Return what the caller of a write is told whose fate nobody knows; `said` is the alpha's own text."""
    # Dgraph's clients would send it again on these words.
    said = said.replace("Please retry", "…")
    told = f"an alpha answered: {said}" if said else "it was sent to an alpha and no answer came"
    begun = f" start_ts {operation.start_ts};" if operation.start_ts else ""
    return OutcomeUnknown(
        f"outcome unknown:{begun} {told}; this {operation.purpose} may or may not have been applied"
    )


def deadline_answer(operation: Operation) -> Answer | None:
    """Return Dgraph's own answer to a read whose caller's time limit passed, else None."""
    if operation.timeout is None or operation.writes or not isinstance(operation.request, Rpc):
        return None
    return Answer(status=DEADLINE_EXCEEDED, message=": context deadline exceeded")
