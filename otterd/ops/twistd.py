"""Otter's place under twistd: makes its log JSON although no `--logger` was given."""

from collections.abc import Mapping
from typing import Any

from twisted.application.service import IServiceCollection, MultiService
from twisted.logger import ILogObserver
from twisted.python.components import Componentized

from otterd.ops.log import twistd_log


class Root(MultiService):
    """The service that `makeService` returns; `twistd` is the options that twistd itself was given.

    twistd looks for a log observer on its application, after it has hung the service in
    there and before it logs anything: so the service brings one along.
    """

    def __init__(self, twistd: Mapping[str, Any] | None = None) -> None:
        super().__init__()
        self._twistd = twistd

    def setServiceParent(self, parent: IServiceCollection) -> None:
        """Hang the service into `parent`; when that is twistd's application, bring the log."""
        if self._twistd is not None and isinstance(parent, Componentized) and not self._twistd.get("logger"):
            observer = twistd_log(self._twistd)
            if observer is not None:
                parent.setComponent(ILogObserver, observer)
        super().setServiceParent(parent)
