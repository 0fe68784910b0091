"""What placing remembers of requests."""

from otterd.config.schema import Balancer
from otterd.core.operation import Operation
from otterd.dql.shape import Purpose, Shape
from otterd.gateway.placing import MOST_NAMED
from tests.gateway.rig import Rig, operation

EACH = 1500


class ManyNames:
    """Facts of requests each of which names predicates that no other does."""

    unseen = parsed = 0

    def of(self, operation: Operation) -> Shape:
        self.unseen += 1
        return Shape(Purpose.QUERY, frozenset(f"p{self.unseen:x}_{at:x}" for at in range(EACH)), frozenset())


def test_requests_that_name_thousands_of_predicates_are_not_all_remembered() -> None:
    placing = Rig(balancer_type=Balancer.STATE_BASED).gateway.shared.placing
    placing.facts = ManyNames()
    for _ in range(2 * MOST_NAMED // EACH):
        assert len(placing.ask(operation(), lent=False).reads or ()) == EACH
        assert sum(len(ask.reads or ()) for ask in placing._asks.values()) <= MOST_NAMED
    assert placing._asks
