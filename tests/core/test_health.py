"""The ward: who may be given work."""

from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from otterd.core import judge, texts
from otterd.core.health import Bounds, Probed, Standing, Status, Ward
from otterd.core.judge import Verdict
from otterd.core.operation import Answer, Caller, Door, Entry, HttpCall, Operation, Purpose, Rpc
from otterd.core.replaced import replaced

A, B, C = "a:9080", "b:9080", "c:9080"
ALL = (A, B, C)
WELL = Probed()
REFUSED = Probed(Verdict.NOT_REACHED, "it could not be reached: Connection refused")
SILENT = Probed(Verdict.TIMED_OUT, "it gave no answer within 2 s")
DRAINING = Probed(Verdict.DRAINING, "it is draining")


def ward(*addresses: str, bounds: Bounds | None = None) -> Ward:
    """Return a ward in which all are usable at the moment 0."""
    made = Ward(bounds or Bounds())
    made.muster(addresses or ALL, 0.0)
    for address in addresses or ALL:
        made.probed(address, 0.0, WELL)
    return made


def status(made: Ward, address: str) -> Status:
    return made.states()[address].status


def faults(made: Ward, address: str, now: float, times: int = 5) -> None:
    for _ in range(times):
        made.heard(address, now, Verdict.LOST, 0.1)


def test_nobody_is_usable_before_the_first_probe() -> None:
    made = Ward(Bounds())
    made.muster(ALL, 0.0)
    assert made.usable == frozenset()
    assert made.why(A, 0.0) == "it was not asked yet"


def test_the_first_good_probe_counts_at_once_and_gives_a_full_share() -> None:
    made = ward()
    assert made.usable == set(ALL)
    assert made.why(A, 0.0) == ""
    assert made.weight(A, 0.0) == 1.0


def test_the_first_bad_probe_of_one_never_well_counts_at_once() -> None:
    made = Ward(Bounds())
    made.muster(ALL, 0.0)
    made.probed(A, 0.0, REFUSED)
    assert status(made, A) is Status.DOWN
    made.probed(A, 1.0, WELL)
    assert A in made.usable
    assert made.weight(A, 1.0) < 1.0


def test_three_bad_probes_take_out_and_two_good_ones_bring_back() -> None:
    made = ward()
    for now in (1.0, 2.0):
        made.probed(A, now, REFUSED)
        assert A in made.usable
    made.probed(A, 3.0, REFUSED)
    assert A not in made.usable
    assert made.why(A, 3.0) == REFUSED.reason
    made.probed(A, 4.0, WELL)
    assert A not in made.usable
    made.probed(A, 5.0, REFUSED)
    made.probed(A, 6.0, WELL)
    assert A not in made.usable
    made.probed(A, 7.0, WELL)
    assert A in made.usable


def test_a_good_probe_begins_the_count_of_bad_ones_anew() -> None:
    made = ward()
    for now, probed in enumerate((REFUSED, REFUSED, WELL, REFUSED, REFUSED)):
        made.probed(A, float(now), probed)
    assert A in made.usable


@pytest.mark.parametrize("verdict", [Verdict.DRAINING, Verdict.NOT_READY])
def test_who_refuses_is_out_at_once_whoever_hears_it_even_the_last(verdict: Verdict) -> None:
    by_probe, by_request = ward(A), ward(A)
    by_probe.probed(A, 1.0, Probed(verdict, "it says so"))
    by_request.heard(A, 1.0, verdict, 0.001)
    for made in (by_probe, by_request):
        assert made.usable == frozenset()
        assert status(made, A).value == verdict.value
        assert made.why(A, 1.0)
        made.probed(A, 2.0, WELL)
        assert made.usable == frozenset()
        made.probed(A, 3.0, WELL)
        assert made.usable == {A}


def test_one_that_drains_and_then_goes_away_is_down() -> None:
    made = ward()
    made.probed(A, 1.0, DRAINING)
    for now in (2.0, 3.0):
        made.probed(A, now, REFUSED)
    assert status(made, A) is Status.DOWN


def test_a_probe_without_an_answer_takes_out_at_once() -> None:
    made = ward()
    made.probed(A, 1.0, SILENT)
    assert status(made, A) is Status.HANGING
    assert made.why(A, 1.0) == SILENT.reason
    made.probed(A, 2.0, WELL)
    made.probed(A, 3.0, WELL)
    assert A in made.usable


def test_silence_of_more_than_half_is_left_to_the_count() -> None:
    made = ward()
    made.probed(A, 1.0, SILENT)
    made.probed(B, 1.0, SILENT)
    assert made.usable == {B, C}
    made.probed(B, 2.0, SILENT)
    made.probed(B, 3.0, SILENT)
    assert made.usable == {C}


@pytest.mark.parametrize("verdict", [Verdict.LOST, Verdict.NOT_REACHED, Verdict.THROTTLED])
def test_five_faults_in_a_row_eject(verdict: Verdict) -> None:
    made = ward()
    for _ in range(4):
        made.heard(A, 1.0, verdict, 0.1)
    made.heard(A, 1.0, Verdict.FINE, 0.01)
    for _ in range(4):
        made.heard(A, 1.0, verdict, 0.1)
    assert A in made.usable
    made.heard(A, 1.0, verdict, 0.1)
    assert A not in made.usable
    assert made.states()[A].ejected_until == 11.0
    assert made.why(A, 4.0).startswith("left out for another 7 s: it")


def test_an_ejection_ends_by_itself() -> None:
    made = ward()
    faults(made, A, 1.0)
    made.probed(A, 10.9, WELL)
    assert A not in made.usable
    made.tick(11.0)
    assert A in made.usable
    faults(made, A, 11.0, 4)
    assert A in made.usable


def test_each_further_ejection_is_longer_up_to_a_bound_and_calm_shortens_the_next() -> None:
    made, now, lengths = ward(), 0.0, []
    for _ in range(40):
        faults(made, A, now)
        until = made.states()[A].ejected_until
        assert until is not None
        lengths.append(until - now)
        now = until
        made.tick(now)
    assert lengths[:4] == pytest.approx([10, 20, 30, 40])
    assert max(lengths) == lengths[-1] == pytest.approx(300)
    now += 10_000
    faults(made, A, now)
    assert made.states()[A].ejected_until == now + 10


def test_never_more_than_half_are_ejected() -> None:
    made = ward("a:1", "b:1", "c:1", "d:1", "e:1")
    for address in ("a:1", "b:1", "c:1", "d:1"):
        faults(made, address, 1.0)
    assert made.usable == {"c:1", "d:1", "e:1"}


def test_the_last_usable_one_is_never_ejected() -> None:
    alone = ward(A)
    faults(alone, A, 1.0)
    assert alone.usable == {A}
    assert alone.states()[A].ejections == 0
    two = ward(A, B)
    two.probed(B, 1.0, DRAINING)
    faults(two, A, 2.0)
    assert two.usable == {A}
    assert two.states()[A].ejections == 0


def test_each_ejection_is_counted_for_good() -> None:
    made = ward()
    faults(made, A, 1.0)
    made.tick(11.0)
    faults(made, A, 1000.0)
    assert (made.states()[A].ejections, made.states()[A].ejected_ever) == (1, 2)
    assert made.states()[B].ejected_ever == 0


def test_an_ejected_one_is_taken_back_when_nobody_else_is_left() -> None:
    made = ward(A, B)
    faults(made, A, 1.0)
    made.probed(B, 2.0, DRAINING)
    assert made.usable == {A}


def test_a_silent_one_is_taken_back_when_nobody_else_is_left() -> None:
    made = ward(A, B)
    made.probed(A, 1.0, SILENT)
    assert made.usable == {B}
    made.probed(B, 2.0, DRAINING)
    assert made.usable == {A}


def test_one_found_down_leaves_its_place_among_the_ejected() -> None:
    made = ward()
    faults(made, A, 1.0)
    for now in (1.0, 2.0, 3.0):
        made.probed(A, now, REFUSED)
    assert made.states()[A].ejected_until is None
    faults(made, B, 4.0)
    assert made.usable == {C}


def test_one_that_drains_leaves_its_place_among_the_ejected_too() -> None:
    made = ward()
    faults(made, A, 1.0)
    made.heard(A, 2.0, Verdict.DRAINING, 0.1)
    made.probed(A, 3.0, WELL)
    made.probed(A, 4.0, WELL)
    assert A in made.usable


def test_after_a_reload_no_more_than_half_of_the_new_ones_are_ejected() -> None:
    made = ward()
    faults(made, A, 1.0)
    made.muster((A,), 2.0)
    assert made.usable == {A}


def test_after_a_reload_the_one_that_was_out_longest_comes_back() -> None:
    made = ward("a:1", "b:1", "c:1", "d:1")
    faults(made, "a:1", 1.0)
    faults(made, "b:1", 2.0)
    made.muster(("a:1", "b:1", "c:1"), 3.0)
    assert made.usable == {"a:1", "c:1"}


def test_one_that_joins_later_begins_with_little() -> None:
    made = ward(A)
    made.muster((A, B), 5.0)
    assert made.usable == {A}
    made.probed(B, 6.0, WELL)
    assert (made.weight(A, 6.0), made.weight(B, 6.0)) == (1.0, 0.1)


def test_the_share_grows_to_a_full_one() -> None:
    made = ward()
    faults(made, A, 0.0)
    assert made.weight(A, 5.0) == 0.1
    made.tick(10.0)
    shares = [made.weight(A, 10.0 + second) for second in range(12)]
    assert shares == sorted(shares)
    assert (shares[0], shares[5], shares[10], shares[11]) == pytest.approx((0.1, 0.55, 1.0, 1.0))
    assert ward(bounds=Bounds(slow_start=0.0)).weight(A, 0.0) == 1.0


def quick(made: Ward, now: float, *addresses: str) -> None:
    for address in addresses:
        made.heard(address, now, Verdict.FINE, 0.01)


@pytest.mark.parametrize("verdict", [Verdict.FINE, Verdict.TIMED_OUT])
def test_answers_far_slower_than_usual_one_after_the_other_eject(verdict: Verdict) -> None:
    made = ward()
    quick(made, 0.0, *ALL)
    for now in (2.0, 4.0, 6.0):
        assert A in made.usable
        quick(made, now - 0.5, B, C)
        made.heard(A, now, verdict, 1.9)
    assert A not in made.usable
    assert "longer than usual" in made.why(A, 6.0)


def test_slow_answers_are_no_sign_while_probes_are_answered_at_once() -> None:
    """Who is asked for much takes its time and does not hang; who answers nothing at all may."""
    for verdict in (Verdict.FINE, Verdict.TIMED_OUT):
        made = ward()
        quick(made, 0.0, *ALL)
        for now in range(2, 8, 2):
            made.probed(A, now - 0.7, WELL)
            quick(made, now - 0.5, B, C)
            made.heard(A, now, verdict, 1.9)
        assert (A in made.usable) == (verdict is Verdict.FINE)


def test_slow_answers_are_a_sign_when_probes_are_slow_too() -> None:
    made = ward()
    quick(made, 0.0, *ALL)
    for now in (2.0, 4.0, 6.0):
        made.probed(A, now - 0.1, replace(WELL, seconds=1.5))
        quick(made, now - 0.5, B, C)
        made.heard(A, now, Verdict.FINE, 1.9)
    assert A not in made.usable


def test_a_heap_that_hung_together_is_one_sign() -> None:
    made = ward()
    quick(made, 0.0, *ALL)
    quick(made, 6.0, B, C)
    for _ in range(50):
        made.heard(A, 6.6, Verdict.FINE, 6.5)
    assert A in made.usable


def test_nothing_is_held_against_one_while_all_hang() -> None:
    made = ward()
    quick(made, 0.0, *ALL)
    for now in (2.0, 4.0, 6.0, 8.0):
        for address in ALL:
            made.heard(address, now, Verdict.TIMED_OUT, 1.9)
    assert made.usable == set(ALL)


def test_a_quick_answer_clears_the_signs() -> None:
    made = ward()
    quick(made, 0.0, *ALL)
    for now in (2.0, 4.0, 6.0, 8.0):
        quick(made, now - 0.5, *ALL)
        made.heard(A, now, Verdict.TIMED_OUT, 1.9)
    assert A in made.usable


def test_who_is_always_slow_hangs_not() -> None:
    made = ward()
    quick(made, 0.0, B, C)
    for now in range(2, 40, 2):
        quick(made, now - 0.5, B, C)
        made.heard(A, float(now), Verdict.FINE, 1.9)
    assert made.usable == set(ALL)


MISTAKES = sorted({Verdict.MISTAKE, Verdict.ERROR, Verdict.ABORTED, Verdict.EXPIRED, Verdict.OVERLOADED})


@pytest.mark.parametrize("verdict", MISTAKES)
def test_a_callers_mistake_changes_nothing(verdict: Verdict) -> None:
    made = ward()
    faults(made, A, 1.0, 3)
    now = 2.0
    for seconds in (0.0, 0.1, 3.0, 100.0):
        for _ in range(30):
            now += seconds
            quick(made, now, B, C)
            before = repr(made._patients)
            made.heard(A, now, verdict, seconds)
            assert repr(made._patients) == before


def test_a_caller_that_waits_for_no_answer_ejects_nobody() -> None:
    made = ward()
    for step in range(100):
        now = step / 10
        quick(made, now, B, C)
        made.heard(A, now, Verdict.TIMED_OUT, 0.001)
    assert made.usable == set(ALL)


REFUSALS = [texts.NOT_READY, texts.DRAINING, texts.THROTTLED]
NESTED = [
    ": rpc error: code = Unavailable desc = connection error",
    "rpc error: code = Unknown desc = " + texts.DRAINING,
    "Unhealthy connection",
]


def operation(request: Rpc | HttpCall) -> Operation:
    entry = Entry(Door.HTTP, "/query", "id", 0.0)
    return Operation(Purpose.QUERY, request, Caller(Door.HTTP, ""), entry)


@pytest.mark.parametrize("text", [*NESTED, *(f'line 1 column 9: near "{said}"' for said in REFUSALS)])
def test_what_an_error_quotes_or_hands_on_is_not_held_against_who_answers(text: str) -> None:
    made = ward()
    before = {address: made.states()[address] for address in ALL}
    for code in (2, 14):
        for _ in range(20):
            verdict = judge.of_answer(operation(Rpc("Query", b"")), Answer(code, message=text))
            made.heard(A, 1.0, verdict, 0.1)
    body = b'{"errors":[{"message":"' + text.replace('"', '\\"').encode() + b'"}],"data":null}'
    for _ in range(20):
        verdict = judge.of_answer(operation(HttpCall(b"GET", b"/state", ())), Answer(200, body))
        made.heard(A, 1.0, verdict, 0.1)
    assert {address: made.states()[address] for address in ALL} == before


def test_one_whose_data_is_too_old_is_left_out_until_it_has_caught_up() -> None:
    made = ward()
    for now in range(1, 15):
        made.probed(B, float(now), Probed(max_assigned=now * 10, group=1))
        made.probed(C, float(now), Probed(max_assigned=now * 10, group=1))
        made.probed(A, float(now), Probed(max_assigned=10, group=1))
        assert (A in made.usable) == (now <= 11)
    assert made.why(A, 14.0) == "its data is 13 s older than the newest of its group"
    made.probed(A, 15.0, Probed(max_assigned=140, group=1))
    assert A in made.usable


def test_alphas_of_other_groups_are_not_compared() -> None:
    made = ward()
    for now in range(1, 15):
        made.probed(A, float(now), Probed(max_assigned=10, group=1))
        made.probed(B, float(now), Probed(max_assigned=now * 10, group=2))
    assert A in made.usable


def test_the_newest_that_died_does_not_make_the_others_old() -> None:
    made = ward()
    made.probed(A, 1.0, Probed(max_assigned=99, group=1))
    for now in range(2, 30):
        made.probed(A, float(now), REFUSED)
        for address in (B, C):
            made.probed(address, float(now), Probed(max_assigned=10, group=1))
    assert made.usable == {B, C}


def test_each_change_is_told_once() -> None:
    told: list[tuple[str, Standing]] = []
    made = Ward(Bounds(), told=lambda address, standing: told.append((address, standing)))
    made.muster((A, B), 0.0)
    made.probed(A, 0.0, WELL)
    made.probed(A, 1.0, WELL)
    made.probed(A, 2.0, DRAINING)
    made.probed(A, 3.0, DRAINING)
    assert [(address, standing.status, standing.since) for address, standing in told] == [
        (A, Status.USABLE, 0.0),
        (A, Status.DRAINING, 2.0),
    ]


def test_a_stranger_is_not_usable_and_changes_nothing() -> None:
    made = ward()
    made.probed("x:1", 1.0, WELL)
    made.heard("x:1", 1.0, Verdict.LOST, 0.1)
    assert made.usable == set(ALL)
    assert made.why("x:1", 1.0) == "it is not an alpha of this gateway"
    assert 0 < made.weight("x:1", 1.0) <= 1
    assert made.standing("x:1") is None


def test_what_is_usable_stays_the_same_object_while_nothing_changes() -> None:
    made = ward()
    before = made.usable
    made.probed(A, 1.0, WELL)
    made.tick(2.0)
    assert made.usable is before


@given(
    st.sampled_from(REFUSALS),
    st.text(max_size=20),
    st.text(max_size=20),
    st.sampled_from([1, 2, 2, 2, 3, 5, 7, 8, 9, 10, 13, 14, 16]),
    st.sampled_from(Purpose),
    st.booleans(),
)
def test_no_words_around_a_refusal_make_it_one(
    said: str, before: str, after: str, code: int, purpose: Purpose, writes: bool
) -> None:
    assume(code != 2 or (before + after))
    made = ward()
    states, usable = made.states(), made.usable
    asked = replaced(operation(Rpc("Query", b"")), purpose=purpose, writes=writes)
    verdict = judge.of_answer(asked, Answer(code, message=before + said + after))
    for _ in range(10):
        made.heard(A, 1.0, verdict, 5.0)
    assert made.states() == states
    assert made.usable is usable
