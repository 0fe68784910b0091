"""The policies that choose an alpha: pure, one class each."""

from otterd.config.schema import Balancer, Config
from otterd.core.balance.policy import Ask, Policy, View
from otterd.core.balance.purposeful import Purposeful
from otterd.core.balance.round_robin import RoundRobin

__all__ = ["Ask", "Policy", "Purposeful", "RoundRobin", "View", "policy_for"]


def policy_for(config: Config) -> Policy:
    """Return the policy that `config` names."""
    if config.balancer_type is Balancer.ROUND_ROBIN:
        return RoundRobin(config.dgraph_endpoints)
    return Purposeful(config.groups)
