"""Takes up alphas that the cluster names and the configuration does not, where a rule tells their address."""

from collections.abc import Collection, Mapping
from itertools import islice
from typing import Protocol

from otterd.config.live import Live
from otterd.config.rules import parsed, translated
from otterd.core.cluster import Map

MOST = 256
"""How many alphas may be taken up."""


class Crew(Protocol):
    """All alphas."""

    def take_up(self, found: Mapping[str, str]) -> None:
        """Hold exactly the alphas `found` beside those of the configuration: gRPC to HTTP address."""


class Discovery:
    """Tells the fleet of alphas beside the configured ones, while `discover` is on."""

    def __init__(self, live: Live, crew: Crew) -> None:
        self._live = live
        self._crew = crew

    def follow(self, chart: Map, named: Collection[str]) -> None:
        """Take up whom `chart` lists and a rule fits; `named` are internal addresses of configured alphas."""
        config = self._live.config
        found: dict[str, str] = {}
        if config.discover:
            strangers = [
                member.internal
                for group in chart.groups.values()
                for member in group.members
                if member.internal not in named
            ]
            found = translated([parsed(text) for text in config.address_rules], strangers)
        self._crew.take_up(dict(islice(found.items(), MOST)))
