"""The engine on HTTP/2 of our own: calls to one alpha over a few shared connections.

`channel` keeps the connections and their calls, `attempt` makes a connection, `link` is one and `protocol`
its end towards Twisted, `call` is one call on it, `talk` one with messages both ways, `requests` and
`answers` are the bytes of both ends, without I/O.
"""

from otterd.alphas.h2.channel import H2Channel

__all__ = ["H2Channel"]
