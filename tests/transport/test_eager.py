"""What eager transports do beyond Twisted's contract, and where they come from."""

import gc
import os
import socket
from pathlib import Path
from typing import Any
from weakref import ref

import pytest
from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress
from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.endpoints import TCP4ClientEndpoint, TCP6ClientEndpoint, serverFromString, wrapClientTLS
from twisted.internet.error import ConnectError, ConnectionRefusedError, UserError
from twisted.internet.protocol import Factory
from twisted.internet.ssl import (
    Certificate,
    PrivateCertificate,
    optionsForClientTLS,
    trustRootFromCertificates,
)
from twisted.internet.task import deferLater
from twisted.internet.tcp import makeBinding

from otterd.transport import eager
from otterd.transport.eager import Dialler, EagerClient, EagerServer, EagerUnixServer, hasten
from tests.alphas.authority import Authority
from tests.transport.ends import PATIENCE, SIDES, End, Once, Recorder, joined, within

BIG = bytes(range(256)) * 8192
"""2 MiB."""
WAVES, WAVE = 40, 100
"""4,000 connections."""


class Counting:
    """A socket that counts what is sent on it."""

    def __init__(self, under: Any) -> None:
        self._under = under
        self.sent: list[bytes] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._under, name)

    def send(self, data: Any) -> int:
        self.sent.append(bytes(data))
        return int(self._under.send(data))


@pytest.mark.parametrize("side", ["server", "client"])
@pytest.mark.parametrize("how", ["write", "look"])
async def test_a_reset_behind_bytes_that_were_read_is_noticed(
    reactor: Any, side: str, how: str, tmp_path: Path
) -> None:
    async def scenario(end: End) -> Any:
        end.peer.send(b"the last")
        end.reset()
        # Both are there when the reactor looks next: it tells of the bytes, and watches the socket no more.
        await end.until(lambda: bool(end.protocol.data))
        await end.turn(3)
        assert end.protocol.events == []
        end.transport.look() if how == "look" else end.transport.write(b"is anybody there?")
        await end.protocol.ended
        return end.protocol.data, end.protocol.events

    work = joined(reactor, "eager", side, Recorder(), tmp_path, scenario)
    assert await within(reactor, work) == (b"the last", ["ConnectionLost"])


@pytest.mark.parametrize("side", ["server", "client"])
async def test_to_look_at_a_connection_that_is_well_changes_nothing(
    reactor: Any, side: str, tmp_path: Path
) -> None:
    async def scenario(end: End) -> Any:
        end.transport.look()
        await end.send(b"more")
        end.transport.look()
        await end.until(lambda: end.protocol.data == b"more")
        return list(end.protocol.events)

    assert await within(reactor, joined(reactor, "eager", side, Recorder(), tmp_path, scenario)) == []


@pytest.mark.parametrize("side", SIDES)
class TestSending:
    async def run(self, reactor: Any, side: str, folder: Path, scenario: Any) -> Any:
        return await within(reactor, joined(reactor, "eager", side, Recorder(), folder, scenario))

    async def test_what_is_written_is_there_at_once(self, reactor: Any, side: str, tmp_path: Path) -> None:
        async def scenario(end: End) -> None:
            end.transport.write(b"now")
            assert end.peer.recv(10) == b"now"
            end.transport.writeSequence([b"and", b" now"])
            assert end.peer.recv(10) == b"and now"

        await self.run(reactor, side, tmp_path, scenario)

    async def test_what_is_written_while_reading_goes_out_in_one_piece(
        self, reactor: Any, side: str, tmp_path: Path
    ) -> None:
        async def scenario(end: End) -> None:
            counting = end.transport.socket = Counting(end.transport.socket)

            def answer(data: bytes) -> None:
                for _ in range(8):
                    end.transport.write(b"answer ")
                    end.transport.writeSequence([b"by ", b"piece "])

            end.protocol.on_data = answer
            await end.send(b"question")
            whole = b"answer by piece " * 8
            assert await end.read_exactly(len(whole)) == whole
            assert counting.sent == [whole]

        await self.run(reactor, side, tmp_path, scenario)

    async def test_only_the_beginning_of_much_is_offered_at_once(
        self, reactor: Any, side: str, tmp_path: Path
    ) -> None:
        async def scenario(end: End) -> None:
            counting = end.transport.socket = Counting(end.transport.socket)
            end.transport.write(BIG)
            assert [len(piece) for piece in counting.sent] == [end.transport.SEND_LIMIT]
            assert await end.read_exactly(len(BIG)) == BIG

        await self.run(reactor, side, tmp_path, scenario)


async def test_a_protocol_that_cannot_bear_its_end_is_told_of_in_the_log(
    reactor: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []

    class Told:
        def failure(self, text: str) -> None:
            told.append(text)

    class Broken(Recorder):
        def connectionLost(self, reason: Any) -> None:
            super().connectionLost(reason)
            raise ValueError

    async def scenario(end: End) -> None:
        end.peer.close()
        await end.protocol.ended
        await end.turn()

    monkeypatch.setattr(eager, "log", Told())
    await within(reactor, joined(reactor, "eager", "server", Broken(), tmp_path, scenario))
    assert told == ["a connection could not be ended"]


class TestPlaces:
    """Ports of every sort, and connections to them."""

    async def meet(self, reactor: Any, port: Any, connect: Any) -> tuple[Recorder, Recorder]:
        """Connect to `port` and return both protocols, with what each sent received by the other."""
        seen: list[Recorder] = []
        port.factory.buildProtocol = lambda addr: seen.append(Recorder()) or seen[-1]
        mine = Recorder()
        mine.on_made = lambda transport: transport.write(b"hello")
        await connect(Once(mine))
        while not seen or seen[0].data != b"hello":
            await deferLater(reactor, 0)
        seen[0].transport.write(b"welcome")
        while mine.data != b"welcome":
            await deferLater(reactor, 0)
        return mine, seen[0]

    async def part(self, port: Any, mine: Recorder, theirs: Recorder) -> None:
        mine.transport.loseConnection()
        await mine.ended
        await theirs.ended
        assert mine.events == theirs.events == ["ConnectionDone"]
        await port.stopListening()

    @pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
    async def test_a_tcp_port(self, reactor: Any, address: str) -> None:
        port = hasten(reactor.listenTCP(0, Factory(), interface=address))
        kind = TCP6ClientEndpoint if ":" in address else TCP4ClientEndpoint
        endpoint = kind(Dialler(reactor), address, port.getHost().port)
        mine, theirs = await within(reactor, self.meet(reactor, port, endpoint.connect))
        assert isinstance(mine.transport, EagerClient)
        assert isinstance(theirs.transport, EagerServer)
        assert mine.transport.getPeer() == theirs.transport.getHost() == port.getHost()
        assert mine.transport.getHost() == theirs.transport.getPeer()
        assert isinstance(port.getHost(), IPv6Address if ":" in address else IPv4Address)
        for transport in (mine.transport, theirs.transport):
            assert transport.getTcpNoDelay()
            assert not transport.getTcpKeepAlive()
            transport.setTcpNoDelay(False)
            transport.setTcpKeepAlive(True)
            assert not transport.getTcpNoDelay()
            assert transport.getTcpKeepAlive()
        await self.part(port, mine, theirs)

    async def test_a_socket_that_was_handed_over(self, reactor: Any) -> None:
        with socket.create_server(("127.0.0.1", 0)) as given:
            given.setblocking(False)
            port = hasten(reactor.adoptStreamPort(given.fileno(), socket.AF_INET, Factory()))
        endpoint = TCP4ClientEndpoint(Dialler(reactor), "127.0.0.1", port.getHost().port)
        mine, theirs = await within(reactor, self.meet(reactor, port, endpoint.connect))
        assert isinstance(theirs.transport, EagerServer)
        await self.part(port, mine, theirs)

    async def test_a_port_that_several_share(self, reactor: Any) -> None:
        first = hasten(reactor.listenTCP(makeBinding("127.0.0.1", 0, reusePort=True), Factory()))
        number = first.getHost().port
        other = reactor.listenTCP(makeBinding("127.0.0.1", number, reusePort=True), Factory())
        await other.stopListening()
        endpoint = TCP4ClientEndpoint(Dialler(reactor), "127.0.0.1", number)
        mine, theirs = await within(reactor, self.meet(reactor, first, endpoint.connect))
        assert isinstance(theirs.transport, EagerServer)
        await self.part(first, mine, theirs)

    async def test_a_unix_socket(self, reactor: Any, tmp_path: Path) -> None:
        path = str(tmp_path / "door.sock")
        port = hasten(await serverFromString(reactor, f"unix:{path}").listen(Factory()))

        async def connect(factory: Any) -> None:
            reactor.connectUNIX(path, factory)

        mine, theirs = await within(reactor, self.meet(reactor, port, connect))
        assert isinstance(theirs.transport, EagerUnixServer)
        assert theirs.transport.getHost() == UNIXAddress(path)
        await self.part(port, mine, theirs)

    async def test_a_descriptor_goes_with_the_bytes_after_it(self, reactor: Any, tmp_path: Path) -> None:
        async def scenario(end: End) -> None:
            read, write = os.pipe()
            end.transport.sendFileDescriptor(read)
            end.transport.write(b"x")
            assert end.transport._tempDataBuffer == [b"x"]
            await end.until(lambda: not end.transport.dataBuffer and not end.transport._tempDataLen)
            data, received, _, _ = socket.recv_fds(end.peer, 10, 1)
            assert data == b"x"
            for each in (read, write, *received):
                os.close(each)
            assert len(received) == 1

        await within(reactor, joined(reactor, "eager", "unix", Recorder(), tmp_path, scenario))

    async def test_nobody_listens(self, reactor: Any) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            number = taken.getsockname()[1]
        with pytest.raises(ConnectionRefusedError):
            await TCP4ClientEndpoint(Dialler(reactor), "127.0.0.1", number).connect(Once(Recorder()))

    async def test_a_connect_is_given_up(self, reactor: Any) -> None:
        factory = Once(Recorder())
        with socket.create_server(("127.0.0.1", 0)) as silent:
            connector = Dialler(reactor).connectTCP("127.0.0.1", silent.getsockname()[1], factory)
            connector.stopConnecting()
            with pytest.raises(UserError):
                await factory.failed
            await deferLater(reactor, 0)

    async def test_connecting_takes_too_long(self, reactor: Any) -> None:
        with socket.socket() as full:
            full.bind(("127.0.0.1", 0))
            full.listen(0)
            waiting = [socket.socket() for _ in range(3)]
            for each in waiting:
                each.setblocking(False)
                each.connect_ex(full.getsockname())
            endpoint = TCP4ClientEndpoint(Dialler(reactor), "127.0.0.1", full.getsockname()[1], timeout=0.05)
            with pytest.raises(ConnectError):
                await endpoint.connect(Once(Recorder()))
            for each in waiting:
                each.close()


# Twisted 26.10 hands pyOpenSSL 26 its older kind of objects.
@pytest.mark.filterwarnings("ignore:Passing pyOpenSSL:DeprecationWarning")
class TestTls:
    """TLS through Twisted, over eager transports at both ends."""

    @pytest.fixture
    def certificates(self, tmp_path: Path) -> tuple[Any, Any, str, str]:
        authority = Authority(tmp_path, "ca")
        cert, key = authority.issue("otter", "localhost")
        trust = trustRootFromCertificates([Certificate.loadPEM(authority.pem)])
        shown = PrivateCertificate.loadPEM(Path(key).read_bytes() + Path(cert).read_bytes())
        return trust, shown, cert, key

    async def test_much_goes_both_ways_and_ends_in_order(self, reactor: Any, certificates: Any) -> None:
        trust, _, cert, key = certificates
        theirs, mine = Recorder(), Recorder()
        text = f"ssl:0:interface=127.0.0.1:privateKey={key}:certKey={cert}"
        port = hasten(await serverFromString(reactor, text).listen(Once(theirs)))
        theirs.on_data = theirs.echo
        plain = TCP4ClientEndpoint(Dialler(reactor), "127.0.0.1", port.getHost().port)
        options = optionsForClientTLS("localhost", trustRoot=trust)
        await within(reactor, self.connect(wrapClientTLS(options, plain), mine))
        assert isinstance(theirs.transport.transport, EagerServer)
        assert isinstance(mine.transport.transport, EagerClient)
        for at in range(0, len(BIG), 50_000):
            mine.transport.write(BIG[at : at + 50_000])
        await within(reactor, self.until(reactor, lambda: len(mine.data) == len(BIG)))
        assert mine.data == theirs.data == BIG
        theirs.transport.write(BIG)
        theirs.transport.loseConnection()
        await gatherResults([mine.ended, theirs.ended]).addTimeout(PATIENCE, reactor)
        assert mine.data == BIG + BIG
        assert mine.events == theirs.events == ["ConnectionDone"]
        await port.stopListening()

    async def test_tls_that_begins_midway(self, reactor: Any, certificates: Any) -> None:
        trust, shown, _, _ = certificates
        theirs, mine = Recorder(), Recorder()
        port = hasten(reactor.listenTCP(0, Once(theirs), interface="127.0.0.1"))

        def secure(data: bytes) -> None:
            theirs.on_data = theirs.echo
            theirs.transport.write(b"go on")
            theirs.transport.startTLS(shown.options())

        def follow(data: bytes) -> None:
            mine.on_data = lambda data: None
            mine.transport.startTLS(optionsForClientTLS("localhost", trustRoot=trust))
            mine.transport.write(BIG)

        theirs.on_data, mine.on_data = secure, follow
        mine.on_made = lambda transport: transport.write(b"begin")
        await self.connect(TCP4ClientEndpoint(Dialler(reactor), "127.0.0.1", port.getHost().port), mine)
        await within(reactor, self.until(reactor, lambda: len(mine.data) == len(BIG) + 5))
        assert mine.data == b"go on" + BIG
        mine.transport.write(b"and")
        mine.transport.writeSequence([b" so", b" on"])
        await within(reactor, self.until(reactor, lambda: mine.data.endswith(b"and so on")))
        mine.transport.loseConnection()
        await gatherResults([mine.ended, theirs.ended])
        assert mine.events == ["ConnectionDone"]
        await port.stopListening()

    async def connect(self, endpoint: Any, protocol: Recorder) -> None:
        await endpoint.connect(Once(protocol))

    async def until(self, reactor: Any, true: Any) -> None:
        while not true():
            await deferLater(reactor, 0)


async def test_thousands_come_and_go_and_leave_nothing(reactor: Any) -> None:
    def descriptors() -> int:
        return len(os.listdir("/proc/self/fd"))

    served: list[Recorder] = []

    class Front(Factory):
        noisy = False

        def buildProtocol(self, addr: Any) -> Any:
            protocol = Recorder()
            protocol.on_data = protocol.echo
            served.append(protocol)
            return protocol

    async def one(number: int) -> None:
        mine = Recorder()
        mine.on_made = lambda transport: transport.write(b"%d" % number)
        met: Deferred[None] = Deferred()
        mine.on_data = lambda data: met.callback(None)
        await TCP4ClientEndpoint(Dialler(reactor), "127.0.0.1", port.getHost().port).connect(Once(mine))
        await met
        assert mine.data == b"%d" % number
        ending = mine.transport.abortConnection if number % 3 == 0 else mine.transport.loseConnection
        ending()
        await mine.ended

    port = hasten(reactor.listenTCP(0, Front(), interface="127.0.0.1", backlog=WAVE))
    before, readers = descriptors(), len(reactor.getReaders())
    for wave in range(WAVES):
        await gatherResults([Deferred.fromCoroutine(one(wave * WAVE + each)) for each in range(WAVE)])
    await gatherResults([each.ended for each in served])
    assert len(served) == WAVES * WAVE
    assert all(len(each.events) == 1 for each in served)
    assert descriptors() == before
    assert len(reactor.getReaders()) == readers
    assert not reactor.getWriters()
    transports = [ref(each.transport) for each in served]
    served.clear()
    gc.collect()
    assert len([each for each in transports if each() is not None]) <= 1  # the loop may know its last
    await port.stopListening()
