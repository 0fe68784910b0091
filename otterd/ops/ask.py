"""Ask a running Otter whether it is ready; for health checks, and without a reactor."""

import http.client
import socket
import ssl

from otterd.config.listen import Reach

PATIENCE = 5.0
"""Seconds for the connection and again for each step of the answer."""


class _UnixConnection(http.client.HTTPConnection):
    """HTTP over a UNIX socket."""

    def __init__(self, path: str, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        """Open the socket."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def ask_readiness(reach: Reach, patience: float = PATIENCE) -> tuple[bool, str]:
    """Return whether the Otter at `reach` says that it is ready, and that in words."""
    connection = _connection(reach, patience)
    where = reach.path or f"{reach.host} port {reach.port}"
    try:
        connection.request("GET", "/readyz", headers={"Connection": "close"})
        answer = connection.getresponse()
        answer.read(4096)
    except (OSError, http.client.HTTPException) as error:
        return False, f"no answer from {where}: {error or type(error).__name__}"
    finally:
        connection.close()
    return answer.status == 200, f"{where} answered {answer.status} {answer.reason}"


def _connection(reach: Reach, patience: float) -> http.client.HTTPConnection:
    if reach.path:
        return _UnixConnection(reach.path, patience)
    if not reach.tls:
        return http.client.HTTPConnection(reach.host, reach.port, timeout=patience)
    # The certificate names the public host, not the loopback; nothing secret is said or heard.
    trusting = ssl.create_default_context()
    trusting.check_hostname = False
    trusting.verify_mode = ssl.CERT_NONE
    return http.client.HTTPSConnection(reach.host, reach.port, timeout=patience, context=trusting)
