"""Steady load from keep-alive connections that hides nothing: what fails is counted."""

import http.client
import json
import select
import threading
from collections import Counter
from collections.abc import Callable

BODY = json.dumps({"query": "{ q(func: uid(0x1)) { uid } }"}).encode()
HEADERS = {"Content-Type": "application/json"}

NEW = "on a new connection: "
"""How a failure begins that the first request on a connection met."""


class Load:
    """At least `total` queries from `threads` connections to `address`, and more until `finish`.

    A request counts as failed when it is not answered with 200 and data; it is never sent
    again. A connection is made anew only after an answer that says `Connection: close`, or
    when the other end had closed it before the request was sent.
    """

    def __init__(self, address: str, total: int, threads: int) -> None:
        self._address = address
        self._left = total
        self._finishing = False
        self._lock = threading.Condition()
        self._threads = [threading.Thread(target=self._run, daemon=True) for _ in range(threads)]
        self.answered = 0
        self.reconnected = 0
        self.failed: Counter[str] = Counter()

    def start(self) -> None:
        """Let the requests flow."""
        for thread in self._threads:
            thread.start()

    def reach(self, done: int, seconds: float) -> None:
        """Wait until `done` requests have come to an end, one way or the other."""
        with self._lock:
            if not self._lock.wait_for(lambda: self._done() >= done, seconds):
                raise TimeoutError(f"{self._done()} of {done} requests in {seconds:g} s")

    def finish(self, seconds: float) -> None:
        """Let the rest of `total` come to an end; raises TimeoutError when it does not."""
        self._finishing = True
        for thread in self._threads:
            thread.join(seconds)
            if thread.is_alive():
                raise TimeoutError(f"{self._done()} requests came to an end in {seconds:g} s")

    def _done(self) -> int:
        return self.answered + self.failed.total()

    def _run(self) -> None:
        connection = http.client.HTTPConnection(self._address, timeout=60)
        try:
            while self._take():
                self._settle(self._one(connection))
        finally:
            connection.close()

    def _take(self) -> bool:
        with self._lock:
            self._left -= 1
            return self._left >= 0 or not self._finishing

    def _settle(self, failure: str | None) -> None:
        with self._lock:
            if failure is None:
                self.answered += 1
            else:
                self.failed[failure] += 1
            self._lock.notify_all()

    def _one(self, connection: http.client.HTTPConnection) -> str | None:
        """Send one request; return None, or what went wrong."""
        if connection.sock is not None and select.select([connection.sock], [], [], 0)[0]:
            connection.close()  # it ended while idle, before anything was sent
        new = connection.sock is None
        if new:
            with self._lock:
                self.reconnected += 1
        try:
            connection.request("POST", "/query", BODY, HEADERS)
            response = connection.getresponse()
            answer = response.read()
        except (OSError, http.client.HTTPException) as failure:
            connection.close()
            return f"{NEW if new else ''}{failure!r}"
        if response.status == 200 and b'"data":{"q":' in answer:
            return None
        return f"{response.status} {answer[:200]!r}"


def repeat(count: int, call: Callable[[], bool]) -> bool:
    """Return whether `call` is true `count` times in a row."""
    return all(call() for _ in range(count))
