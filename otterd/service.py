"""Builds the daemon from a Config; the only module that names the global reactor."""

import asyncio
import sys

from twisted.internet import asyncioreactor


def install_reactor() -> None:
    """Install the asyncio reactor on a uvloop loop, unless one of that kind is there already.

    Must run before anything imports `twisted.internet.reactor`. Raises RuntimeError, saying
    what to do, when another reactor was installed first.
    """
    import uvloop

    installed = sys.modules.get("twisted.internet.reactor")
    if installed is None:
        loop = uvloop.new_event_loop()
        asyncio.set_event_loop(loop)
        asyncioreactor.install(loop)
        return
    if not isinstance(getattr(installed, "_asyncioEventloop", None), uvloop.Loop):
        raise RuntimeError(
            f"otter needs the asyncio reactor on uvloop, but {type(installed).__name__} is installed:"
            " leave out twistd's --reactor option"
        )
