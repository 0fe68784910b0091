"""A connection over TLS waits for the handshake, and for HTTP/2."""

import pytest
from twisted.internet.interfaces import ISSLTransport
from twisted.internet.task import Clock
from zope.interface import implementer

from otterd.alphas.h2.link import Link, soon_of
from otterd.alphas.h2.protocol import LinkProtocol
from otterd.errors import NotReached
from otterd.wire.h2.frames import PREFACE
from tests.alphas.h2.net import Transport


@implementer(ISSLTransport)
class Secure(Transport):
    """A transport whose handshake chose what a test says."""


class Owner:
    def begun(self, link):
        pass

    def leaving(self, link):
        pass

    def gone(self, link, reason):
        pass


@pytest.fixture
def link():
    clock = Clock()
    link = LinkProtocol(Link(Owner(), clock, soon_of(clock)))
    transport = Secure("10.0.0.1")
    transport.negotiatedProtocol = b"h2"
    link.makeConnection(transport)
    return link


def test_nothing_is_said_before_the_handshake(link):
    assert link.transport.value() == b""
    link.handshakeCompleted()
    assert link.transport.value().startswith(PREFACE)


@pytest.mark.parametrize("chosen", [None, b"http/1.1"])
def test_an_alpha_that_chooses_no_http2_is_not_reached(link, chosen):
    failures = []
    link.link.ready.addErrback(failures.append)
    link.transport.negotiatedProtocol = chosen
    link.handshakeCompleted()
    assert link.transport.aborting
    link.connectionLost()
    assert failures[0].type is NotReached
    assert "no HTTP/2" in failures[0].value.reason
