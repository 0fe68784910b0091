"""TLS towards alphas: the files, and all ways to an alpha over it."""

from pathlib import Path

import grpc
import pytest
import pytest_twisted
from OpenSSL import SSL
from twisted.internet.defer import succeed
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.ssl import Certificate, CertificateOptions, KeyPair, trustRootFromCertificates
from twisted.internet.task import deferLater

from otterd.alphas import tls
from otterd.alphas.endpoint import AlphaEndpoint
from otterd.alphas.grpcio import GrpcioChannel, deferred_of
from otterd.alphas.h2 import H2Channel
from otterd.alphas.passthrough import PassThrough
from otterd.alphas.resolve import Resolver
from otterd.config.errors import ConfigError
from otterd.config.schema import Config
from otterd.core.operation import HttpCall, Rpc
from otterd.errors import AlphaFailure, NotReached
from tests.alphas.authority import Authority

# Twisted 26.10 hands pyOpenSSL 26 its older kind of objects.
pytestmark = pytest.mark.filterwarnings("ignore:Passing pyOpenSSL:DeprecationWarning")


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tls")
    ours, foreign = Authority(folder, "ours"), Authority(folder, "foreign")
    return {
        "ours": ours.path,
        "foreign": foreign.path,
        "good": ours.issue("good", "localhost", "127.0.0.1"),
        "misnamed": ours.issue("misnamed", "elsewhere.example", "10.9.8.7"),
        "client": ours.issue("client", "gateway"),
        "stranger": foreign.issue("stranger", "gateway"),
    }


def config(files, ca="ours", client=None, name=""):
    cert, key = files[client] if client else ("", "")
    return Config(
        dgraph_tls_ca=files.get(ca, ca), dgraph_tls_cert=cert, dgraph_tls_key=key, dgraph_tls_server_name=name
    )


def test_without_an_authority_there_is_no_tls(files):
    assert tls.load(Config()) is None


def test_the_system_is_an_authority(files):
    assert tls.load(config(files, ca="system")) is not None


def test_nothing_secret_is_shown(files):
    assert "PRIVATE" not in repr(tls.load(config(files, client="client")))


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"dgraph_tls_ca": "/none/ca.crt"}, "/none/ca.crt: dgraph_tls_ca: No such file or directory"),
        ({"dgraph_tls_ca": "KEY"}, "dgraph_tls_ca: holds no usable PEM certificate"),
        ({"dgraph_tls_ca": "JUNK"}, "dgraph_tls_ca: holds no usable PEM certificate"),
        ({"dgraph_tls_key": ""}, "dgraph_tls_cert: needs dgraph_tls_key, and the other way round"),
        ({"dgraph_tls_cert": ""}, "dgraph_tls_cert: needs dgraph_tls_key, and the other way round"),
        ({"dgraph_tls_ca": ""}, "dgraph_tls_cert: needs dgraph_tls_ca, without which there is no TLS"),
        ({"dgraph_tls_cert": "JUNK"}, "dgraph_tls_cert: holds no usable PEM certificate"),
        ({"dgraph_tls_key": "JUNK"}, "dgraph_tls_key: holds no usable PEM key"),
        ({"dgraph_tls_key": "OTHER"}, "dgraph_tls_key: holds no usable PEM key"),
    ],
)
def test_what_is_wrong_with_a_file_is_said_in_one_line(files, tmp_path, change, problem):
    junk = tmp_path / "junk.pem"
    junk.write_text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    names = {"JUNK": str(junk), "KEY": files["good"][1], "OTHER": files["stranger"][1]}
    fields = {
        "dgraph_tls_ca": files["ours"],
        "dgraph_tls_cert": files["client"][0],
        "dgraph_tls_key": files["client"][1],
    }
    fields.update({key: names.get(value, value) for key, value in change.items()})
    with pytest.raises(ConfigError) as caught:
        tls.load(Config(**fields))
    assert problem in str(caught.value)
    assert "\n" not in str(caught.value)


class Says(Protocol):
    """Answers whatever comes with an HTTP page."""

    def connectionMade(self):
        self.factory.transports.append(self.transport)

    def connectionLost(self, reason=None):
        self.factory.transports.remove(self.transport)

    def dataReceived(self, data):
        self.transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        self.transport.loseConnection()


def pages():
    factory = Factory.forProtocol(Says)
    factory.noisy, factory.transports = False, []
    return factory


@pytest_twisted.async_yield_fixture
async def serve(reactor, files):
    """Serve HTTP and gRPC over TLS with the named certificate; give both ports."""
    ports, servers, factories = [], [], []

    async def serve(cert, *, demand=False):
        crt, key = (Path(path).read_bytes() for path in files[cert])
        root = Path(files["ours"]).read_bytes()
        pair = KeyPair.load(key, SSL.FILETYPE_PEM)
        trust = trustRootFromCertificates([Certificate.loadPEM(root)]) if demand else None
        options = CertificateOptions(
            privateKey=pair.original, certificate=Certificate.loadPEM(crt).original, trustRoot=trust
        )
        factories.append(pages())
        ports.append(reactor.listenSSL(0, factories[-1], options, interface="127.0.0.1"))
        server = grpc.aio.server()

        async def answer(payload, context):
            return payload

        handler = grpc.unary_unary_rpc_method_handler(answer)
        server.add_generic_rpc_handlers(
            (grpc.method_handlers_generic_handler("api.Dgraph", {"Query": handler}),)
        )
        credentials = grpc.ssl_server_credentials(
            [(key, crt)], root if demand else None, require_client_auth=demand
        )
        port = server.add_secure_port("127.0.0.1:0", credentials)
        await deferred_of(server.start())
        servers.append(server)
        return ports[-1].getHost().port, port

    yield serve
    for factory in factories:
        for transport in list(factory.transports):
            transport.abortConnection()
    for port in ports:
        await port.stopListening()
    for server in servers:
        await deferred_of(server.stop(None))


async def ask(reactor, config, host, ports):
    """Ask over HTTP and with each gRPC engine; return what came of each."""
    secured = tls.load(config)
    resolver = Resolver(reactor, lambda name: succeed(["127.0.0.1"]))
    endpoint = AlphaEndpoint(reactor, resolver, f"{host}:{ports[0]}", secured, lambda: 5)
    http = PassThrough(f"{host}:{ports[0]}", endpoint, reactor, lambda: 5, lambda: 5)
    channels = [
        engine(f"{host}:{ports[1]}", resolver, reactor, secured, lambda: 5)
        for engine in (GrpcioChannel, H2Channel)
    ]
    calls = [channel.call(Rpc("Query", b"x"), 5) for channel in channels]
    results = []
    for sending in (http.send(HttpCall(b"GET", b"/", ()), 5), *calls):
        try:
            answer = await sending
        except AlphaFailure as failure:
            results.append(failure)
        else:
            results.append(answer.status)
            if answer.body != b"x":
                answer.body.stop()
    await http.close()
    for channel in channels:
        await channel.close()
    await deferLater(reactor, 0.01)
    return results


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
async def test_a_name_or_an_ip_address_is_checked_and_found(reactor, files, serve, host):
    ports = await serve("good")
    assert await ask(reactor, config(files), host, ports) == [200, 0, 0]


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
async def test_another_name_is_not_reached(reactor, files, serve, host):
    ports = await serve("misnamed")
    results = await ask(reactor, config(files), host, ports)
    assert [type(result) for result in results] == [NotReached, NotReached, NotReached]


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
async def test_the_configured_name_is_expected_instead(reactor, files, serve, host):
    ports = await serve("misnamed")
    assert await ask(reactor, config(files, name="elsewhere.example"), host, ports) == [200, 0, 0]
    ports = await serve("good")
    results = await ask(reactor, config(files, name="elsewhere.example"), host, ports)
    assert [type(result) for result in results] == [NotReached, NotReached, NotReached]


async def test_another_authority_is_not_believed(reactor, files, serve):
    ports = await serve("good")
    results = await ask(reactor, config(files, ca="foreign"), "localhost", ports)
    assert [type(result) for result in results] == [NotReached, NotReached, NotReached]


async def test_the_configured_certificate_is_shown(reactor, files, serve):
    ports = await serve("good", demand=True)
    assert await ask(reactor, config(files, client="client"), "localhost", ports) == [200, 0, 0]


@pytest.mark.parametrize("client", [None, "stranger"])
async def test_an_alpha_that_demands_another_certificate_fails_the_call(reactor, files, serve, client):
    ports = await serve("good", demand=True)
    results = await ask(reactor, config(files, client=client), "localhost", ports)
    assert all(isinstance(result, AlphaFailure) for result in results)


async def test_an_alpha_without_tls_is_not_reached(reactor, files):
    factory = pages()
    port = reactor.listenTCP(0, factory, interface="127.0.0.1")
    results = await ask(reactor, config(files), "localhost", (port.getHost().port,) * 2)
    assert [type(result) for result in results] == [NotReached, NotReached, NotReached]
    for transport in list(factory.transports):
        transport.abortConnection()
    await port.stopListening()
