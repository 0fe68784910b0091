"""What the judge makes of answers and failures."""

import pytest

from otterd.core import judge
from otterd.core.judge import Verdict
from otterd.core.operation import Answer, Caller, Door, Entry, HttpCall, Operation, Purpose, Rpc
from otterd.errors import Lost, NotReached, OutcomeUnknown, TimedOut


def operation(*, http: bool = False, purpose: Purpose = Purpose.QUERY, writes: bool = False) -> Operation:
    request = HttpCall(b"POST", b"/alter", ()) if http else Rpc("Query", b"")
    entry = Entry(Door.HTTP, "/query", "id", 0.0)
    return Operation(purpose, request, Caller(Door.HTTP, ""), entry, writes=writes)


@pytest.mark.parametrize(
    ("code", "text", "verdict"),
    [
        (0, "", Verdict.FINE),
        (2, judge.NOT_READY, Verdict.NOT_READY),
        (2, judge.DRAINING, Verdict.DRAINING),
        (2, judge.THROTTLED, Verdict.THROTTLED),
        (2, f": {judge.DRAINING}", Verdict.ERROR),
        (14, judge.DRAINING, Verdict.ERROR),
        (2, judge.PENDING_PROPOSALS, Verdict.OVERLOADED),
        (2, "line 1 column 2: Unrecognized character", Verdict.ERROR),
        (10, "Transaction has been aborted. Please retry", Verdict.ABORTED),
        (9, "Transaction conflict", Verdict.ABORTED),
        (16, judge.EXPIRED_IN_FULL, Verdict.EXPIRED),
        (16, "no accessJwt available", Verdict.MISTAKE),
        (2, judge.EXPIRED_IN_FULL, Verdict.EXPIRED),
        (2, f"line 1: {judge.EXPIRED_IN_FULL}", Verdict.ERROR),
        (7, "Only guardians are allowed access.", Verdict.MISTAKE),
        (4, "context deadline exceeded", Verdict.TIMED_OUT),
        (14, "connection error", Verdict.ERROR),
    ],
)
def test_reads_code_and_whole_message(code: int, text: str, verdict: Verdict) -> None:
    assert judge.of_answer(operation(), Answer(code, message=text)) is verdict


def test_only_what_proves_that_no_work_was_done_counts_as_refused() -> None:
    assert {
        Verdict.NOT_REACHED,
        Verdict.NOT_READY,
        Verdict.DRAINING,
        Verdict.THROTTLED,
    } == judge.REFUSED


@pytest.mark.parametrize("body", judge.REFUSAL_BODIES)
def test_knows_a_refusal_by_its_whole_http_body(body: bytes) -> None:
    assert judge.of_answer(operation(http=True), Answer(200, body)) in judge.REFUSED
    assert judge.of_answer(operation(http=True), Answer(200, body + b" ")) is Verdict.FINE


@pytest.mark.parametrize("purpose", Purpose)
@pytest.mark.parametrize("failure", [Lost("x"), TimedOut("x")])
def test_every_write_without_an_answer_has_an_unknown_outcome(
    purpose: Purpose, failure: Lost | TimedOut
) -> None:
    error = judge.error_for(operation(purpose=purpose, writes=True), failure)
    assert isinstance(error, OutcomeUnknown)
    assert (error.status, error.grpc) == (502, 2)
    assert "retry" not in error.message.lower()


def test_a_write_that_never_left_has_a_known_outcome() -> None:
    assert judge.error_for(operation(writes=True), NotReached("x")).status == 503
