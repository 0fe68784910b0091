"""Small blocking HTTP calls, and waiting for a condition."""

import http.client
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Reply:
    """An HTTP answer; `headers` maps lower-case names to the first value."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """Return the body parsed."""
        return json.loads(self.body)


def ask(
    address: str,
    method: str,
    target: str,
    body: bytes | str | dict[str, Any] | list[Any] | None = None,
    headers: Mapping[str, str] | None = None,
    *,
    timeout: float = 60.0,
) -> Reply:
    """Send one request on a connection of its own; a dict or list goes as JSON.

    Raises OSError or http.client.HTTPException when no whole answer comes in `timeout` seconds.
    """
    sent = dict(headers or {})
    if isinstance(body, dict | list):
        body = json.dumps(body)
        sent.setdefault("Content-Type", "application/json")
    if isinstance(body, str):
        body = body.encode()
    connection = http.client.HTTPConnection(address, timeout=timeout)
    try:
        connection.request(method, target, body, sent)
        response = connection.getresponse()
        answer = response.read()
        lower = {name.lower(): value for name, value in reversed(response.getheaders())}
        return Reply(response.status, lower, answer)
    finally:
        connection.close()


def answers(address: str, target: str, *, timeout: float = 2.0) -> bool:
    """Return whether a GET is answered with 200."""
    try:
        return ask(address, "GET", target, timeout=timeout).status == 200
    except (OSError, http.client.HTTPException):
        return False


def until(condition: Callable[[], T | None], what: str, *, seconds: float = 90.0) -> T:
    """Return the first true value of `condition`; raises TimeoutError naming `what`."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise TimeoutError(f"{what}: not within {seconds:g} s")
        time.sleep(0.1)
