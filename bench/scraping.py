"""Reads a gateway's metrics once a second while it is measured, as Prometheus would."""

import http.client
import threading
from types import TracebackType


class Scraping:
    """A thread that scrapes `address` until the block is left; nothing when there is no address."""

    def __init__(self, address: str) -> None:
        self._address, self._over = address, threading.Event()
        self._thread = threading.Thread(target=self._scrape)

    def __enter__(self) -> None:
        if self._address:
            self._thread.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        if self._address:
            self._thread.join()

    def _scrape(self) -> None:
        while not self._over.wait(1):
            asked = http.client.HTTPConnection(self._address, timeout=5)
            try:
                asked.request("GET", "/metrics")
                asked.getresponse().read()
            except (OSError, http.client.HTTPException):
                continue
            finally:
                asked.close()
