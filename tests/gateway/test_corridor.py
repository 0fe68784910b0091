"""The corridor: which alpha is tried, when another one is, and what the caller hears in the end."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from twisted.internet.defer import CancelledError, Deferred, fail

from otterd.config.schema import Balancer, Config, Seconds
from otterd.core import judge, texts
from otterd.core.operation import Answer, HttpCall, Purpose
from otterd.core.slots import Lane
from otterd.errors import (
    AlphaFailed,
    DeadlinePassed,
    Draining,
    Forbidden,
    Lost,
    NotReached,
    OutcomeUnknown,
    Overloaded,
    TimedOut,
    Unavailable,
)
from otterd.gateway import calls
from tests.fakes.memory import HANG, Delayed, FakeBody
from tests.gateway.rig import FINE, Rig, operation


@pytest.fixture
def rig() -> Iterator[Rig]:
    rig = Rig()
    yield rig
    assert rig.gateway.in_flight == len(rig.a.channel.waiting + rig.b.channel.waiting)
    assert rig.a.in_flight == len(rig.a.channel.waiting) + len(rig.a.http.waiting)


@pytest.fixture
def mistakes(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Collect what the corridor would log of mistakes of its own; there must be some."""
    said: list[str] = []
    monkeypatch.setattr(calls, "log", SimpleNamespace(failure=lambda text, *_, **__: said.append(text)))
    yield said
    assert said


def refusal(text: str) -> Answer:
    return Answer(status=2, message=text)


def test_takes_the_alphas_in_turn(rig: Rig) -> None:
    answers = [rig.perform(operation()).answer for _ in range(4)]
    assert [answer.alpha for answer in answers if answer] == ["a:9080", "b:9080", "c:9080", "a:9080"]


def test_passes_the_alphas_own_error_as_it_is(rig: Rig) -> None:
    error = Answer(status=10, message="Transaction has been aborted. Please retry")
    rig.a.channel.on("Query", error)
    heard = rig.perform(operation(Purpose.MUTATION))
    assert heard.answer is error
    assert not rig.b.channel.calls


@pytest.mark.parametrize("purpose", [Purpose.QUERY, Purpose.MUTATION, Purpose.UPSERT, Purpose.COMMIT])
@pytest.mark.parametrize(
    "outcome",
    [NotReached("refused"), *(refusal(text) for text in judge.REFUSALS)],
    ids=["unreached", *(verdict.name for verdict in judge.REFUSALS.values())],
)
def test_tries_another_alpha_when_no_work_was_done(rig: Rig, purpose: Purpose, outcome: Any) -> None:
    sent = operation(purpose)
    method = sent.request.method
    assert isinstance(method, str)
    rig.a.channel.on(method, outcome)
    heard = rig.perform(sent)
    assert heard.answer
    assert heard.answer.alpha == "b:9080"
    assert (sent.entry.attempts, sent.entry.alpha, sent.entry.verdict) == (2, "b:9080", "fine")


def test_a_quoted_refusal_is_not_a_refusal(rig: Rig) -> None:
    rig.a.channel.on("Query", refusal(f"line 1 column 3: {texts.DRAINING}"))
    heard = rig.perform(operation(Purpose.MUTATION))
    assert heard.answer
    assert heard.answer.alpha == "a:9080"


def test_a_refusal_by_every_alpha_passes_verbatim(rig: Rig) -> None:
    for alpha in rig.alphas.values():
        alpha.channel.on("Query", refusal(texts.NOT_READY))
    heard = rig.perform(operation(Purpose.MUTATION))
    assert heard.answer
    assert (heard.answer.status, heard.answer.message) == (2, texts.NOT_READY)


def test_no_alpha_reached_is_unavailable(rig: Rig) -> None:
    for alpha in rig.alphas.values():
        alpha.channel.on("Query", NotReached("refused"))
    heard = rig.perform(operation(Purpose.MUTATION))
    assert isinstance(heard.error, Unavailable)
    assert heard.error.retry_after == 1


def test_tries_no_more_alphas_than_allowed() -> None:
    rig = Rig(max_attempts=2)
    for alpha in rig.alphas.values():
        alpha.channel.on("Query", NotReached("refused"))
    rig.perform(operation())
    assert not rig.c.channel.calls


@pytest.mark.parametrize("failure", [Lost("reset"), TimedOut("late")])
@pytest.mark.parametrize(
    "purpose", [Purpose.MUTATION, Purpose.UPSERT, Purpose.COMMIT, Purpose.ALTER, Purpose.GRAPHQL]
)
def test_never_sends_a_write_again_whose_outcome_is_unknown(
    rig: Rig, purpose: Purpose, failure: Exception
) -> None:
    sent = operation(purpose)
    for alpha in rig.alphas.values():
        alpha.channel.default = failure
    heard = rig.perform(sent)
    assert isinstance(heard.error, OutcomeUnknown)
    assert heard.error.message.startswith("outcome unknown")
    assert "Please retry" not in heard.error.message
    assert len(rig.a.channel.calls) == 1
    assert not rig.b.channel.calls
    assert sent.entry.verdict == "outcome unknown"


def test_a_write_refused_once_and_lost_then_is_not_sent_a_third_time(rig: Rig) -> None:
    rig.a.channel.on("Query", NotReached("refused"))
    rig.b.channel.on("Query", Lost("reset"))
    heard = rig.perform(operation(Purpose.MUTATION))
    assert isinstance(heard.error, OutcomeUnknown)
    assert not rig.c.channel.calls


def test_asks_a_lost_read_once_more_elsewhere(rig: Rig) -> None:
    rig.a.channel.on("Query", Lost("reset"))
    heard = rig.perform(operation())
    assert heard.answer
    assert heard.answer.alpha == "b:9080"


def test_a_read_lost_twice_is_a_failure(rig: Rig) -> None:
    for alpha in rig.alphas.values():
        alpha.channel.on("Query", Lost("reset"))
    heard = rig.perform(operation())
    assert isinstance(heard.error, AlphaFailed)
    assert not rig.c.channel.calls


def test_graphql_goes_on_only_after_a_refused_connect(rig: Rig) -> None:
    call = HttpCall(b"POST", b"/graphql", ())
    rig.a.http.on("/graphql", NotReached("refused"))
    rig.b.http.on("/graphql", Lost("reset"))
    heard = rig.perform(operation(Purpose.GRAPHQL, request=call, writes=True))
    assert isinstance(heard.error, OutcomeUnknown)
    assert not rig.c.http.calls


def test_a_read_without_an_answer_is_a_passed_deadline(rig: Rig) -> None:
    rig.a.channel.on("Query", HANG)
    heard = rig.perform(operation())
    rig.clock.advance(rig.live.config.answer_timeout)
    assert isinstance(heard.error, DeadlinePassed)


def test_the_callers_own_deadline_reaches_the_alpha_and_ends_in_dgraphs_words(rig: Rig) -> None:
    rig.a.channel.on("Query", HANG)
    heard = rig.perform(operation(timeout=0.5))
    assert rig.a.channel.calls[0].timeout == 0.5
    rig.clock.advance(0.5)
    assert heard.answer
    assert (heard.answer.status, heard.answer.message) == (4, ": context deadline exceeded")


def test_an_alpha_that_resets_the_stream_at_the_deadline_means_the_deadline(rig: Rig) -> None:
    rig.a.channel.on("Query", Delayed(0.495, Lost("reset")))
    heard = rig.perform(operation(timeout=0.5))
    rig.clock.advance(0.495)
    assert heard.answer
    assert (heard.answer.status, heard.answer.message) == (4, ": context deadline exceeded")
    assert len(rig.b.channel.calls) == 0


def test_the_callers_deadline_stretches_ours_but_not_without_end(rig: Rig) -> None:
    rig.perform(operation(timeout=100.0))
    rig.perform(operation(timeout=1e9))
    assert rig.a.channel.calls[0].timeout == 100.0
    assert rig.b.channel.calls[0].timeout == rig.live.config.max_caller_timeout


def test_alters_have_longer(rig: Rig) -> None:
    rig.perform(operation(Purpose.ALTER))
    assert rig.a.channel.calls[0].timeout == rig.live.config.slow_answer_timeout


def test_the_second_attempt_has_only_the_time_that_is_left(rig: Rig) -> None:
    rig.a.channel.on("Query", Delayed(0.25, NotReached("connect timed out")))
    rig.perform(operation(timeout=1.0))
    rig.clock.advance(0.25)
    assert rig.b.channel.calls[0].timeout == pytest.approx(0.75)


def test_a_caller_that_hangs_up_cancels_its_read_upstream(rig: Rig) -> None:
    rig.a.channel.on("Query", HANG)
    heard = rig.perform(operation())
    heard.deferred.cancel()
    assert isinstance(heard.error, CancelledError)
    assert rig.a.channel.calls[0].cancelled
    assert rig.gateway.in_flight == 0


def test_a_caller_that_hangs_up_does_not_cancel_its_write(rig: Rig) -> None:
    rig.a.channel.on("Query", Delayed(3, FINE))
    heard = rig.perform(operation(Purpose.MUTATION))
    heard.deferred.cancel()
    assert rig.gateway.in_flight == 1
    rig.clock.advance(3)
    assert not rig.a.channel.calls[0].cancelled
    assert rig.gateway.in_flight == 0


def test_a_refused_request_reaches_no_alpha(rig: Rig) -> None:
    rig.guard.error = Forbidden("not you")
    sent = operation()
    heard = rig.perform(sent)
    assert heard.error is rig.guard.error
    assert sent.entry.verdict == "ErrorForbidden"
    assert not rig.a.channel.calls


def test_holds_no_more_than_max_in_flight() -> None:
    rig = Rig(max_in_flight=1)
    rig.a.channel.on("Query", HANG)
    rig.perform(operation())
    assert isinstance(rig.perform(operation()).error, Overloaded)


def test_a_draining_gateway_takes_nothing_and_tells_when_it_is_empty(rig: Rig) -> None:
    rig.a.channel.on("Query", Delayed(1, FINE))
    rig.perform(operation())
    rig.gateway.draining = True
    assert isinstance(rig.perform(operation()).error, Draining)
    empty: list[None] = []
    rig.gateway.drained().addCallback(empty.append)
    assert not empty
    rig.clock.advance(1)
    assert empty == [None]


def test_lends_its_account_only_as_the_guard_grants(rig: Rig) -> None:
    rig.account.held = "lent"
    rig.perform(operation())
    rig.guard.lend = True
    rig.perform(operation())
    assert ("accessjwt", "lent") not in rig.a.channel.calls[0].request.metadata
    assert rig.b.channel.calls[0].request.metadata == (("x", "y"), ("accessjwt", "lent"))


def test_lends_its_account_over_http_too(rig: Rig) -> None:
    rig.account.held, rig.guard.lend = "lent", True
    rig.perform(operation(request=HttpCall(b"POST", b"/query", ((b"A", b"b"),))))
    assert rig.a.http.calls[0].request.headers == ((b"A", b"b"), (b"X-Dgraph-AccessToken", b"lent"))


def test_an_expired_lent_token_is_renewed_once(rig: Rig) -> None:
    expired = Answer(16, message=texts.EXPIRED_IN_FULL)
    rig.account.held, rig.guard.lend = "old", True
    rig.a.channel.on("Query", expired, FINE)
    heard = rig.perform(operation(Purpose.MUTATION))
    assert heard.answer is FINE
    assert rig.a.channel.calls[1].request.metadata[-1] == ("accessjwt", "fresh")
    rig.b.channel.on("Query", expired)
    heard = rig.perform(operation(Purpose.MUTATION))
    assert heard.answer is expired
    assert rig.account.renewals == 2


def test_waits_for_the_first_login_and_then_lends_its_token(rig: Rig) -> None:
    rig.account.login, rig.guard.lend = Deferred(), True
    heard = rig.perform(operation(Purpose.MUTATION))
    assert not rig.a.channel.calls
    rig.account.held = "lent"
    rig.account.login.callback("lent")
    assert heard.answer
    assert rig.a.channel.calls[0].request.metadata[-1] == ("accessjwt", "lent")


def test_a_login_that_fails_holds_nobody_up(rig: Rig) -> None:
    rig.account.login, rig.guard.lend = Deferred(), True
    heard = rig.perform(operation())
    rig.account.login.callback("")
    assert heard.answer


def test_a_write_whose_time_passed_before_it_was_sent_has_a_known_outcome(rig: Rig) -> None:
    rig.account.login, rig.guard.lend = Deferred(), True
    heard = rig.perform(operation(Purpose.MUTATION))
    rig.clock.advance(rig.live.config.answer_timeout)
    rig.account.login.callback("")
    assert isinstance(heard.error, DeadlinePassed)
    assert not rig.a.channel.calls


def test_a_caller_that_hangs_up_during_the_login_sends_nothing(rig: Rig) -> None:
    rig.account.login, rig.guard.lend = Deferred(), True
    heard = rig.perform(operation(Purpose.MUTATION))
    heard.deferred.cancel()
    rig.account.login.callback("")
    assert not rig.a.channel.calls
    assert rig.gateway.in_flight == 0


def test_a_callers_own_expired_token_is_the_callers_business(rig: Rig) -> None:
    rig.a.channel.on("Query", Answer(16, message=texts.EXPIRED_IN_FULL))
    heard = rig.perform(operation())
    assert heard.answer
    assert heard.answer.status == 16
    assert rig.account.renewals == 0


def test_a_refusal_inside_http_200_is_tried_elsewhere(rig: Rig) -> None:
    body = next(iter(judge.REFUSAL_BODIES))
    headers = ((b"Content-Length", str(len(body)).encode()),)
    rig.a.http.on("/alter", Answer(200, FakeBody(body[:20], body[20:]), headers))
    heard = rig.perform(operation(Purpose.ALTER, request=HttpCall(b"POST", b"/alter", ())))
    assert heard.answer
    assert heard.answer.alpha == "b:9080"


def test_a_short_http_answer_that_breaks_off_is_an_unknown_outcome(rig: Rig) -> None:
    rig.a.http.on("/alter", Answer(200, FakeBody(b"{", fail="reset"), ((b"Content-Length", b"9"),)))
    heard = rig.perform(operation(Purpose.ALTER, request=HttpCall(b"POST", b"/alter", ())))
    assert isinstance(heard.error, OutcomeUnknown)


def test_a_named_target_is_the_only_one_tried(rig: Rig) -> None:
    rig.c.http.on("/admin/shutdown", NotReached("refused"))
    call = HttpCall(b"GET", b"/admin/shutdown", ())
    heard = rig.perform(operation(Purpose.ADMIN, request=call, writes=True, target="c:9080"))
    assert isinstance(heard.error, Unavailable)
    assert len(rig.c.http.calls) == 1
    assert not rig.a.http.calls


def test_a_reload_changes_the_alphas(rig: Rig) -> None:
    rig.live.replace(Config(dgraph_endpoints=("c:9080",), answer_timeout=Seconds(1.0)))
    heard = rig.perform(operation())
    assert heard.answer
    assert heard.answer.alpha == "c:9080"


def test_purposes_go_to_their_own_lists() -> None:
    rig = Rig(
        balancer_type=Balancer.DEFINED,
        groups={"query": ("a:9080",), "mutation": ("b:9080",), "upsert": ("c:9080",)},
    )
    went = {}
    for purpose in Purpose:
        heard = rig.perform(operation(purpose))
        assert heard.answer
        went[purpose] = heard.answer.alpha[0]
    assert {p: to for p, to in went.items() if p not in (Purpose.COMMIT, Purpose.LOGIN)} == {
        Purpose.QUERY: "a",
        Purpose.GRAPHQL: "a",
        Purpose.STATE: "a",
        Purpose.MUTATION: "b",
        Purpose.ALTER: "b",
        Purpose.ADMIN: "b",
        Purpose.UPSERT: "c",
    }


@pytest.mark.parametrize("at_once", [True, False])
def test_a_mistake_of_a_channel_ends_the_request_and_takes_no_room(
    at_once: bool, mistakes: list[str]
) -> None:
    rig = Rig()

    def call(*_: object) -> Deferred[Answer]:
        if at_once:
            raise RuntimeError("a mistake")
        return fail(RuntimeError("a mistake"))

    for alpha in rig.alphas.values():
        alpha.channel.call = call  # type: ignore[method-assign]
    heard = rig.perform(operation())
    assert isinstance(heard.error, AlphaFailed)
    assert rig.gateway.in_flight == 0
    assert not any(alpha.in_flight for alpha in rig.alphas.values())
    assert not any(rig.gateway.shared.lines.taken(Lane.READ, address) for address in rig.alphas)


def test_a_mistake_in_placing_ends_the_request(mistakes: list[str]) -> None:
    rig = Rig()
    rig.gateway.shared.placing.policy = None  # type: ignore[assignment]
    assert isinstance(rig.perform(operation()).error, AlphaFailed)
    assert rig.gateway.in_flight == 0


def test_a_time_limit_that_was_too_short_hints_at_no_change_of_the_cluster() -> None:
    rig = Rig()
    for alpha in rig.alphas.values():
        alpha.channel.default = TimedOut("no answer within the deadline")
    rig.perform(operation(timeout=0.001))
    assert not rig.sight.hints
    for alpha in rig.alphas.values():
        alpha.channel.default = Delayed(2.0, TimedOut("no answer within the deadline"))
    rig.perform(operation(timeout=2.0))
    rig.clock.advance(2.0)
    assert rig.sight.hints
