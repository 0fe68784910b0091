"""Writes down how a request was decided, for a caller who may know."""

from otterd.core.balance import Ask
from otterd.core.operation import Attempt, Decision
from otterd.gateway.legs import Leg
from otterd.gateway.placing import Placing
from otterd.gateway.seams import Sight


def record_choice(
    decision: Decision, order: tuple[str, ...], ask: Ask, placing: Placing, sight: Sight
) -> None:
    """Write down what the policy said and why it left alphas out."""
    policy = placing.policy
    decision.policy = type(policy).__name__
    decision.why = policy.why(ask, sight)
    decision.pin = ask.pin
    decision.candidates = order
    known = [tablets for tablets in (ask.reads, ask.writes) if tablets is not None]
    decision.predicates = tuple(sorted(frozenset().union(*known))) if len(known) == 2 else None
    for address in policy.members(ask.purpose):
        if address not in order:
            decision.excluded[address] = sight.why_not(address) or "it serves another purpose"


def record_call(decision: Decision, leg: Leg, begun: float) -> None:
    """Write down a call that begins `begun` seconds after the request came."""
    leg.attempt = Attempt(leg.address, str(leg.why), begun)
    decision.attempts.append(leg.attempt)


def record_wait(decision: Decision, elapsed: float) -> None:
    """Write down that a wait ended, `elapsed` seconds after the request came."""
    decision.queued = max(0.0, elapsed - sum(attempt.took for attempt in decision.attempts))
