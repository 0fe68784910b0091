"""The policies that choose an alpha: pure, one class each."""

from collections.abc import Iterable

from otterd.config.schema import Balancer, Config
from otterd.core.balance.avoid_leaders import AvoidLeaders
from otterd.core.balance.choice import Chance
from otterd.core.balance.leaders_only import LeadersOnly
from otterd.core.balance.policy import Ask, Policy, View
from otterd.core.balance.purposeful import Purposeful
from otterd.core.balance.reads_and_writes import ReadsAndWrites
from otterd.core.balance.round_robin import RoundRobin
from otterd.core.balance.round_robin_healthy import RoundRobinHealthy
from otterd.core.balance.state_based import StateBased

__all__ = [
    "Ask",
    "AvoidLeaders",
    "LeadersOnly",
    "Policy",
    "Purposeful",
    "ReadsAndWrites",
    "RoundRobin",
    "RoundRobinHealthy",
    "StateBased",
    "View",
    "policy_for",
]


def policy_for(config: Config, chance: Chance, found: Iterable[str] = ()) -> Policy:
    """Return the policy that `config` names.

    `found` are the gRPC addresses of alphas that the file does not name; no list of `groups` takes them up.
    """
    members = (*config.dgraph_endpoints, *found)
    match config.balancer_type:
        case Balancer.ROUND_ROBIN:
            return RoundRobin(members)
        case Balancer.ROUND_ROBIN_HEALTHY:
            return RoundRobinHealthy(members)
        case Balancer.AVOID_LEADERS:
            return AvoidLeaders(members)
        case Balancer.LEADERS_ONLY:
            return LeadersOnly(members)
        case Balancer.STATE_BASED:
            return StateBased(members, chance)
        case Balancer.READS_AND_WRITES:
            return ReadsAndWrites(config.groups)
        case Balancer.DEFINED | Balancer.PURPOSEFUL:
            return Purposeful(config.groups)
