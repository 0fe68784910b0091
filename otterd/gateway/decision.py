"""Writes down how a request was decided, for a caller who may know."""

from otterd.config.schema import Balancer
from otterd.core.balance import Ask
from otterd.core.operation import Attempt, Decision, Operation, Waited
from otterd.gateway.legs import Leg
from otterd.gateway.shared import Shared


def record_choice(operation: Operation, ask: Ask, order: tuple[str, ...], shared: Shared) -> None:
    """Write down what the policy said and why it left alphas out; the last choice counts."""
    decision = operation.entry.decision
    assert decision is not None
    policy = shared.placing.policy
    config = shared.live.config
    decision.policy = config.balancer_type.value
    decision.why = policy.why(ask, shared.sight)
    if operation.target:
        decision.why = "the alpha that the request names"
    decision.pin = ask.pin
    decision.candidates = order
    known = [tablets for tablets in (ask.reads, ask.writes) if tablets is not None]
    decision.predicates = tuple(sorted(frozenset().union(*known))) if len(known) == 2 else None
    every = (*config.alphas(), *sorted(shared.sight.discovered))
    decision.excluded = {
        address: _why_not(address, operation, shared) for address in every if address not in order
    }


def _why_not(address: str, operation: Operation, shared: Shared) -> str:
    if operation.target:
        return "the request names another alpha"
    if address not in shared.placing.policy.members(operation.purpose):
        return f"it is not among the alphas for {operation.purpose}"
    reason = shared.sight.why_not(address)
    if reason:
        return reason
    if shared.live.config.balancer_type is Balancer.LEADERS_ONLY:
        return "it leads no group"
    return "the policy passes over it"


def record_call(decision: Decision, leg: Leg, begun: float) -> None:
    """Write down a call that begins `begun` seconds after the request was admitted."""
    leg.attempt = Attempt(leg.address, str(leg.why), begun)
    decision.attempts.append(leg.attempt)


def record_wait(decision: Decision, reason: str, begun: float) -> None:
    """Write down that a wait for `reason` begins `begun` seconds after the request was admitted."""
    decision.waits.append(Waited(reason, begun))


def record_woken(decision: Decision, elapsed: float) -> None:
    """Write down that the last wait is over, `elapsed` seconds after the request was admitted."""
    wait = decision.waits[-1]
    wait.took = elapsed - wait.begun
