"""What all passages share."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from otterd.config.live import Live
from otterd.core.budget import Budget
from otterd.core.steady import Steady
from otterd.gateway.alarm import Alarm
from otterd.gateway.elections import Elections
from otterd.gateway.lines import Lines
from otterd.gateway.placing import Placing
from otterd.gateway.seams import Alphas, Lender, Schemas, Sight
from otterd.gateway.tally import Tally


@dataclass(slots=True)
class Shared:
    """The corridor's parts; `done` counts one request out."""

    live: Live
    clock: Steady
    alphas: Alphas
    account: Lender
    sight: Sight
    alarm: Alarm
    placing: Placing
    elections: Elections
    lines: Lines
    budget: Budget
    hedges: Budget
    schemas: Schemas | None
    done: Callable[[Any], None]
    tally: Tally = field(default_factory=Tally)
