"""What the judge makes of answers and failures."""

import pytest

from otterd.core import judge, texts
from otterd.core.judge import Kind, Next, Verdict
from otterd.core.operation import Answer, Caller, Door, Duplex, Entry, HttpCall, Operation, Purpose, Rpc
from otterd.core.replaced import replaced
from otterd.errors import Lost, NotReached, OutcomeUnknown, TimedOut
from otterd.wire import api_pb2 as api

GONE = (
    'rpc error: code = Unavailable desc = connection error: desc = "transport: Error while dialing:'
    ' dial tcp 127.0.0.1:7081: connect: connection refused"'
)


BROKEN = "rpc error: code = Unavailable desc = error reading from server: connection reset by peer"
LINK = "dispatchTaskOverNetwork: while retrieving connection.: Unhealthy connection"

AWAY = "unique validation failed to fetch schema for predicates [0-p 0-q]: Unhealthy connection"


def operation(*, http: bool = False, purpose: Purpose = Purpose.QUERY, writes: bool = False) -> Operation:
    request = HttpCall(b"POST", b"/alter", ()) if http else Rpc("Query", b"")
    entry = Entry(Door.HTTP, "/query", "id", 0.0)
    return Operation(purpose, request, Caller(Door.HTTP, ""), entry, writes=writes)


@pytest.mark.parametrize(
    ("code", "text", "verdict"),
    [
        (0, "", Verdict.FINE),
        (2, texts.NOT_READY, Verdict.NOT_READY),
        (2, texts.DRAINING, Verdict.DRAINING),
        (2, texts.THROTTLED, Verdict.THROTTLED),
        (2, f": {texts.DRAINING}", Verdict.ERROR),
        (14, texts.DRAINING, Verdict.CUT_OFF),
        (2, texts.PENDING_PROPOSALS, Verdict.OVERLOADED),
        (2, "line 1 column 2: Unrecognized character", Verdict.ERROR),
        (10, "Transaction has been aborted. Please retry", Verdict.ABORTED),
        (9, "Transaction conflict", Verdict.ABORTED),
        (16, texts.EXPIRED_IN_FULL, Verdict.EXPIRED),
        (16, "no accessJwt available", Verdict.MISTAKE),
        (2, texts.EXPIRED_IN_FULL, Verdict.EXPIRED),
        (2, f"line 1: {texts.EXPIRED_IN_FULL}", Verdict.ERROR),
        (7, "Only guardians are allowed access.", Verdict.MISTAKE),
        (4, "context deadline exceeded", Verdict.TIMED_OUT),
        (14, "connection error", Verdict.CUT_OFF),
        (2, ": Unhealthy connection", Verdict.CUT_OFF),
        (2, ": No connection exists", Verdict.CUT_OFF),
        (2, ": dispatchTaskOverNetwork: while retrieving connection.: Unhealthy connection", Verdict.CUT_OFF),
        (2, GONE, Verdict.CUT_OFF),
        (2, f": {GONE}", Verdict.CUT_OFF),
        (2, f"line 1 column 5: {GONE}", Verdict.ERROR),
        (2, "rpc error: code = Unavailable desc = of a caller's own", Verdict.ERROR),
        (2, "While proposing: raft proposal dropped", Verdict.NO_LEADER),
        (2, "Only leader can decide to commit or abort", Verdict.ZERO_CHANGED),
        (2, "Tablet isn't being served by this instance", Verdict.MAP_BEHIND),
        (2, ": Group checksum mismatch for id: 3", Verdict.MAP_BEHIND),
        (2, ': attr: "0-name" groupId: 2 Request sent to wrong server.', Verdict.MAP_BEHIND),
        (2, 'StartTs: 5 is from before MoveTs: 9 for pred: "0-name"', Verdict.MOVED),
        (2, f": {texts.THROTTLED}", Verdict.ERROR),
        (2, "cannot retrieve predicate information: No connection exists", Verdict.GROUP_AWAY),
        (14, f"cannot retrieve predicate information: {GONE}", Verdict.GROUP_AWAY),
        (2, AWAY, Verdict.GROUP_AWAY),
        (2, f"line 1 column 2: {AWAY}", Verdict.ERROR),
        (2, ": while fetching schema: No connection exists", Verdict.CUT_OFF),
        (14, f": while fetching schema: {GONE}", Verdict.CUT_OFF),
        (2, f": {BROKEN}", Verdict.CUT_OFF),
        (2, f": rpc error: code = Unknown desc = {texts.NOT_READY}", Verdict.CUT_OFF),
        (2, f": rpc error: code = Unknown desc = {texts.DRAINING}", Verdict.CUT_OFF),
        (2, f": rpc error: code = Unknown desc = x {texts.DRAINING}", Verdict.ERROR),
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


KINDS = {
    Kind.READ: operation(),
    Kind.WHOLE: replaced(operation(purpose=Purpose.MUTATION, writes=True), commit_now=True),
    Kind.PART: operation(purpose=Purpose.MUTATION, writes=True),
    Kind.COMMIT: operation(purpose=Purpose.COMMIT, writes=True),
    Kind.STREAM: replaced(
        operation(purpose=Purpose.ADMIN, writes=True), request=Duplex("StreamExtSnapshot", b"")
    ),
}


@pytest.mark.parametrize("kind", Kind)
def test_knows_what_is_judged_alike(kind: Kind) -> None:
    assert judge.kind_of(KINDS[kind]) is kind


@pytest.mark.parametrize("verdict", Verdict)
def test_a_stream_goes_elsewhere_only_when_no_alpha_heard_of_it(verdict: Verdict) -> None:
    follows = judge.next_of(Kind.STREAM, verdict)
    assert (follows is Next.ELSEWHERE) == (verdict is Verdict.NOT_REACHED)
    assert (follows is Next.UNKNOWN) == (verdict in (Verdict.LOST, Verdict.TIMED_OUT))
    assert follows in (Next.ELSEWHERE, Next.UNKNOWN, Next.TELL)


def test_an_import_that_nobody_began_is_no_conflict() -> None:
    told = Answer(9, message="external snapshot streaming is not armed")
    assert judge.of_answer(KINDS[Kind.STREAM], told) is Verdict.ERROR


def test_a_write_within_a_transaction_is_no_whole_one() -> None:
    within = replaced(KINDS[Kind.WHOLE], start_ts=7)
    assert judge.kind_of(within) is Kind.PART


def test_graphql_is_not_known_to_be_a_read() -> None:
    assert judge.kind_of(operation(http=True, purpose=Purpose.GRAPHQL)) is Kind.PART


def test_the_table_knows_each_verdict() -> None:
    assert set(judge.TABLE) == set(Verdict)


@pytest.mark.parametrize("verdict", [Verdict.LOST, Verdict.TIMED_OUT, Verdict.OUTCOME_UNKNOWN])
@pytest.mark.parametrize("kind", [Kind.WHOLE, Kind.PART, Kind.COMMIT])
def test_no_write_is_sent_again_after_its_outcome_became_unknown(kind: Kind, verdict: Verdict) -> None:
    assert judge.next_of(kind, verdict) is Next.UNKNOWN


@pytest.mark.parametrize("kind", set(Kind) - {Kind.STREAM})
@pytest.mark.parametrize("verdict", judge.REFUSED)
def test_what_did_no_work_may_go_elsewhere(kind: Kind, verdict: Verdict) -> None:
    assert judge.next_of(kind, verdict) in (Next.ELSEWHERE, Next.AWAIT)


def test_a_commit_that_could_not_be_handed_on_is_sent_again() -> None:
    commit = KINDS[Kind.COMMIT]
    verdict = judge.of_answer(commit, Answer(2, message="No connection exists"))
    assert judge.next_of(Kind.COMMIT, verdict) is Next.ELSEWHERE


@pytest.mark.parametrize("kind", [Kind.WHOLE, Kind.PART, Kind.COMMIT])
@pytest.mark.parametrize(
    "answer", [Answer(14, message="gone"), Answer(2, message=GONE), Answer(1, message="context canceled")]
)
def test_an_alpha_that_lost_another_one_or_gave_up_leaves_a_writes_outcome_unknown(
    kind: Kind, answer: Answer
) -> None:
    verdict = judge.of_answer(KINDS[kind], answer)
    assert judge.next_of(kind, verdict) is Next.UNKNOWN


def test_the_callers_of_a_lost_transaction_are_told_its_number_and_no_words_to_retry_on() -> None:
    commit = replaced(KINDS[Kind.COMMIT], start_ts=4711)
    told = judge.outcome_unknown(commit, "x. Please retry")
    assert "4711" in told.message
    assert "Please retry" not in told.message
    assert (told.status, told.grpc) == (502, 2)


@pytest.mark.parametrize("kind", [Kind.WHOLE, Kind.PART])
def test_a_write_before_which_another_group_was_away_was_not_begun(kind: Kind) -> None:
    verdict = judge.of_answer(
        KINDS[kind], Answer(14, message=f"cannot retrieve predicate information: {GONE}")
    )
    assert judge.next_of(kind, verdict) is Next.AWAIT


@pytest.mark.parametrize(
    "answer",
    [
        Answer(14, message=f": {GONE}"),
        Answer(14, message=f": {BROKEN}"),
        Answer(2, message=f": {LINK}"),
        Answer(2, message=": Unhealthy connection"),
        Answer(2, message=f": rpc error: code = Unknown desc = {texts.NOT_READY}"),
        Answer(
            2, message="unique validation failed to fetch schema for predicates [0-p]: No connection exists"
        ),
        Answer(14, message=f"unique validation failed to fetch schema for predicates [0-p]: {BROKEN}"),
    ],
)
def test_an_upsert_of_which_not_even_the_query_could_be_run_wrote_nothing(answer: Answer) -> None:
    upsert = replaced(operation(purpose=Purpose.UPSERT, writes=True), commit_now=True)
    verdict = judge.of_answer(upsert, answer)
    assert judge.next_of(Kind.WHOLE, verdict) is Next.AWAIT


@pytest.mark.parametrize("text", ["error reading from server: EOF", BROKEN.partition("desc = ")[2]])
def test_a_write_that_another_alpha_may_have_got_has_an_unknown_outcome(text: str) -> None:
    verdict = judge.of_answer(KINDS[Kind.WHOLE], Answer(14, message=text))
    assert verdict is Verdict.OUTCOME_UNKNOWN


def altering(body: bytes, *headers: tuple[bytes, bytes]) -> Operation:
    return replaced(
        operation(purpose=Purpose.ALTER, writes=True), request=HttpCall(b"POST", b"/alter", headers, body)
    )


ALTERED = b'{"errors":[{"message":"cannot retrieve predicate information: No connection exists"}]}'


@pytest.mark.parametrize(
    ("alter", "verdict"),
    [
        (altering(b"name: string ."), Verdict.GROUP_AWAY),
        (altering(b' {"schema": "name: string .", "runInBackground": true}'), Verdict.GROUP_AWAY),
        (altering(b'{"schema": "name: string .", "dropAll": true}'), Verdict.FINE),
        (altering(b'\n{"\\u0064rop_attr": "name"}'), Verdict.FINE),
        (altering(b"{}"), Verdict.FINE),
        (altering(b"{"), Verdict.FINE),
        (altering(b"name: string .", (b"Content-Encoding", b"gzip")), Verdict.FINE),
    ],
)
def test_an_alter_that_only_declares_was_not_begun_while_a_group_is_away(
    alter: Operation, verdict: Verdict
) -> None:
    assert judge.of_answer(alter, Answer(200, ALTERED)) is verdict


@pytest.mark.parametrize(
    ("asked", "verdict"),
    [
        (api.Operation(schema="name: string ."), Verdict.GROUP_AWAY),
        (api.Operation(schema="name: string .", drop_attr="name"), Verdict.ERROR),
        (api.Operation(drop_all=True), Verdict.ERROR),
        (api.Operation(drop_op=api.Operation.DATA), Verdict.ERROR),
        (api.Operation(), Verdict.ERROR),
    ],
)
def test_nor_was_one_over_grpc(asked: api.Operation, verdict: Verdict) -> None:
    alter = replaced(
        operation(purpose=Purpose.ALTER, writes=True), request=Rpc("Alter", asked.SerializeToString())
    )
    for text in ("cannot retrieve predicate information: No connection exists", f": {LINK}"):
        assert judge.of_answer(alter, Answer(2, message=text)) is verdict


@pytest.mark.parametrize(
    "body",
    [
        b'{"errors":[]}',
        b'{"errors":[1]}',
        b'{"errors":[{"message":5}]}',
        b'{"data":{"code":"Success","message":"Done"}}',
        b"[]",
        ALTERED[:-1],
        ALTERED.replace(b"cannot", b"x cannot"),
        ALTERED.replace(b"}]", b'},{"message":"more"}]'),
    ],
)
def test_nothing_else_says_that_an_alter_was_not_begun(body: bytes) -> None:
    assert judge.of_answer(altering(b"name: string ."), Answer(200, body)) is Verdict.FINE
