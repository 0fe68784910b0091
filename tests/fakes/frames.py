"""A server that answers gRPC requests with given HTTP/2 frames, whatever they say."""

from twisted.internet.protocol import Factory, Protocol

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"


def frame(kind, flags, stream, payload):
    return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload


def fields(*pairs):
    return b"".join(b"\0" + bytes([len(k)]) + k + bytes([len(v)]) + v for k, v in pairs)


HEAD = ((b":status", b"200"), (b"content-type", b"application/grpc"))


class Frames(Protocol):
    """Speaks just enough HTTP/2 to answer the first request with given frames."""

    def connectionMade(self):
        self.buffer = b""
        self.greeted = False
        self.factory.connections.append(self)

    def dataReceived(self, data):
        self.buffer += data
        if not self.greeted and len(self.buffer) >= len(PREFACE):
            self.greeted = True
            self.buffer = self.buffer[len(PREFACE) :]
            self.transport.write(frame(4, 0, 0, b"") + frame(4, 1, 0, b""))
        while self.greeted and len(self.buffer) >= 9:
            size = int.from_bytes(self.buffer[:3], "big")
            if len(self.buffer) < 9 + size:
                return
            kind, flags, stream = self.buffer[3], self.buffer[4], int.from_bytes(self.buffer[5:9], "big")
            self.buffer = self.buffer[9 + size :]
            if kind == 0 and flags & 1:
                self.factory.answer(self.transport, stream)


class Server:
    """Listens for connections; `answer(transport, stream)` is what each request brings about."""

    def __init__(self, reactor, answer):
        self.factory = factory = Factory.forProtocol(Frames)
        factory.noisy = False
        factory.answer, factory.connections = answer, []
        self.port = reactor.listenTCP(0, factory, interface="127.0.0.1")
        self.address = f"127.0.0.1:{self.port.getHost().port}"

    def stop(self):
        for connection in self.factory.connections:
            connection.transport.abortConnection()
        return self.port.stopListening()


def sends(*frames, close=False):
    def answer(transport, stream):
        for kind, flags, payload in frames:
            transport.write(frame(kind, flags, 0 if kind == 7 else stream, payload))
        if close:
            transport.loseConnection()

    return answer
