"""Waiting by a clock of Twisted's, so that tests can let time pass by hand."""

from __future__ import annotations

import asyncio

from twisted.internet.interfaces import IReactorTime


async def pause(clock: IReactorTime, seconds: float) -> None:
    """Return after `seconds` of `clock`; when it is cancelled its timer goes, too."""
    over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    timer = clock.callLater(seconds, _finish, over)
    try:
        await over
    finally:
        if timer.active():
            timer.cancel()


def _finish(over: asyncio.Future[None]) -> None:
    if not over.done():
        over.set_result(None)
